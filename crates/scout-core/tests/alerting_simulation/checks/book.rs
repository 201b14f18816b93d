//! What is stored, and what changes: invariants 1, 4 and 8.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use scout_core::alerting::{
    AlertPhase, AlertState, Book, Changes, Ended, Fingerprint, Parked, Reason, Record, SOURCE_RESET, Told,
};

use super::{Checks, Invariant, StoredFiring};
use crate::plan::{Moment, RECEIVERS, Variant};

/// The most that one write may be of.
const RECORDS_PER_WRITE: usize = 64;

/// The most bytes that one of these alerts may take, with what three receivers are told.
const BYTES_PER_RECORD: usize = 4096;

/// Alerts as far as rules move them.
pub(crate) type Sketch = BTreeMap<Fingerprint, Line>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) rule: Arc<str>,
    pub(crate) phase: Option<AlertPhase>,
    pub(crate) generation: Option<u64>,
    pub(crate) ended: Option<Ended>,
    pub(crate) is_over: bool,
}

/// What a machine was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    /// Counts: rules may move.
    Counts,
    /// An error: nothing may move.
    Error,
    /// What another has stored: all may be different.
    Knowledge,
    /// Anything else: alerts that are over may go.
    Other,
}

pub(crate) fn sketch(book: &Book) -> Sketch {
    let line = |record: &Record| {
        let firing = record.alert.firing.as_ref();
        Line {
            rule: Arc::clone(&record.alert.rule.name),
            phase: record.alert.phase(),
            generation: firing.map(|firing| firing.generation),
            ended: firing.and_then(|firing| firing.ended).map(|(_, why)| why),
            is_over: firing.is_some_and(|firing| firing.over_since.is_some()),
        }
    };
    book.records().map(|(fingerprint, record)| (fingerprint, line(record))).collect()
}

impl Checks {
    /// A call of the machine has changed its book from `before` to `after`.
    pub(crate) fn called(&mut self, call: Call, before: &Sketch, after: &Sketch, at: Moment) {
        match call {
            Call::Counts | Call::Knowledge => {}
            Call::Error => self.must(before == after, Invariant::ErrorsChangeNothing, at, || {
                format!("an error changed {before:?} to {after:?}")
            }),
            Call::Other => {
                let is_gone_or_same = |fingerprint: &Fingerprint, line: &Line| {
                    after.get(fingerprint).map_or(line.phase == Some(AlertPhase::Resolved), |now| now == line)
                        || &*line.rule == SOURCE_RESET
                };
                let is_same = before.iter().all(|(fingerprint, line)| is_gone_or_same(fingerprint, line))
                    && after.keys().all(|fingerprint| before.contains_key(fingerprint));
                self.must(is_same, Invariant::ErrorsChangeNothing, at, || {
                    format!("without counts {before:?} became {after:?}")
                });
            }
        }
    }

    pub(crate) fn bounded(&mut self, book: &Book, variant: &Variant, variants: usize, at: Moment) {
        for rule in &variant.rules {
            let count = book.records().filter(|(_, record)| *record.alert.rule.name == *rule.name()).count();
            self.must(count <= rule.limit * variants, Invariant::Bounded, at, || {
                format!("{count} alerts of {}, which may have {}", rule.name(), rule.limit)
            });
        }
        let entries = book.records().map(|(_, record)| record.outbox.len().max(record.told.len())).max();
        self.must(entries <= Some(RECEIVERS.len()), Invariant::Bounded, at, || {
            format!("{entries:?} entries")
        });
    }

    /// Changes have been stored by a process with these settings.
    pub(crate) fn saved(&mut self, changes: &Changes, variant: &Variant, at: Moment) {
        let count = changes.put.len() + changes.remove.len();
        self.must(count <= RECORDS_PER_WRITE, Invariant::Bounded, at, || format!("a write of {count}"));
        for (fingerprint, text) in &changes.put {
            self.must(text.len() <= BYTES_PER_RECORD, Invariant::Bounded, at, || {
                format!("{} bytes for one alert", text.len())
            });
            let record: Record = serde_json::from_slice(text).expect("a record that can be read");
            self.put(*fingerprint, &record, variant, at);
            self.stored.insert(*fingerprint, record);
        }
        for fingerprint in &changes.remove {
            if let Some(record) = self.stored.remove(fingerprint) {
                self.removed(*fingerprint, &record, variant, at);
            }
        }
    }

