//! Kinds of rules, and which keys mean something to which.

use scout_core::alerting::RuleKind;

use crate::config::table::Table;

/// Every key of a rule, in the order of the documents.
pub(super) const KEYS: [&str; 22] = [
    "name",
    "kind",
    "severities",
    "systems",
    "without_systems",
    "tags",
    "time",
    "window",
    "threshold",
    "clear_below",
    "for",
    "keep_firing_for",
    "minimum",
    "windows",
    "group_by",
    "missing",
    "labels",
    "annotations",
    "severity",
    "receivers",
    "repeat_interval",
    "limit",
];

/// Earlier windows that a spike is measured against, unless it is said.
const WINDOWS: u32 = 5;

const KINDS: &[(&str, RuleKind)] = &[
    ("count", RuleKind::Count),
    ("ratio", RuleKind::Ratio),
    ("spike", RuleKind::Spike { windows: WINDOWS }),
    ("absence", RuleKind::Absence),
    ("new_system", RuleKind::NewSystem),
];

/// The kind; `None` if it is none. Refuses the keys that mean nothing to it.
pub(super) fn read(table: &mut Table<'_>) -> Option<RuleKind> {
    let kind = match table.get("kind") {
        None => RuleKind::Count,
        Some(_) => table.choice("kind", KINDS)?,
    };
    for key in table.keys().filter(|key| !means_something(kind, key)).collect::<Vec<_>>() {
        table.refuse(key, format!("means nothing to a rule of kind {}", kind.as_str()));
    }
    Some(kind)
}

/// Whether a rule of this kind looks at the key.
pub(super) fn means_something(kind: RuleKind, key: &str) -> bool {
    match key {
        "threshold" | "clear_below" | "group_by" => {
            matches!(kind, RuleKind::Count | RuleKind::Ratio | RuleKind::Spike { .. })
        }
        "minimum" => kind != RuleKind::Count,
        "windows" => matches!(kind, RuleKind::Spike { .. }),
        "missing" => kind == RuleKind::Ratio,
        _ => true,
    }
}
