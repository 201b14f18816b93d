//! The invariants, and what a world has to remember to check them.

mod book;
mod delivery;
mod truth;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use scout_core::alerting::{AlertState, DeliveryKey, Fingerprint, Labels, Record};

use super::plan::Moment;
pub(crate) use book::{Call, Sketch, sketch};
pub(crate) use truth::Scene;

/// What must hold in every world, by its number in the design.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Invariant {
    /// 1: every firing is told, or kept to be told.
    EveryFiringIsTold,
    /// 2: no end without a beginning.
    NoEndWithoutBeginning,
    /// 3: nothing is told twice, unless something got lost between telling and writing down.
    ToldOnce,
    /// 4: an error changes nothing.
    ErrorsChangeNothing,
    /// 5: nothing is judged on what is not whole.
    WholeOrNotJudged,
    /// 8: whatever comes, there is a bound.
    Bounded,
    /// 10: a clock that is set changes nothing.
    ClocksChangeNothing,
    /// When all faults are over, all is told, and what is new is told at once.
    GoesOn,
}

/// How long a process may go on believing in a lease that a clock has ended.
const LEASE: Moment = 10_000;

/// How a world failed.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) invariant: Invariant,
    pub(crate) at: Moment,
    pub(crate) text: String,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{:?} at {} ms: {}", self.invariant, self.at, self.text)
    }
}

/// One process, from its start to its end.
pub(crate) type ProcessId = u64;

/// A delivery that a receiver has accepted.
#[derive(Clone, Copy, Debug)]
struct Accepted {
    /// When it was begun to be told.
    sent: Moment,
    key: DeliveryKey,
}

/// What is known of one thing that one receiver is told.
#[derive(Clone, Debug, Default)]
struct Telling {
    sent: Vec<Moment>,
    accepted: bool,
    /// An answer was lost after it had been accepted.
    is_answer_lost: bool,
    in_flight: BTreeSet<ProcessId>,
    /// Since when it has been stored that it was accepted.
    stored_at: Option<Moment>,
}

/// A firing that has been stored, and who is to be told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct StoredFiring {
    fingerprint: Fingerprint,
    generation: u64,
    receiver: usize,
}

#[derive(Debug, Default)]
pub(crate) struct Checks {
    only: Option<Invariant>,
    failure: Option<Failure>,
    accepted: BTreeMap<(Arc<str>, Fingerprint), Vec<Accepted>>,
    tellings: BTreeMap<(Arc<str>, DeliveryKey), Telling>,
    /// What the store holds.
    stored: BTreeMap<Fingerprint, Record>,
    firings: BTreeMap<StoredFiring, Moment>,
    /// The last moment at which something was wrong that may make a delivery come twice.
    trouble: Moment,
    flushed: Option<Moment>,
    stepped: Option<Moment>,
    /// When an alert was last seen not to wait, and when it was last seen to hold.
    not_pending: BTreeMap<Fingerprint, Moment>,
    holding: BTreeMap<Fingerprint, Moment>,
    /// Who judged last, and who has seen what is not stored yet.
    judge: ProcessId,
    have_unstored: BTreeSet<ProcessId>,
    /// Deliveries that were accepted, and firings that were stored: a world without any shows nothing.
    pub(crate) deliveries: u64,
    pub(crate) duplicates: u64,
}

impl Checks {
    /// Checks one invariant alone, or all.
    pub(crate) fn new(only: Option<Invariant>) -> Self {
        Self { only, ..Self::default() }
    }

    pub(crate) fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    pub(crate) fn firings(&self) -> usize {
        self.firings.len()
    }

    fn fail(&mut self, invariant: Invariant, at: Moment, text: impl FnOnce() -> String) {
        if self.failure.is_none() && self.only.is_none_or(|only| only == invariant) {
            self.failure = Some(Failure { invariant, at, text: text() });
        }
    }

    pub(crate) fn must(
        &mut self,
        holds: bool,
        invariant: Invariant,
        at: Moment,
        text: impl FnOnce() -> String,
    ) {
        if !holds {
            self.fail(invariant, at, text);
        }
    }

    /// Something is wrong until then.
    pub(crate) fn trouble_until(&mut self, at: Moment) {
        self.trouble = self.trouble.max(at);
    }

    pub(crate) fn flushed(&mut self, at: Moment) {
        self.flushed = Some(at);
        self.stored.clear();
        self.forget_waits();
        self.trouble_until(at);
        for telling in self.tellings.values_mut() {
            telling.stored_at = None;
        }
    }

    /// Whether all that a process in charge knows is stored.
    pub(crate) fn is_stored(&mut self, process: ProcessId, is_stored: bool) {
        if is_stored {
            self.have_unstored.remove(&process);
        } else {
            self.have_unstored.insert(process);
        }
    }

    /// What was seen to last is not known any more.
    fn forget_waits(&mut self) {
        self.not_pending.clear();
        self.holding.clear();
    }

    pub(crate) fn stepped(&mut self, at: Moment) {
        self.stepped = Some(at);
        // Leases end by the store's clock, and their holders do not know for as long as one lasts.
        self.trouble_until(at + LEASE);
    }

    /// Whether a receiver has been told that the canary sang, and that it ceased to.
    pub(crate) fn canary(&self, receiver: &str) -> (bool, bool) {
        let labels = Labels::from([("alertname".to_owned(), "canary".to_owned())]);
        let fingerprint = Fingerprint::of(&labels);
        let receiver = receiver.into();
        let told = |state| self.has_accepted(&receiver, fingerprint, |key| key.state == state);
        (told(AlertState::Firing), told(AlertState::Resolved))
    }

    fn has_accepted(
        &self,
        receiver: &Arc<str>,
        fingerprint: Fingerprint,
        is: impl Fn(&DeliveryKey) -> bool,
    ) -> bool {
        let log = self.accepted.get(&(Arc::clone(receiver), fingerprint));
        log.is_some_and(|log| log.iter().any(|accepted| is(&accepted.key)))
    }
}
