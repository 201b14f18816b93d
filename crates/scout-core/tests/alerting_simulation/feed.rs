//! The messages of a world: as the machine is given their counts, and as they really were.

use std::sync::Arc;
use std::time::Duration;

use scout_core::{
    Announced, FeedMark, LiveConfig, LiveLedger, Moment as StoreMoment, Offset, Row, ScanCount, ScanSink,
    Snapshot, WallTime,
};

use super::plan::{Moment, SEVERITIES, SYSTEMS};

const FEED: &str = "messages";

/// Messages that arrived together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Burst {
    pub(crate) at: Moment,
    pub(crate) system: usize,
    pub(crate) severity: usize,
    pub(crate) count: u64,
    /// Whether nobody could read them.
    pub(crate) is_lost: bool,
}

pub(crate) struct Feed {
    live: LiveLedger,
    announced: u64,
    documents: u64,
    pub(crate) bursts: Vec<Burst>,
    generation: u64,
    /// The snapshot of the moment, until there are others.
    fresh: Option<(WallTime, Arc<Snapshot>)>,
}

fn config() -> LiveConfig {
    LiveConfig::new(Duration::from_secs(48 * 3600), 64 << 20).expect("a budget")
}

impl Feed {
    pub(crate) fn new(wall: WallTime) -> Self {
        let mut feed = Self {
            live: LiveLedger::new(config()),
            announced: 0,
            documents: 0,
            bursts: Vec::new(),
            generation: 0,
            fresh: None,
        };
        feed.scan(wall);
        feed.look(wall);
        feed
    }

    fn moment(&self, wall: WallTime) -> StoreMoment {
        let mut moment = StoreMoment::new(wall);
        moment.documents = self.documents;
        moment.writes = self.documents;
        moment.feeds.insert(
            FEED.into(),
            FeedMark::new(Offset::from_bits(u128::from(self.announced)), self.announced),
        );
        moment
    }

    /// What the service does at start, and where the clock was set back.
    pub(crate) fn scan(&mut self, wall: WallTime) {
        let moment = self.moment(wall);
        let mut count = ScanCount::new(config().ledger());
        count.begin(&moment);
        self.live.join(&moment);
        let mut key = 0_u64;
        for burst in &self.bursts {
            for _ in 0..burst.count {
                key += 1;
                count.row(&key.to_string(), &row(burst, None));
            }
        }
        self.live.complete(count);
        self.fresh = None;
    }

    /// What the service does every few seconds.
    pub(crate) fn look(&mut self, wall: WallTime) {
        self.live.ask(self.moment(wall));
        self.live.caught_up();
        self.live.verdict();
        self.fresh = None;
    }

    pub(crate) fn arrive(&mut self, burst: Burst, wall: WallTime) {
        self.fresh = None;
        self.bursts.push(burst);
        let time = wall.to_string();
        for _ in 0..burst.count {
            self.announced += 1;
            self.documents += 1;
            if !burst.is_lost {
                let at = (FEED, Offset::from_bits(u128::from(self.announced)));
                let key = self.documents.to_string();
                self.live.announce(&Announced::new(at, wall, &key, Some(row(&burst, Some(&time)))));
            }
        }
        if burst.is_lost {
            self.look(wall);
        }
    }

    /// The counts of now.
    pub(crate) fn snapshot(&mut self, wall: WallTime) -> Arc<Snapshot> {
        if let Some((_, fresh)) = self.fresh.as_ref().filter(|(at, _)| *at == wall) {
            return Arc::clone(fresh);
        }
        self.live.advance(wall);
        self.generation += 1;
        let snapshot =
            Snapshot::new(self.live.ledger(), self.generation, wall, 0).with_arrivals(self.live.arrivals());
        let snapshot = Arc::new(snapshot);
        self.fresh = Some((wall, Arc::clone(&snapshot)));
        snapshot
    }

    /// What the service takes an error for that takes it for nothing.
    pub(crate) fn blank(wall: WallTime) -> Arc<Snapshot> {
        Self::new(wall).snapshot(wall)
    }
}

fn row<'a>(burst: &Burst, timestamp: Option<&'a str>) -> Row<'a> {
    Row {
        severity: Some(SEVERITIES[burst.severity]),
        system: Some(SYSTEMS[burst.system]),
        timestamp,
        ..Row::default()
    }
}
