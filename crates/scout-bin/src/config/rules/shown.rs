//! Rules as `scout config` shows them.

use std::time::Duration;

use scout_core::TimeOf;
use scout_core::alerting::{Labels, Rule, RuleKind, RuleWindow};

use super::kind::means_something;
use crate::config::kind::number::brief;

/// The longest text that is shown, in characters.
const SHOWN: usize = 80;

/// Each key of a rule that means something to it, with what holds for it; lists and texts that are empty are left out.
pub(crate) fn rows(rule: &Rule) -> Vec<(String, String)> {
    let mut rows = vec![("kind", rule.kind.as_str().to_owned())];
    let select = &rule.select;
    rows.push(("severities", joined(select.severities.iter().map(scout_core::Severity::as_str))));
    rows.push(("systems", joined(select.systems.iter().map(scout_core::alerting::Glob::as_str))));
    rows.push((
        "without_systems",
        joined(select.without_systems.iter().map(scout_core::alerting::Glob::as_str)),
    ));
    rows.push(("tags", joined(select.tags.iter().map(scout_core::alerting::Glob::as_str))));
    if rule.window != RuleWindow::Retained {
        rows.push(("time", time(rule.time).to_owned()));
    }
    rows.push(("window", window(rule.window)));
    rows.push(("threshold", rule.text.threshold.to_string()));
    rows.push(("clear_below", rule.clear_below.to_string()));
    rows.push(("for", span(rule.hold_for)));
    rows.push(("keep_firing_for", span(rule.keep_firing_for)));
    rows.push(("minimum", rule.minimum.to_string()));
    if let RuleKind::Spike { windows } = rule.kind {
        rows.push(("windows", windows.to_string()));
    }
    let group_by = [("system", rule.group_by.system), ("severity", rule.group_by.severity)];
    rows.push(("group_by", joined(group_by.into_iter().filter(|(_, by)| *by).map(|(name, _)| name))));
    rows.push(("missing", rule.missing.as_str().to_owned()));
    let named = |key: &'static str, texts: &Labels| -> Vec<(String, String)> {
        texts.iter().map(|(name, text)| (format!("{key}.{name}"), cut(text))).collect()
    };
    let texts = [named("labels", &rule.labels), named("annotations", &rule.text.annotations)].concat();
    let last = [
        ("severity", rule.text.severity.to_string()),
        ("receivers", joined(rule.text.receivers.iter().map(|name| &**name))),
        ("repeat_interval", span(rule.text.repeat_interval)),
        ("limit", rule.limit.to_string()),
    ];
    let is_shown = |(key, value): &(&str, String)| !value.is_empty() && means_something(rule.kind, key);
    let owned = |(key, value): (&str, String)| (key.to_owned(), value);
    let first = rows.into_iter().filter(is_shown).map(owned);
    first.chain(texts).chain(last.into_iter().filter(is_shown).map(owned)).collect()
}

fn joined<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    texts.collect::<Vec<_>>().join(",")
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

pub(super) fn time(time: TimeOf) -> &'static str {
    match time {
        TimeOf::Arrival => "arrival",
        TimeOf::Event => "event",
    }
}

fn window(window: RuleWindow) -> String {
    match window {
        RuleWindow::Last(length) => span(length),
        RuleWindow::Retained => "retention".to_owned(),
    }
}

fn span(span: Duration) -> String {
    brief(span)
}
