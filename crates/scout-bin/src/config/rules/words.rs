//! What a rule means, in words.

use std::fmt::Write as _;
use std::time::Duration;

use scout_core::alerting::{Glob, OnMissing, Rule, RuleKind, RuleWindow};
use scout_core::{Severity, TimeOf};

use crate::config::kind::number::brief;
use crate::config::kind::word::one_of;

/// One sentence, without the rule's name.
pub(crate) fn in_words(rule: &Rule) -> String {
    let mut words = condition(rule);
    if rule.hold_for > Duration::ZERO {
        add(&mut words, format_args!(", for {}", brief(rule.hold_for)));
    }
    if let Some(groups) = groups(rule) {
        add(&mut words, format_args!(", {groups}"));
    }
    if has_other_end(rule) {
        add(&mut words, format_args!("; over below {}", rule.clear_below));
    }
    if rule.keep_firing_for > Duration::ZERO {
        add(&mut words, format_args!("; over only after {} of that", brief(rule.keep_firing_for)));
    }
    match (rule.kind, rule.missing) {
        (RuleKind::Ratio, OnMissing::Keep) => words.push_str("; unchanged while there are fewer"),
        (RuleKind::Ratio, OnMissing::Alert) => words.push_str("; also while there are fewer"),
        _ => {}
    }
    let text = &rule.text;
    let receivers: Vec<&str> = text.receivers.iter().map(|name| &**name).collect();
    let told = if receivers.is_empty() {
        "nobody is told".to_owned()
    } else {
        format!("told to {}", and(&receivers))
    };
    let repeat = brief(text.repeat_interval);
    add(&mut words, format_args!("; {told} as {}, again every {repeat}", text.severity));
    words
}

fn add(words: &mut String, more: std::fmt::Arguments<'_>) {
    // Writing to a text cannot fail.
    let _written = words.write_fmt(more);
}

fn condition(rule: &Rule) -> String {
    let (threshold, minimum) = (rule.text.threshold, rule.minimum);
    let (messages, within) = (messages(rule), within(rule));
    match rule.kind {
        RuleKind::Count => format!("{threshold} or more {messages} {within}"),
        RuleKind::Ratio => {
            let of = if minimum > 1 { format!("at least {minimum}") } else { "all".to_owned() };
            let severities: Vec<&str> = rule.select.severities.iter().map(Severity::as_str).collect();
            let severities = one_of(&severities);
            format!("{} or more of {of} {messages} {within} are of severity {severities}", percent(threshold))
        }
        RuleKind::Spike { windows } => {
            let least = if minimum > 1 { format!(", and {minimum} or more") } else { String::new() };
            format!(
                "{threshold} times as many {messages} {within} as in the mean of the {windows} windows before{least}"
            )
        }
        RuleKind::Absence => {
            let known = if minimum > 1 { format!("{minimum} or more") } else { "some".to_owned() };
            format!("no {messages} {within} from a system that has {known}")
        }
        RuleKind::NewSystem => {
            let least = if minimum > 1 { format!("{minimum} or more ") } else { String::new() };
            format!("{least}{messages} {within} from a system that had none before")
        }
        other => other.as_str().to_owned(),
    }
}

fn percent(part: f64) -> String {
    // A ratio is told with as many digits as people write.
    let rounded = (part * 1e6).round() / 1e4;
    format!("{rounded}%")
}

/// The messages that are looked at: those of a ratio are of all severities.
fn messages(rule: &Rule) -> String {
    let select = &rule.select;
    let mut words = "messages".to_owned();
    if !select.severities.is_empty() && rule.kind != RuleKind::Ratio {
        let severities: Vec<&str> = select.severities.iter().map(Severity::as_str).collect();
        add(&mut words, format_args!(" of severity {}", one_of(&severities)));
    }
    if !select.tags.is_empty() {
        add(&mut words, format_args!(" tagged {}", patterns(&select.tags)));
    }
    if !select.systems.is_empty() {
        add(&mut words, format_args!(" of systems {}", patterns(&select.systems)));
    }
    if !select.without_systems.is_empty() {
        add(&mut words, format_args!(", but not of systems {},", patterns(&select.without_systems)));
    }
    words
}

fn patterns(globs: &[Glob]) -> String {
    one_of(&globs.iter().map(Glob::as_str).collect::<Vec<_>>())
}

fn within(rule: &Rule) -> String {
    match (rule.window, rule.time) {
        (RuleWindow::Retained, _) => "among all that is retained".to_owned(),
        (RuleWindow::Last(span), TimeOf::Arrival) => format!("that arrived within {}", brief(span)),
        (RuleWindow::Last(span), TimeOf::Event) => format!("of the last {}", brief(span)),
    }
}

fn groups(rule: &Rule) -> Option<&'static str> {
    if matches!(rule.kind, RuleKind::Absence | RuleKind::NewSystem) {
        return None;
    }
    match (rule.group_by.system, rule.group_by.severity) {
        (false, false) => None,
        (true, false) => Some("each system by itself"),
        (false, true) => Some("each severity by itself"),
        (true, true) => Some("each system and severity by itself"),
    }
}

fn has_other_end(rule: &Rule) -> bool {
    let has_threshold = matches!(rule.kind, RuleKind::Count | RuleKind::Ratio | RuleKind::Spike { .. });
    has_threshold && rule.clear_below < rule.text.threshold
}

fn and(names: &[&str]) -> String {
    match names {
        [rest @ .., last] if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        names => names.join(", "),
    }
}
