//! Receivers with short limits, and notifications of every kind.

use std::sync::Arc;
use std::time::Duration;

use scout_alert::{Client, ClientSettings, Pitcher, Secret, Templates, Webhook, WebhookSettings};
use scout_core::WallTime;
use scout_core::alerting::{
    AlertState, DeliveryError, DeliveryErrorKind, Ended, Fingerprint, Notification, Reason, Receiver,
};

/// How long those wait who are left waiting.
pub(crate) const LIMIT: Duration = Duration::from_millis(300);

pub(crate) fn at(text: &str) -> WallTime {
    WallTime::parse_rfc3339(text).unwrap()
}

pub(crate) fn client() -> Client {
    Client::new(ClientSettings::default())
}

/// A client that does not wait for long.
pub(crate) fn impatient() -> Client {
    let mut settings = ClientSettings::default();
    settings.timeout = LIMIT;
    Client::new(settings)
}

pub(crate) fn no_templates() -> Arc<Templates> {
    Arc::new(Templates::new([]))
}

pub(crate) fn pitcher_by(client: Client, url: &str) -> Pitcher {
    Pitcher::new(&Secret::new(url), None, client, no_templates()).unwrap()
}

pub(crate) fn pitcher(url: &str) -> Pitcher {
    pitcher_by(client(), url)
}

pub(crate) fn webhook_by(client: Client, url: &str, settings: &WebhookSettings) -> Webhook {
    Webhook::new(&Secret::new(url), settings, client, no_templates()).unwrap()
}

pub(crate) fn webhook(url: &str, settings: &WebhookSettings) -> Webhook {
    webhook_by(client(), url, settings)
}

pub(crate) async fn failure(receiver: &dyn Receiver) -> DeliveryError {
    receiver.deliver(&firing()).await.expect_err("it is not accepted")
}

/// How a delivery by this client ends, if it does not end well.
pub(crate) async fn outcome(client: Client, url: &str) -> Result<(), DeliveryErrorKind> {
    pitcher_by(client, url).deliver(&firing()).await.map_err(|error| error.kind())
}

/// One of the two variables' rules, over its threshold.
pub(crate) fn firing() -> Notification {
    let mut firing = Notification::example("ops", AlertState::Firing, at("2026-03-01T12:00:05.25Z"));
    firing.rule = "ErrorThreshold".into();
    for (name, value) in [("alertname", "ErrorThreshold"), ("system", "flux")] {
        firing.labels.insert(name.to_owned(), value.to_owned());
    }
    for (name, template) in [
        ("summary", "Scout: Error threshold exceeded"),
        ("description", "Error count {{ value }} reaches threshold {{ threshold }} in {{ labels.system }}"),
        ("tags", "scout,threshold,error"),
        ("url", "https://scout.example.com/?system={{ labels.system }}"),
        ("runbook", "https://runbooks.example.com/{{ rule }}"),
    ] {
        firing.annotations.insert(name.to_owned(), template.to_owned());
    }
    firing.severity = "WARNING".into();
    (firing.value, firing.threshold) = (57.0, 50.0);
    firing.key.fingerprint = Fingerprint::of(&firing.labels);
    firing.key.generation = 3;
    firing.starts_at = at("2026-03-01T12:00:00Z");
    firing
}

/// The same when it is over.
pub(crate) fn resolved() -> Notification {
    let mut resolved = firing();
    resolved.key.state = AlertState::Resolved;
    resolved.reason = Reason::Resolved;
    resolved.ended = Some((at("2026-03-01T12:07:30Z"), Ended::Cleared));
    resolved.at = at("2026-03-01T12:07:31Z");
    resolved
}

/// The same rule without annotations.
pub(crate) fn bare(mut notification: Notification) -> Notification {
    notification.annotations.clear();
    notification
}

/// A golden file's text, written by hand over several lines, as a client writes it.
pub(crate) fn compact(golden: &str) -> String {
    golden.lines().map(str::trim_start).collect()
}
