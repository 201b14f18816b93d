//! A notification as Alertmanager writes it.

use scout_core::alerting::{AlertState, Fingerprint, Labels, Notification};
use serde::Serialize;

use crate::Templates;
use crate::wording::Wording;

/// What stands for an end that is not there: the zero of Go's time.
const NEVER: &str = "0001-01-01T00:00:00Z";

/// Version 4 of Alertmanager's webhook. As long as alerts are not grouped each is a group of its own.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Body<'a> {
    version: &'static str,
    group_key: Fingerprint,
    truncated_alerts: u32,
    status: AlertState,
    receiver: &'a str,
    group_labels: &'a Labels,
    common_labels: Labels,
    common_annotations: Labels,
    #[serde(rename = "externalURL")]
    external_url: &'a str,
    alerts: [Alert<'a>; 1],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Alert<'a> {
    status: AlertState,
    labels: Labels,
    annotations: Labels,
    starts_at: String,
    ends_at: String,
    #[serde(rename = "generatorURL")]
    generator_url: &'a str,
    fingerprint: Fingerprint,
}

impl<'a> Body<'a> {
    pub(super) fn of(notification: &'a Notification, templates: &Templates, external_url: &'a str) -> Self {
        let annotations = Wording::of(notification, templates).into_annotations();
        let mut labels = notification.labels.clone();
        // What routes alerts by severity looks for it there.
        labels.entry("severity".to_owned()).or_insert_with(|| notification.severity.to_string());
        let (status, fingerprint) = (notification.key.state, notification.key.fingerprint);
        let alert = Alert {
            status,
            labels: labels.clone(),
            annotations: annotations.clone(),
            starts_at: notification.starts_at.to_string(),
            ends_at: notification.ended.map_or_else(|| NEVER.to_owned(), |(at, _)| at.to_string()),
            generator_url: external_url,
            fingerprint,
        };
        Self {
            version: "4",
            group_key: fingerprint,
            truncated_alerts: 0,
            status,
            receiver: &notification.receiver,
            group_labels: &notification.labels,
            common_labels: labels,
            common_annotations: annotations,
            external_url,
            alerts: [alert],
        }
    }
}
