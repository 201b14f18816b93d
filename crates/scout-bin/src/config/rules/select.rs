//! Which messages a rule is about, and how they are told apart.

use scout_core::Severity;
use scout_core::alerting::{Glob, GroupBy, RuleKind, Selector};

use crate::config::kind::plain;
use crate::config::table::Table;

/// The most severities, or patterns, of one key: every name is compared with each.
const ITEMS: usize = 64;

pub(super) fn read(table: &mut Table<'_>, kind: Option<RuleKind>) -> Selector {
    let select = Selector {
        severities: severities(table),
        systems: globs(table, "systems"),
        without_systems: globs(table, "without_systems"),
        tags: globs(table, "tags"),
    };
    if kind == Some(RuleKind::Ratio) && table.get("severities").is_none() {
        table.missing("severities", "a ratio is their part of the messages of all severities");
    }
    select
}

/// Folded, as those of messages are.
fn severities(table: &mut Table<'_>) -> Vec<Severity<'static>> {
    let mut severities = Vec::new();
    for text in items(table, "severities") {
        let severity = Severity::fold(Some(text)).into_owned();
        if !severities.contains(&severity) {
            severities.push(severity);
        }
    }
    severities
}

fn globs(table: &mut Table<'_>, key: &str) -> Vec<Glob> {
    items(table, key).into_iter().map(Glob::new).collect()
}

fn items<'a>(table: &mut Table<'a>, key: &str) -> Vec<&'a str> {
    let texts = table.texts(key).unwrap_or_default();
    if texts.len() > ITEMS {
        table.refuse(key, format!("holds more than {ITEMS} texts"));
    }
    let mut accepted = Vec::new();
    for text in texts {
        let checked =
            if text.trim().is_empty() { Err("holds an empty text".to_owned()) } else { plain(text) };
        match checked {
            Ok(()) => accepted.push(text),
            Err(reason) => table.refuse_item(key, text, reason),
        }
    }
    accepted
}

/// By what messages are told apart. Rules about the coming and going of systems tell those apart by themselves.
pub(super) fn group_by(table: &mut Table<'_>, kind: Option<RuleKind>) -> GroupBy {
    if matches!(kind, Some(RuleKind::Absence | RuleKind::NewSystem)) {
        return GroupBy { system: true, severity: false };
    }
    let chosen = table.choices("group_by", &["system", "severity"]).unwrap_or_default();
    let group_by = GroupBy { system: chosen.contains(&"system"), severity: chosen.contains(&"severity") };
    if kind == Some(RuleKind::Ratio) && group_by.severity {
        table.refuse_item("group_by", "severity", "means nothing to a ratio, which is of all severities");
    }
    group_by
}
