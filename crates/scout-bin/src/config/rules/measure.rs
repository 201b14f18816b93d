//! What a rule makes of what it counts: thresholds, and how much is enough.

use scout_core::alerting::{MAX_INSTANCES, OnMissing, RuleKind};

use super::kind::means_something;
use crate::config::table::Table;

/// Whole numbers up to here are told from their neighbours in a float.
const LARGEST: u64 = 1 << 53;

/// Instances of a rule unless it is said.
const LIMIT: usize = 100;

/// The kind with all its numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measured {
    pub(super) kind: RuleKind,
    pub(super) threshold: f64,
    pub(super) clear_below: f64,
    pub(super) minimum: u64,
}

/// Reads the keys that mean something to the kind; the others have been refused.
pub(super) fn read(table: &mut Table<'_>, kind: RuleKind) -> Measured {
    let kind = match kind {
        RuleKind::Spike { windows: usual } => {
            let windows = table.whole("windows", 1..=100).and_then(|windows| u32::try_from(windows).ok());
            RuleKind::Spike { windows: windows.unwrap_or(usual) }
        }
        other => other,
    };
    let has_minimum = means_something(kind, "minimum");
    let minimum = if has_minimum { table.whole("minimum", 0..=LARGEST).unwrap_or(0) } else { 0 };
    // What a rule without one has reached when it fires.
    let threshold = if means_something(kind, "threshold") { threshold(table, kind) } else { Some(1.0) };
    let clear_below = threshold.and_then(|threshold| clear_below(table, kind, threshold));
    let threshold = threshold.unwrap_or(1.0);
    Measured { kind, threshold, clear_below: clear_below.unwrap_or(threshold), minimum }
}

fn threshold(table: &mut Table<'_>, kind: RuleKind) -> Option<f64> {
    if table.get("threshold").is_none() {
        table.missing("threshold", &format!("a rule of kind {} has one", kind.as_str()));
    }
    let threshold = table.number("threshold")?;
    let (is_accepted, domain) = match kind {
        RuleKind::Ratio => (threshold > 0.0 && threshold <= 1.0, "must be more than 0 and at most 1"),
        RuleKind::Spike { .. } => {
            (threshold > 1.0 && threshold <= 1e6, "must be more than 1 and at most 1000000")
        }
        _ => (is_count(threshold), "must be a whole number of 1 or more"),
    };
    if !is_accepted {
        table.refuse("threshold", domain);
    }
    is_accepted.then_some(threshold)
}

fn clear_below(table: &mut Table<'_>, kind: RuleKind, threshold: f64) -> Option<f64> {
    if !means_something(kind, "clear_below") {
        return None;
    }
    let clear_below = table.number("clear_below")?;
    let is_of_kind = kind != RuleKind::Count || is_count(clear_below);
    if !is_of_kind {
        table.refuse("clear_below", "must be a whole number of 1 or more");
    } else if clear_below <= 0.0 {
        // Nothing is less, so it would fire for ever.
        table.refuse("clear_below", "must be more than 0");
    } else if clear_below > threshold {
        table.refuse("clear_below", format!("must be at most the threshold, {threshold}"));
    } else {
        return Some(clear_below);
    }
    None
}

fn is_count(number: f64) -> bool {
    number >= 1.0 && number <= LARGEST as f64 && number.fract() == 0.0
}

/// What too little to measure means.
pub(super) fn missing(table: &mut Table<'_>) -> OnMissing {
    const POLICIES: &[(&str, OnMissing)] =
        &[("keep", OnMissing::Keep), ("ok", OnMissing::Ok), ("alert", OnMissing::Alert)];
    table.choice("missing", POLICIES).unwrap_or_default()
}

/// How many instances there may be.
pub(super) fn limit(table: &mut Table<'_>) -> usize {
    let limit = table.whole("limit", 1..=MAX_INSTANCES as u64);
    limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(LIMIT)
}
