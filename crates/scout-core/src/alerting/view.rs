//! Alerts and rules as answers show them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::{
    AlertPhase, AlertState, Alerting, Book, Ended, Entry, Fingerprint, Labels, LastDelivery, Parked, Reason,
    Record, Rule, RuleWindow, Told,
};
use crate::{GoDuration, MonoTime, TimeOf, WallTime};

/// All alerts of one moment, the ones that fire first.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AlertsView {
    alerts: Vec<AlertView>,
    total: usize,
    receivers: Vec<ReceiverView>,
    /// Whether this replica judges; if not, it shows what the one that does has stored.
    in_charge: bool,
    /// Why what is stored cannot be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    unusable: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct AlertView {
    fingerprint: Fingerprint,
    rule: Arc<str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<AlertPhase>,
    severity: Arc<str>,
    labels: Labels,
    value: Number,
    threshold: Number,
    /// Whether it may be more.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    at_least: bool,
    /// Since when it has been in this state.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<WallTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    starts_at: Option<WallTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ends_at: Option<WallTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_reason: Option<Ended>,
    #[serde(skip_serializing_if = "Option::is_none")]
    generation: Option<u64>,
    deliveries: Vec<DeliveryView>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct DeliveryView {
    receiver: Arc<str>,
    /// What it has accepted last.
    #[serde(skip_serializing_if = "Option::is_none")]
    told: Option<ToldView>,
    /// What it is to be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    owed: Option<OwedView>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct ToldView {
    state: AlertState,
    at: WallTime,
    repeats: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct OwedView {
    state: AlertState,
    reason: Reason,
    since: WallTime,
    attempts: u32,
    not_before: WallTime,
    #[serde(skip_serializing_if = "Option::is_none")]
    parked: Option<Parked>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct ReceiverView {
    receiver: Arc<str>,
    /// When the last delivery by this process ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_delivery: Option<WallTime>,
    /// `accepted`, or why it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<&'static str>,
}

impl AlertsView {
    /// What there is now.
    pub fn of(alerting: &Alerting, now: MonoTime) -> Self {
        let alerts = |book: &Book| {
            book.records().map(|(fingerprint, record)| AlertView::of(fingerprint, record)).collect()
        };
        let mut all: Vec<AlertView> = alerts(alerting.aside());
        all.extend::<Vec<_>>(alerts(alerting.book()));
        all.sort_by_key(|alert| (alert.state != Some(AlertPhase::Firing), alert.state));
        Self {
            total: all.len(),
            alerts: all,
            receivers: alerting.last_deliveries().map(|(name, last)| ReceiverView::of(name, last)).collect(),
            in_charge: alerting.is_in_charge(now),
            unusable: alerting.unusable().map(str::to_owned),
        }
    }

    /// What there is where nothing is judged.
    pub fn none() -> Self {
        Self { alerts: Vec::new(), total: 0, receivers: Vec::new(), in_charge: false, unusable: None }
    }
}

impl AlertView {
    fn of(fingerprint: Fingerprint, record: &Record) -> Self {
        let alert = &record.alert;
        let firing = alert.firing.as_ref();
        let ended = firing.and_then(|firing| firing.ended);
        let names: std::collections::BTreeSet<&Arc<str>> =
            record.told.keys().chain(record.outbox.keys()).collect();
        let delivery = |receiver: &Arc<str>| DeliveryView {
            receiver: Arc::clone(receiver),
            told: record.told.get(receiver).map(ToldView::of),
            owed: record.outbox.get(receiver).map(OwedView::of),
        };
        Self {
            fingerprint,
            rule: Arc::clone(&alert.rule.name),
            state: alert.phase(),
            severity: Arc::clone(&alert.rule.severity),
            labels: alert.labels.clone(),
            value: Number(alert.value),
            threshold: Number(alert.rule.threshold),
            at_least: alert.is_lower_bound,
            since: alert.since(),
            starts_at: firing.map(|firing| firing.starts_at),
            ends_at: ended.map(|(at, _)| at),
            end_reason: ended.map(|(_, why)| why),
            generation: firing.map(|firing| firing.generation),
            deliveries: names.into_iter().map(delivery).collect(),
        }
    }
}

impl ToldView {
    fn of(told: &Told) -> Self {
        Self { state: told.state, at: told.at, repeats: told.repeat }
    }
}

impl OwedView {
    fn of(entry: &Entry) -> Self {
        Self {
            state: entry.owed.state,
            reason: entry.owed.reason,
            since: entry.since,
            attempts: entry.attempt,
            not_before: entry.not_before,
            parked: entry.parked(),
        }
    }
}

impl ReceiverView {
    fn of(name: &Arc<str>, last: Option<&LastDelivery>) -> Self {
        Self {
            receiver: Arc::clone(name),
            last_delivery: last.map(|last| last.at),
            result: last.map(|last| last.failure.map_or("accepted", super::DeliveryErrorKind::as_str)),
        }
    }
}

/// A count, or a ratio of counts: whole numbers are written as such.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Number(f64);

impl Serialize for Number {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        /// Up to there every whole number is one.
        const WHOLE: f64 = 9_007_199_254_740_992.0;
        if self.0.fract() == 0.0 && self.0.abs() <= WHOLE {
            #[expect(clippy::cast_possible_truncation, reason = "whole, and within the range by the check")]
            return serializer.serialize_i64(self.0 as i64);
        }
        serializer.serialize_f64(self.0)
    }
}

/// All rules, as they are configured and as they were last judged.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RulesView {
    rules: Vec<RuleView>,
    total: usize,
    /// Whether this replica judges them.
    in_charge: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct RuleView {
    name: Arc<str>,
    kind: &'static str,
    /// The worst state of its alerts; `inactive` if there are none.
    state: &'static str,
    severity: Arc<str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    severities: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    systems: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    without_systems: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    time: TimeOf,
    window: String,
    threshold: Number,
    clear_below: Number,
    #[serde(rename = "for")]
    hold_for: String,
    keep_firing_for: String,
    repeat_interval: String,
    receivers: Vec<Arc<str>>,
    /// How many alerts there are in each state.
    alerts: BTreeMap<&'static str, usize>,
    /// How many more there would be, were as many allowed.
    without_instance: u64,
    /// What was measured last, at most over all groups.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    covered: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_judged: Option<WallTime>,
}

impl RulesView {
    /// What there is now.
    pub fn of(alerting: &Alerting, now: MonoTime) -> Self {
        let mut by_rule: BTreeMap<&str, BTreeMap<&'static str, usize>> = BTreeMap::new();
        for (_, record) in alerting.book().records() {
            if let Some(phase) = record.alert.phase() {
                *by_rule.entry(&record.alert.rule.name).or_default().entry(phase.as_str()).or_default() += 1;
            }
        }
        let view = |(rule, outcome): (&Rule, &super::Outcome)| {
            let alerts = by_rule.get(rule.name()).cloned().unwrap_or_default();
            let state = [AlertPhase::Firing, AlertPhase::Pending].map(AlertPhase::as_str);
            let texts = |globs: &[super::Glob]| globs.iter().map(|glob| glob.as_str().to_owned()).collect();
            let is_judged = outcome.judged_at.is_some();
            RuleView {
                name: Arc::clone(&rule.text.name),
                kind: rule.kind.as_str(),
                state: state.into_iter().find(|state| alerts.contains_key(state)).unwrap_or("inactive"),
                severity: Arc::clone(&rule.text.severity),
                severities: rule.select.severities.iter().map(ToString::to_string).collect(),
                systems: texts(&rule.select.systems),
                without_systems: texts(&rule.select.without_systems),
                tags: texts(&rule.select.tags),
                time: rule.time,
                window: match rule.window {
                    RuleWindow::Last(span) => GoDuration::from(span).to_string(),
                    RuleWindow::Retained => "retention".to_owned(),
                },
                threshold: Number(rule.text.threshold),
                clear_below: Number(rule.clear_below),
                hold_for: GoDuration::from(rule.hold_for).to_string(),
                keep_firing_for: GoDuration::from(rule.keep_firing_for).to_string(),
                repeat_interval: GoDuration::from(rule.text.repeat_interval).to_string(),
                receivers: rule.text.receivers.clone(),
                alerts,
                without_instance: outcome.without_instance,
                value: outcome.value.map(Number),
                covered: is_judged.then_some(outcome.is_covered),
                last_judged: outcome.judged_at,
            }
        };
        let rules: Vec<_> = alerting.outcomes().map(view).collect();
        Self { total: rules.len(), rules, in_charge: alerting.is_in_charge(now) }
    }

    /// What there is where nothing is judged.
    pub fn none() -> Self {
        Self { rules: Vec::new(), total: 0, in_charge: false }
    }
}
