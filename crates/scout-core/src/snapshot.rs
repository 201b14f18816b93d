//! The immutable result of a cycle: one count, from which every view is made.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::sums::{Limits, Sums};
use crate::{Arrivals, Ledger, WallTime};

/// Systems listed in a snapshot, as in the Go service's answers.
pub const LISTED_SYSTEMS: usize = 20;
/// Alerting systems listed in a snapshot, as in the Go service's answers.
pub const LISTED_ALERTING: usize = 10;

/// A system and its number of messages.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct SystemCount {
    /// The system, exactly as its producers write it.
    pub system: Arc<str>,
    /// Messages.
    pub count: u64,
}

/// What one cycle found. All parts come from the same count, so their sums agree.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Snapshot {
    /// Grows by one with each snapshot of a process.
    pub generation: u64,
    /// The moment that the counts hold for, on the store's clock.
    pub taken_at: WallTime,
    /// All messages.
    pub total: u64,
    /// Messages by folded severity.
    pub severities: BTreeMap<Arc<str>, u64>,
    /// Messages whose severity is beyond the bound on distinct ones.
    pub folded_severities: u64,
    /// Distinct systems that have a name in the ledger.
    pub systems_total: usize,
    /// The systems with the most messages, at most [`LISTED_SYSTEMS`], by falling count and then by name.
    pub systems: Vec<SystemCount>,
    /// Messages without a system.
    pub without_system: u64,
    /// Messages of systems beyond the ledger's budget.
    pub folded_systems: u64,
    /// Messages by alerting severity ([`Severity::ALERTS`](crate::Severity::ALERTS)), zero included.
    pub alerts: BTreeMap<&'static str, u64>,
    /// The systems with the most alerting messages, at most [`LISTED_ALERTING`], ordered as `systems`.
    pub alerting_systems: Vec<SystemCount>,
    /// Of [`Self::total_alerts`], those of systems beyond the ledger's budget.
    pub folded_alerts: u64,
    /// Messages without a usable event time.
    pub undated: u64,
    /// Messages from the future.
    pub ahead: u64,
    /// Messages from before the retention time.
    pub older: u64,
    /// Rows found less documents that the store says it has; zero where they agree.
    pub difference: i64,
    /// The count itself, from which windows are summed up.
    pub ledger: Ledger,
    /// What arrived in the last hour; `None` where that was not kept.
    pub arrivals: Option<Arrivals>,
    /// From when on events have been counted; `None` if all have.
    pub counted_from: Option<WallTime>,
    /// Whether more had arrived than was taken in: some of what happened after [`Self::taken_at`] may be counted, and
    /// some not.
    pub is_behind: bool,
}

impl Snapshot {
    /// Sums a ledger up.
    pub fn new(ledger: &Ledger, generation: u64, taken_at: WallTime, difference: i64) -> Self {
        let tally = ledger.total();
        let sums = Sums::of(&tally, Limits::default());
        Self {
            generation,
            taken_at,
            total: sums.total,
            severities: sums.severities,
            folded_severities: sums.folded_severities,
            systems_total: tally.named_systems(),
            systems: sums.systems,
            without_system: sums.without_system,
            folded_systems: sums.folded_systems,
            alerts: sums.alerts,
            alerting_systems: sums.alerting_systems,
            folded_alerts: sums.folded_alerts,
            undated: ledger.undated(),
            ahead: ledger.ahead(),
            older: ledger.older(),
            difference,
            ledger: ledger.clone(),
            arrivals: None,
            counted_from: None,
            is_behind: false,
        }
    }

    /// The same, with what arrived in the last hour.
    pub fn with_arrivals(mut self, arrivals: &Arrivals) -> Self {
        self.arrivals = Some(arrivals.clone());
        self
    }

    /// The same, where only events at `from` or later have been counted: its totals mean nothing, its windows since then do.
    pub fn with_events_from(mut self, from: WallTime) -> Self {
        self.counted_from = Some(from);
        self
    }

    /// Messages of any alerting severity.
    pub fn total_alerts(&self) -> u64 {
        self.alerts.values().sum()
    }

    /// Whether messages of that system are counted under its name.
    pub fn counts_system(&self, system: &str) -> bool {
        let arrivals = self.arrivals.as_ref().map(Arrivals::ledger);
        [Some(&self.ledger), arrivals]
            .into_iter()
            .flatten()
            .any(|ledger| ledger.find_system(system).is_some())
    }
}
