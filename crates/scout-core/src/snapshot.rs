//! The immutable result of a cycle: one count, from which every view is made.

use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::HashMap;

use crate::ledger::{Label, Ledger};
use crate::names::NameId;
use crate::{Arrivals, Severity, WallTime};

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
    /// Messages by alerting severity ([`Severity::ALERTS`]), zero included.
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
}

impl Snapshot {
    /// Sums a ledger up.
    pub fn new(ledger: &Ledger, generation: u64, taken_at: WallTime, difference: i64) -> Self {
        let mut snapshot = Self {
            generation,
            taken_at,
            total: 0,
            severities: BTreeMap::new(),
            folded_severities: 0,
            systems_total: 0,
            systems: Vec::new(),
            without_system: 0,
            folded_systems: 0,
            alerts: Severity::ALERTS.into_iter().map(|severity| (severity, 0)).collect(),
            alerting_systems: Vec::new(),
            folded_alerts: 0,
            undated: ledger.undated(),
            ahead: ledger.ahead(),
            older: ledger.older(),
            difference,
            ledger: ledger.clone(),
            arrivals: None,
        };
        let tally = ledger.total();
        let mut by_system: HashMap<NameId, SystemSums> = HashMap::new();
        for (key, count) in tally.keys() {
            snapshot.total += count;
            let alerting = snapshot.add_severity(&tally.severity(key.severity()), count);
            let sums = by_system.entry(key.system()).or_default();
            sums.all += count;
            sums.alerting += if alerting { count } else { 0 };
        }
        let mut named = Vec::with_capacity(by_system.len());
        for (id, sums) in by_system {
            match tally.system(id) {
                Label::Named(system) => named.push((system, sums)),
                Label::Missing => snapshot.without_system += sums.all,
                Label::Folded => {
                    snapshot.folded_systems += sums.all;
                    snapshot.folded_alerts += sums.alerting;
                }
            }
        }
        snapshot.systems_total = tally.named_systems();
        snapshot.systems = top(&named, |sums| sums.all, LISTED_SYSTEMS);
        snapshot.alerting_systems = top(&named, |sums| sums.alerting, LISTED_ALERTING);
        snapshot
    }

    /// The same, with what arrived in the last hour.
    pub fn with_arrivals(mut self, arrivals: &Arrivals) -> Self {
        self.arrivals = Some(arrivals.clone());
        self
    }

    /// Messages of any alerting severity.
    pub fn total_alerts(&self) -> u64 {
        self.alerts.values().sum()
    }

    /// Adds to the counts by severity; true if it is an alerting one.
    fn add_severity(&mut self, severity: &Label, count: u64) -> bool {
        let Label::Named(name) = severity else {
            self.folded_severities += count;
            return false;
        };
        *self.severities.entry(Arc::clone(name)).or_insert(0) += count;
        match self.alerts.get_mut(&**name) {
            Some(alerts) => {
                *alerts += count;
                true
            }
            None => false,
        }
    }
}

#[derive(Default)]
struct SystemSums {
    all: u64,
    alerting: u64,
}

/// The largest counts, without sorting the rest: there may be hundreds of thousands.
fn top(systems: &[(Arc<str>, SystemSums)], count: fn(&SystemSums) -> u64, limit: usize) -> Vec<SystemCount> {
    let mut ranked: Vec<(u64, &Arc<str>)> =
        systems.iter().map(|(system, sums)| (count(sums), system)).filter(|(count, _)| *count > 0).collect();
    let by_count_then_name =
        |a: &(u64, &Arc<str>), b: &(u64, &Arc<str>)| b.0.cmp(&a.0).then_with(|| a.1.cmp(b.1));
    if ranked.len() > limit {
        ranked.select_nth_unstable_by(limit, by_count_then_name);
        ranked.truncate(limit);
    }
    ranked.sort_unstable_by(by_count_then_name);
    ranked.into_iter().map(|(count, system)| SystemCount { system: Arc::clone(system), count }).collect()
}
