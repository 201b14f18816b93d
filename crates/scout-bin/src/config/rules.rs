//! `[[rules]]`: what is alerted on.

mod kind;
mod measure;
pub(crate) mod name;
mod select;
mod shown;
mod text;
mod thresholds;
mod window;
pub(crate) mod words;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use figment::value::Value;
use scout_core::alerting::{MAX_RULES, Rule, RuleText};

use super::problem::{Origin, Problem};
use super::table::Table;

pub(crate) use shown::rows;
pub(crate) use thresholds::{ERROR, Thresholds};

/// What rules are read with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Surroundings<'a> {
    /// How far back events are kept.
    pub(crate) retention: Duration,
    /// Who can be told; `None` where any name will do.
    pub(crate) receivers: Option<&'a [Arc<str>]>,
}

/// A rule of the file.
#[derive(Clone, Debug)]
pub(crate) struct ReadRule {
    pub(crate) rule: Rule,
    /// The keys that it sets.
    pub(crate) set: Vec<String>,
}

/// What `[[rules]]` says.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    /// Those that can be judged, in the order of the file.
    pub(crate) readable: Vec<ReadRule>,
    pub(crate) problems: Vec<Problem>,
    /// How each name is called in problems.
    pub(crate) names: BTreeMap<String, String>,
}

/// Reads all rules of a file.
pub(crate) fn read(tables: &[Value], origin: &Origin, surroundings: &Surroundings<'_>) -> Rules {
    let mut rules = Rules::default();
    for (index, value) in tables.iter().enumerate() {
        // People count from one.
        let number = format!("rules[{}]", index + 1);
        let Value::Dict(_, values) = value else {
            let reason = "is a table: its keys stand below [[rules]]".to_owned();
            let origin = origin.clone();
            rules.problems.push(Problem::Invalid { name: number, value: None, origin, reason });
            continue;
        };
        let name = values.get("name").and_then(Value::as_str).filter(|name| name::check(name).is_ok());
        let taken = name.and_then(|name| rules.names.get(name)).cloned();
        let path = match name {
            Some(name) if taken.is_none() => format!("rules.{name}"),
            _ => number.clone(),
        };
        let mut table = Table::new(path, values, origin);
        if let Some(taken) = taken {
            table.refuse("name", format!("is the name of {taken} as well"));
        } else if let Some(name) = name {
            rules.names.insert(name.to_owned(), number);
        }
        let rule = rule(&mut table, surroundings);
        let set = table.keys().map(str::to_owned).collect();
        rules.problems.append(&mut table.problems);
        rules.readable.extend(rule.map(|rule| ReadRule { rule, set }));
    }
    if tables.len() > MAX_RULES {
        let reason = format!("there are {}, more than {MAX_RULES}", tables.len());
        let name = "rules".to_owned();
        rules.problems.push(Problem::Invalid { name, value: None, origin: origin.clone(), reason });
    }
    rules
}

/// How often receivers are told again unless it is said; Alertmanager's default.
pub(crate) const REPEAT_INTERVAL: Duration = Duration::from_secs(4 * 3600);

/// The longest time that anything about a rule may take.
const LONGEST: Duration = scout_core::MAX_RETENTION;

/// One rule. It means something only if there is no problem with it; `None` where not even its kind is known.
fn rule(table: &mut Table<'_>, surroundings: &Surroundings<'_>) -> Option<Rule> {
    table.only(&kind::KEYS);
    let name = name::read(table);
    let kind = kind::read(table);
    let select = select::read(table, kind);
    let (time, window) = window::read(table);
    let measured = kind.map(|kind| measure::read(table, kind));
    if let Some(measured) = &measured {
        window::check(table, measured.kind, time, window, surroundings.retention);
    }
    let hold_for = table.span("for", Duration::ZERO..=LONGEST).unwrap_or_default();
    let keep_firing_for = table.span("keep_firing_for", Duration::ZERO..=LONGEST).unwrap_or_default();
    let group_by = select::group_by(table, kind);
    let labels = text::labels(table);
    let annotations = text::annotations(table, &labels, group_by);
    text::check_length(table, name.unwrap_or_default(), &labels, &annotations);
    let severity = text::severity(table);
    let receivers = text::receivers(table, surroundings.receivers);
    let repeat_interval = table.span("repeat_interval", Duration::from_secs(1)..=LONGEST);
    let limit = measure::limit(table);
    let missing = measure::missing(table);
    let measured = measured?;
    let text = RuleText {
        name: name.unwrap_or_default().into(),
        severity,
        threshold: measured.threshold,
        annotations,
        receivers,
        repeat_interval: repeat_interval.unwrap_or(REPEAT_INTERVAL),
    };
    Some(Rule {
        text: Arc::new(text),
        kind: measured.kind,
        select,
        time,
        window,
        clear_below: measured.clear_below,
        hold_for,
        keep_firing_for,
        minimum: measured.minimum,
        group_by,
        missing,
        labels,
        limit,
    })
}
