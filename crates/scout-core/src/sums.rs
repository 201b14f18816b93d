//! Counts by severity and by system. All parts are summed up from the same cells, so they agree.

use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::HashMap;

use crate::ledger::{Label, Tally};
use crate::names::NameId;
use crate::snapshot::{LISTED_ALERTING, LISTED_SYSTEMS};
use crate::{Severity, SystemCount};

/// How many systems are listed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) systems: usize,
    pub(crate) alerting: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { systems: LISTED_SYSTEMS, alerting: LISTED_ALERTING }
    }
}

/// What the cells of a tally add up to.
#[derive(Clone, Debug)]
pub(crate) struct Sums {
    pub(crate) total: u64,
    pub(crate) severities: BTreeMap<Arc<str>, u64>,
    pub(crate) folded_severities: u64,
    /// Distinct systems with a name, listed or not.
    pub(crate) systems_total: usize,
    pub(crate) systems: Vec<SystemCount>,
    pub(crate) without_system: u64,
    pub(crate) folded_systems: u64,
    pub(crate) alerts: BTreeMap<&'static str, u64>,
    pub(crate) alerting_systems: Vec<SystemCount>,
    pub(crate) folded_alerts: u64,
}

#[derive(Default)]
struct SystemSums {
    all: u64,
    alerting: u64,
}

impl Sums {
    pub(crate) fn of(tally: &Tally<'_>, limits: Limits) -> Self {
        let mut sums = Self {
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
        };
        let mut by_system: HashMap<NameId, SystemSums> = HashMap::new();
        for (key, count) in tally.keys() {
            sums.total += count;
            let alerting = sums.add_severity(&tally.severity(key.severity()), count);
            let of_system = by_system.entry(key.system()).or_default();
            of_system.all += count;
            of_system.alerting += if alerting { count } else { 0 };
        }
        let mut named = Vec::with_capacity(by_system.len());
        for (id, of_system) in by_system {
            match tally.system(id) {
                Label::Named(system) => named.push((system, of_system)),
                Label::Missing => sums.without_system += of_system.all,
                Label::Folded => {
                    sums.folded_systems += of_system.all;
                    sums.folded_alerts += of_system.alerting;
                }
            }
        }
        sums.systems_total = named.len();
        sums.systems = top(&named, |of_system| of_system.all, limits.systems);
        sums.alerting_systems = top(&named, |of_system| of_system.alerting, limits.alerting);
        sums
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
