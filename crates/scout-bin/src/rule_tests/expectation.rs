//! What is to be the case at a time.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use scout_core::alerting::{AlertPhase, Labels, Rule};

use super::alerts::FoundAlert;
use crate::config::brief;
use crate::config::nearest::nearest;
use crate::config::problem::Suggestion;
use crate::config::table::Table;

/// The alerts that there are to be at a time. Those that are over need not be named.
#[derive(Debug)]
pub(super) struct Expectation {
    /// Since the start of the test.
    pub(super) at: Duration,
    /// The rules that are looked at; `None` for all.
    only: Option<Vec<String>>,
    alerts: Vec<ExpectedAlert>,
}

#[derive(Debug)]
struct ExpectedAlert {
    identity: Identity,
    state: AlertPhase,
    value: Option<f64>,
    annotations: Labels,
}

/// Which alert it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Identity {
    pub(super) rule: String,
    /// Without the rule's name.
    pub(super) labels: Labels,
}

impl fmt::Display for Identity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let labels: Vec<String> = self.labels.iter().map(|(name, text)| format!("{name}={text:?}")).collect();
        write!(out, "{}{{{}}}", self.rule, labels.join(", "))
    }
}

impl Expectation {
    /// `None` only with a problem.
    pub(super) fn read(table: &mut Table<'_>, latest: Duration, rules: &[Rule]) -> Option<Self> {
        table.only(&["at", "rules", "alerts"]);
        if table.get("at").is_none() {
            table.missing("at", "when that is, since the start of the test");
        }
        let at = table.span("at", Duration::ZERO..=latest);
        let only = table.texts("rules").map(|names| {
            names.into_iter().map(|name| known(table, "rules", name, rules).to_owned()).collect()
        });
        if table.get("alerts").is_none() && !table.holds_nothing("alerts") {
            table.missing("alerts", "which alerts there are then; [] for none");
        }
        let mut alerts = Vec::new();
        for mut of_table in table.tables("alerts") {
            alerts.push(ExpectedAlert::read(&mut of_table, rules));
            table.problems.append(&mut of_table.problems);
        }
        Some(Self { at: at?, only, alerts })
    }

    /// In which sentences the alerts that there are differ from those that there are to be.
    pub(super) fn differences(&self, found: &[FoundAlert]) -> Vec<String> {
        let is_looked_at =
            |rule: &str| self.only.as_ref().is_none_or(|only| only.iter().any(|name| name == rule));
        let mut unnamed: BTreeMap<&Identity, &FoundAlert> = found
            .iter()
            .filter(|found| is_looked_at(&found.identity.rule))
            .map(|found| (&found.identity, found))
            .collect();
        let mut differences = Vec::new();
        for expected in &self.alerts {
            let identity = &expected.identity;
            match unnamed.remove(identity) {
                None => differences
                    .push(format!("{identity} is to be {}, and is not there", expected.state.as_str())),
                Some(found) => differences.extend(expected.differences(found)),
            }
        }
        let unexpected = unnamed.values().filter(|found| found.state != AlertPhase::Resolved);
        differences.extend(
            unexpected.map(|found| {
                format!("{} is {}, and is not to be there", found.identity, found.state.as_str())
            }),
        );
        differences.into_iter().map(|difference| format!("at {}: {difference}", brief(self.at))).collect()
    }
}

impl ExpectedAlert {
    fn read(table: &mut Table<'_>, rules: &[Rule]) -> Self {
        const STATES: &[(&str, AlertPhase)] = &[
            ("pending", AlertPhase::Pending),
            ("firing", AlertPhase::Firing),
            ("resolved", AlertPhase::Resolved),
        ];
        table.only(&["rule", "state", "labels", "value", "annotations"]);
        if table.get("rule").is_none() {
            table.missing("rule", "whose alert it is");
        }
        let rule = table.text("rule").map(|name| known(table, "rule", name, rules)).unwrap_or_default();
        let state = table.choice("state", STATES).unwrap_or(AlertPhase::Firing);
        let owned = |texts: BTreeMap<&str, &str>| -> Labels {
            texts.into_iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect()
        };
        let labels = table.named_texts("labels").map(owned).unwrap_or_default();
        let value = table.number("value");
        let annotations = table.named_texts("annotations").map(owned).unwrap_or_default();
        Self { identity: Identity { rule: rule.to_owned(), labels }, state, value, annotations }
    }

    fn differences(&self, found: &FoundAlert) -> Vec<String> {
        let identity = &self.identity;
        let mut differences = Vec::new();
        if found.state != self.state {
            let (wanted, is) = (self.state.as_str(), found.state.as_str());
            differences.push(format!("{identity} is to be {wanted}, and is {is}"));
        }
        if let Some(value) = self.value.filter(|value| !is_about(*value, found.value)) {
            differences.push(format!("the value of {identity} is to be {value}, and is {}", found.value));
        }
        for (name, wanted) in &self.annotations {
            match found.annotation(name) {
                None => {
                    differences.push(format!("{identity} is to have the annotation {name}, and has none"));
                }
                Some(text) if text != *wanted => differences.push(format!(
                    "the annotation {name} of {identity} is to be {wanted:?}, and is {text:?}"
                )),
                Some(_) => {}
            }
        }
        differences
    }
}

/// Equal to six digits, which is more than anybody writes of a ratio.
fn is_about(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-6 * one.abs().max(other.abs())
}

/// Refuses the name of a rule that there is not. Where no rule could be read, that alone is to be told.
fn known<'a>(table: &mut Table<'_>, key: &str, name: &'a str, rules: &[Rule]) -> &'a str {
    if !rules.is_empty() && !rules.iter().any(|rule| rule.name() == name) {
        let suggestion = Suggestion(nearest(name, rules.iter().map(Rule::name)));
        table.refuse_item(key, name, format!("is the name of no rule{suggestion}"));
    }
    name
}
