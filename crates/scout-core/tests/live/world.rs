//! A store as far as the feeds show it, and the live ledger that counts it.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use scout_core::{
    Announced, FeedMark, FindingKind, Label, LiveConfig, LiveLedger, Moment, Offset, Row, ScanCount,
    ScanSink, Verdict, WallTime,
};

pub(crate) const NOW: WallTime = WallTime::from_unix_ms(1_775_030_400_000);
pub(crate) const FEED: &str = "messages";

pub(crate) fn config() -> LiveConfig {
    LiveConfig::new(Duration::from_secs(48 * 3600), 64 << 20).expect("a budget")
}

/// A document: a message of a system, or a foreign one.
pub(crate) type Document = Option<u8>;

/// A store, as far as the feeds show it.
#[derive(Clone, Debug, Default)]
pub(crate) struct World {
    pub(crate) documents: BTreeMap<u32, Document>,
    /// In order of insertion, as a scan gives them.
    pub(crate) order: Vec<u32>,
    /// Offset, key and time of each entry that is left.
    pub(crate) stream: VecDeque<(u64, u32, WallTime)>,
    /// Key and time of each entry that there ever was.
    pub(crate) arrived: Vec<(u32, WallTime)>,
    /// The offset of the last one that is gone.
    pub(crate) gone: u64,
    pub(crate) restarts: u64,
    pub(crate) announced: u64,
    pub(crate) writes: u64,
    pub(crate) passed_ms: u64,
    pub(crate) keep: usize,
}

impl World {
    pub(crate) fn new(keep: usize) -> Self {
        Self { keep, ..Self::default() }
    }

    pub(crate) fn at(&self) -> WallTime {
        NOW.plus(Duration::from_millis(self.passed_ms))
    }

    pub(crate) fn set(&mut self, document: Document) -> u32 {
        let key = u32::try_from(self.writes).expect("few writes");
        self.writes += 1;
        self.documents.insert(key, document);
        self.order.push(key);
        key
    }

    pub(crate) fn announce(&mut self, key: u32) {
        self.announced += 1;
        self.stream.push_back((self.announced, key, self.at()));
        self.arrived.push((key, self.at()));
        self.trim(self.keep);
    }

    pub(crate) fn trim(&mut self, keep: usize) {
        while self.stream.len() > keep {
            self.gone = self.stream.pop_front().map_or(0, |(offset, ..)| offset);
        }
    }

    pub(crate) fn moment(&self) -> Moment {
        let mut moment = Moment::new(self.at());
        moment.documents = self.documents.len() as u64;
        moment.writes = self.writes;
        let last = Offset::from_bits(u128::from(self.announced));
        let mut mark = FeedMark::new(last, self.announced);
        if self.gone > 0 {
            mark.lost_before = Some(self.stream.front().map_or(self.at(), |(.., at)| *at));
        }
        moment.feeds.insert(FEED.into(), mark);
        moment.server = self.restarts.to_string().into();
        moment
    }
}

/// A scan that has begun: what it will find.
pub(crate) struct Scan {
    pub(crate) count: ScanCount,
    pub(crate) rows: Vec<(u32, Document)>,
}

impl Scan {
    pub(crate) fn counted(self) -> ScanCount {
        let Self { mut count, rows } = self;
        for (key, document) in rows {
            let name = system(document.unwrap_or_default());
            count.row(&key.to_string(), &row(document, &name));
        }
        count
    }
}

/// The live ledger beside the world that it counts.
pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) live: LiveLedger,
    pub(crate) scan: Option<Scan>,
}

pub(crate) fn system(number: u8) -> String {
    format!("s{number}")
}

pub(crate) fn row(document: Document, name: &str) -> Row<'_> {
    document.map_or_else(Row::default, |_| Row {
        severity: Some("info"),
        system: Some(name),
        ..Row::default()
    })
}

impl Scene {
    pub(crate) fn new(keep: usize) -> Self {
        Self { world: World::new(keep), live: LiveLedger::new(config()), scan: None }
    }

    pub(crate) fn begin_scan(&mut self) {
        let joined = self.world.moment();
        let mut count = ScanCount::new(config().ledger());
        count.begin(&joined);
        self.live.join(&joined);
        let present = |key: &u32| Some((*key, *self.world.documents.get(key)?));
        self.scan = Some(Scan { count, rows: self.world.order.iter().filter_map(present).collect() });
    }

    pub(crate) fn end_scan(&mut self) {
        if let Some(scan) = self.scan.take() {
            self.live.complete(scan.counted());
        }
    }

    /// Only the documents that were written last have been looked for.
    pub(crate) fn end_recent(&mut self) {
        if let Some(mut scan) = self.scan.take() {
            scan.rows = scan.rows.split_off(scan.rows.len() / 2);
            self.live.complete_recent(scan.counted(), self.world.at());
        }
    }

    pub(crate) fn read(&mut self, most: usize) {
        let from = self.live.position().of(FEED).bits();
        let entries: Vec<(u64, u32, WallTime)> = self
            .world
            .stream
            .iter()
            .filter(|(offset, ..)| u128::from(*offset) > from)
            .take(most)
            .copied()
            .collect();
        for (offset, key, arrived) in &entries {
            let document = self.world.documents.get(key).copied();
            let name = system(document.flatten().unwrap_or_default());
            let row = document.map(|document| row(document, &name));
            let at = (FEED, Offset::from_bits(u128::from(*offset)));
            self.live.announce(&Announced::new(at, *arrived, &key.to_string(), row));
        }
        if entries.len() < most {
            self.live.caught_up();
        }
    }

    /// What is there, by system, and documents that are no messages.
    pub(crate) fn truth(&self) -> (BTreeMap<String, u64>, u64) {
        let mut messages = BTreeMap::new();
        let mut foreign = 0;
        for document in self.world.documents.values() {
            match document {
                Some(number) => *messages.entry(system(*number)).or_insert(0) += 1,
                None => foreign += 1,
            }
        }
        (messages, foreign)
    }

    pub(crate) fn counted(&self) -> (BTreeMap<String, u64>, u64) {
        let mut messages = BTreeMap::new();
        for (system, _, count) in self.live.ledger().total().cells() {
            if let Label::Named(system) = system {
                *messages.entry(system.to_string()).or_insert(0) += count;
            }
        }
        let findings = self.live.findings();
        let foreign = findings.iter().find(|finding| finding.kind == FindingKind::ForeignDocuments);
        (messages, foreign.map_or(0, |finding| finding.count))
    }

    /// What a look at the store, and reading all that is announced, say of the count.
    pub(crate) fn check(&mut self) -> Verdict {
        if let Some(replaced) = self.live.ask(self.world.moment()) {
            return Verdict::Replaced(replaced);
        }
        self.read(usize::MAX);
        self.live.verdict().expect("an answer once everything has been read")
    }
}

/// A scene with so many messages counted.
pub(crate) fn counted(messages: u8) -> Scene {
    let mut scene = Scene::new(usize::MAX);
    for number in 0..messages {
        let key = scene.world.set(Some(number % 4));
        scene.world.announce(key);
    }
    scene.begin_scan();
    scene.end_scan();
    scene
}
