//! What templates know of a notification.

use std::collections::BTreeMap;

use minijinja::Value;
use scout_core::alerting::Notification;

use crate::number::Number;

/// Names of all variables.
pub(super) const NAMES: [&str; 12] = [
    "value",
    "threshold",
    "labels",
    "rule",
    "severity",
    "state",
    "reason",
    "starts_at",
    "ends_at",
    "firings",
    "at_least",
    "receiver",
];

pub(super) fn variables(notification: &Notification) -> Value {
    variables_with(notification, Value::from(&notification.labels))
}

pub(super) fn variables_with(notification: &Notification, labels: Value) -> Value {
    let Notification { value, threshold, firings, is_lower_bound, .. } = *notification;
    let ends_at = notification.ended.map(|(at, _)| at.to_string()).unwrap_or_default();
    let values: [Value; NAMES.len()] = [
        Number(value).into(),
        Number(threshold).into(),
        labels,
        (&notification.rule).into(),
        (&notification.severity).into(),
        notification.key.state.as_str().into(),
        notification.reason.as_str().into(),
        notification.starts_at.to_string().into(),
        ends_at.into(),
        firings.into(),
        is_lower_bound.into(),
        (&notification.receiver).into(),
    ];
    NAMES.into_iter().zip(values).collect::<BTreeMap<_, _>>().into()
}

/// A count stays a whole number.
impl From<Number> for Value {
    fn from(number: Number) -> Self {
        number.whole().map_or_else(|| Self::from(number.0), Self::from)
    }
}
