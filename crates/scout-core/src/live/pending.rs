//! A scan under way, and what was announced since its join: both become the base and the delta when it has ended.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::keys::KeyHash;
use crate::{Announced, Facts, Ledger, LedgerConfig, Moment, Severity, WallTime};

/// How long after a join an entry may still announce a document that the scan has found.
const LATE_ANNOUNCEMENT: Duration = Duration::from_secs(10);

/// How many entries of that time are compared with the scan; as many as keys are remembered of it.
const COMPARED: usize = 10_000;

/// How much text of theirs is held back; what is beyond is counted at once, and not compared.
const COMPARED_BYTES: usize = 4 << 20;

/// Entries and documents of one feed after a join.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Since {
    pub(super) entries: u64,
    pub(super) documents: u64,
}

pub(super) type SinceByFeed = BTreeMap<Arc<str>, Since>;

/// A scan under way, and what was announced after its join.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) joined: Moment,
    pub(super) delta: Ledger,
    pub(super) foreign: u64,
    pub(super) since: SinceByFeed,
    /// Held back until it is known which of them the scan has found too.
    pub(super) early: Vec<Early>,
    early_bytes: usize,
}

/// An entry that may announce what the scan has found.
#[derive(Debug)]
pub(super) struct Early {
    pub(super) key: KeyHash,
    pub(super) feed: Arc<str>,
    /// `None` for a document that is no message.
    pub(super) facts: Option<OwnedFacts>,
}

impl Early {
    fn of(entry: &Announced<'_>, facts: Option<&Facts<'_>>) -> Self {
        Self { key: KeyHash::of(entry.key), feed: entry.feed.into(), facts: facts.map(OwnedFacts::of) }
    }

    fn bytes(&self) -> usize {
        let texts = self.facts.as_ref().map_or(0, |facts| {
            facts.severity.as_str().len() + facts.system.as_ref().map_or(0, |system| system.len())
        });
        size_of::<Self>() + texts
    }
}

#[derive(Debug)]
pub(super) struct OwnedFacts {
    severity: Severity<'static>,
    system: Option<Box<str>>,
    event_time: Option<WallTime>,
}

impl OwnedFacts {
    fn of(facts: &Facts<'_>) -> Self {
        Self {
            severity: facts.severity.clone().into_owned(),
            system: facts.system.map(Into::into),
            event_time: facts.event_time,
        }
    }

    pub(super) fn facts(&self) -> Facts<'_> {
        Facts { severity: self.severity.clone(), system: self.system.as_deref(), event_time: self.event_time }
    }
}

impl Pending {
    pub(super) fn new(joined: &Moment, config: LedgerConfig) -> Self {
        Self {
            joined: joined.clone(),
            delta: Ledger::new(config, joined.at),
            foreign: 0,
            since: SinceByFeed::new(),
            early: Vec::new(),
            early_bytes: 0,
        }
    }

    /// An entry that came after the join.
    pub(super) fn announce(&mut self, entry: &Announced<'_>, facts: Option<&Option<Facts<'_>>>) {
        let read = since(&mut self.since, entry.feed);
        read.entries += 1;
        let Some(facts) = facts else { return };
        if entry.arrived <= self.joined.at.plus(LATE_ANNOUNCEMENT)
            && self.early.len() < COMPARED
            && let early = Early::of(entry, facts.as_ref())
            && self.early_bytes + early.bytes() <= COMPARED_BYTES
        {
            self.early_bytes += early.bytes();
            self.early.push(early);
            return;
        }
        read.documents += 1;
        match facts {
            Some(facts) => self.delta.record(facts),
            None => self.foreign += 1,
        }
    }
}

/// What is counted of a feed, to be added to.
pub(super) fn since<'a>(feeds: &'a mut SinceByFeed, feed: &str) -> &'a mut Since {
    if !feeds.contains_key(feed) {
        feeds.insert(feed.into(), Since::default());
    }
    feeds.entry(feed.into()).or_default()
}