    fn put(&mut self, fingerprint: Fingerprint, record: &Record, variant: &Variant, at: Moment) {
        for (receiver, told) in &record.told {
            let is_true = self.has_accepted(receiver, fingerprint, |key| {
                key.generation == told.generation && key.state == told.state && key.repeat == told.repeat
            });
            self.must(is_true, Invariant::EveryFiringIsTold, at, || {
                format!("stored that {receiver} was told of {fingerprint}: {told:?}, which it never accepted")
            });
        }
        let alert = &record.alert;
        let named = alert.rule.receivers.iter().filter(|name| variant.receivers.contains_key(*name));
        if let Some(firing) = &alert.firing {
            for receiver in named {
                if let Some(index) = RECEIVERS.iter().position(|name| **name == **receiver) {
                    let generation = firing.generation;
                    let stored = StoredFiring { fingerprint, generation, receiver: index };
                    self.firings.entry(stored).or_insert(at);
                }
                let is_kept = is_kept(record, receiver, firing.generation, firing.ended.is_some());
                self.must(is_kept, Invariant::EveryFiringIsTold, at, || {
                    format!("{receiver} is not owed what it should be of {fingerprint}: {record:?}")
                });
            }
        }
        let Some(before) = self.stored.get(&fingerprint).cloned() else { return };
        let generation = |record: &Record| record.alert.firing.as_ref().map(|firing| firing.generation);
        let (old, new) = (generation(&before), generation(record));
        // Where all had been told of it, the alert was gone before it held again.
        let is_forgotten = record.alert.firings <= before.alert.firings
            || before.told.keys().any(|receiver| !record.told.contains_key(receiver));
        let is_anew = new.is_none() && old.is_some() || old < new && is_forgotten;
        self.must(is_anew || old <= new, Invariant::EveryFiringIsTold, at, || {
            format!("{fingerprint} went back from {before:?} to {record:?}")
        });
        if is_anew {
            return self.removed(fingerprint, &before, variant, at);
        }
        for (receiver, told) in &before.told {
            let is_kept = record.told.get(receiver).is_some_and(|now| order(now) >= order(told));
            self.must(is_kept, Invariant::EveryFiringIsTold, at, || {
                format!("forgotten that {receiver} was told of {fingerprint}: {before:?} became {record:?}")
            });
        }
        self.entries_are_kept(fingerprint, &before, record, at);
    }

    fn entries_are_kept(&mut self, fingerprint: Fingerprint, before: &Record, after: &Record, at: Moment) {
        for (receiver, entry) in &before.outbox {
            let owed = entry.owed;
            let told = after.told.get(receiver);
            let is_told = told.is_some_and(|told| {
                (told.generation, told.state, told.repeat) >= (owed.generation, owed.state, owed.repeat)
            });
            let is_kept = match after.outbox.get(receiver) {
                Some(now) => {
                    let from = |owed: scout_core::alerting::Owed| owed.upto - owed.firings;
                    let reached = told.map_or(0, |told| told.firings).max(from(owed));
                    now.owed.upto >= owed.upto && (from(now.owed) <= reached || now.owed.firings == 1)
                }
                None => owed.reason == Reason::Repeated || entry.parked() == Some(Parked::ReceiverRemoved),
            };
            self.must(is_told || is_kept, Invariant::EveryFiringIsTold, at, || {
                format!("{receiver} is not owed {owed:?} of {fingerprint} any more: {after:?}")
            });
        }
    }

    fn removed(&mut self, fingerprint: Fingerprint, before: &Record, variant: &Variant, at: Moment) {
        let owed: BTreeSet<(Arc<str>, u64, AlertState)> = before
            .outbox
            .iter()
            .filter(|(_, entry)| entry.owed.reason != Reason::Repeated)
            .filter(|(_, entry)| entry.parked() != Some(Parked::ReceiverRemoved))
            .map(|(name, entry)| (Arc::clone(name), entry.owed.generation, entry.owed.state))
            .chain(
                before
                    .told
                    .iter()
                    .filter(|(name, told)| {
                        told.state == AlertState::Firing && variant.receivers.contains_key(*name)
                    })
                    .map(|(name, told)| (Arc::clone(name), told.generation, AlertState::Resolved)),
            )
            .collect();
        for (receiver, generation, state) in owed {
            let is_told = self.has_accepted(&receiver, fingerprint, |key| {
                key.generation >= generation && (key.state >= state || key.generation > generation)
            });
            self.must(is_told, Invariant::EveryFiringIsTold, at, || {
                format!(
                    "{fingerprint} is gone, and {receiver} was not told {state} of {generation}: {before:?}"
                )
            });
        }
    }

    /// All faults are over, and have been for long.
    pub(crate) fn ended_well(&mut self, variant: &Variant, at: Moment) {
        const QUIET: Moment = 480_000;
        let flushed = self.flushed;
        let untold = self.firings.iter().find(|(firing, stored)| {
            let receiver: Arc<str> = RECEIVERS[firing.receiver].into();
            variant.receivers.contains_key(&receiver)
                && **stored + QUIET < at
                && flushed.is_none_or(|flushed| flushed < **stored)
                && !self
                    .has_accepted(&receiver, firing.fingerprint, |key| key.generation >= firing.generation)
        });
        let untold = untold.map(|(firing, stored)| (*firing, *stored));
        self.must(untold.is_none(), Invariant::EveryFiringIsTold, at, || format!("never told: {untold:?}"));
    }
}

/// Whether a receiver has been told, or is owed, all that it should know.
fn is_kept(record: &Record, receiver: &Arc<str>, generation: u64, has_ended: bool) -> bool {
    let told = record.told.get(receiver);
    let told_of_this = told.filter(|told| told.generation == generation);
    let is_owed = |state: AlertState| {
        record.outbox.get(receiver).is_some_and(|entry| {
            let owed = &entry.owed;
            let reached = told.map_or(0, |told| told.firings);
            owed.generation == generation
                && owed.state == state
                && owed.upto == record.alert.firings
                && owed.upto.saturating_sub(owed.firings) <= reached
        })
    };
    match (told_of_this.map(|told| told.state), has_ended) {
        (None, false) => is_owed(AlertState::Firing),
        (Some(AlertState::Firing), false) | (Some(AlertState::Resolved), true) => true,
        (Some(AlertState::Firing) | None, true) => is_owed(AlertState::Resolved),
        (Some(AlertState::Resolved), false) => false,
    }
}

fn order(told: &Told) -> (u64, AlertState, u64) {
    (told.generation, told.state, told.repeat)
}
