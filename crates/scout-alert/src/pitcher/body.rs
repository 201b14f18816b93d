//! A notification as a message of the platform.

use scout_core::WallTime;
use scout_core::alerting::{AlertState, DeliveryError, DeliveryErrorKind, Notification};
use serde::Serialize;

use crate::Templates;
use crate::wording::Wording;

/// Author and system of Scout's own messages, which feed no rule.
const SCOUT: &str = "homerun2-scout";

/// The message, its keys in the order that the platform's clients know, and behind them those that are new.
#[derive(Debug, Serialize)]
pub(super) struct Body<'a> {
    title: String,
    message: String,
    severity: &'a str,
    author: &'static str,
    system: &'static str,
    tags: String,
    timestamp: WallTime,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

impl<'a> Body<'a> {
    pub(super) fn of(notification: &'a Notification, templates: &Templates) -> Self {
        let Wording { summary, description, tags, url, .. } = Wording::of(notification, templates);
        let ended_at = notification.ended.map(|(at, _)| at);
        let (title, severity, tags, timestamp) = match notification.key.state {
            AlertState::Firing => (summary, &*notification.severity, tags, notification.starts_at),
            AlertState::Resolved => {
                let tags = if tags.is_empty() { "resolved".to_owned() } else { format!("{tags},resolved") };
                (resolved(&summary), "info", tags, ended_at.unwrap_or(notification.at))
            }
        };
        Self { title, message: description, severity, author: SCOUT, system: SCOUT, tags, timestamp, url }
    }

    pub(super) fn to_json(&self) -> Result<Vec<u8>, DeliveryError> {
        serde_json::to_vec(self).map_err(|error| {
            DeliveryError::new(DeliveryErrorKind::Unwritable, format!("cannot be written as JSON: {error}"))
        })
    }
}

/// The title of an alert that is over.
fn resolved(title: &str) -> String {
    if title.contains("exceeded") {
        title.replace("exceeded", "resolved")
    } else {
        format!("Resolved: {title}")
    }
}
