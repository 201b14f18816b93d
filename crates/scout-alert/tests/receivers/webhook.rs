//! What a webhook is sent.

use std::collections::BTreeSet;

use scout_alert::{Secret, WebhookSettings};
use scout_core::alerting::Notification;
use scout_core::alerting::Receiver as _;
use scout_testkit::{Recorded, Recorder};

use crate::support::{compact, firing, resolved, webhook};

async fn sent(notification: &Notification, settings: &WebhookSettings) -> Recorded {
    let recorder = Recorder::start().await.unwrap();
    webhook(&recorder.url("/hook?key=1"), settings).deliver(notification).await.unwrap();
    recorder.requests().remove(0)
}

fn at_home() -> WebhookSettings {
    let mut settings = WebhookSettings::default();
    "https://scout.example.com".clone_into(&mut settings.external_url);
    settings
}

#[tokio::test]
async fn an_alert_that_fires_is_written_as_alertmanager_does() {
    let request = sent(&firing(), &at_home()).await;
    assert_eq!(request.text(), compact(include_str!("golden/webhook-firing.json")));
    assert_eq!((&*request.method, &*request.path), ("POST", "/hook?key=1"));
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.header("idempotency-key"), Some(&*firing().key.to_string()));
    assert_eq!(request.header("authorization"), None);
    assert_eq!(request.header("x-scout-signature"), None);
}

#[tokio::test]
async fn one_that_is_over_has_an_end() {
    let request = sent(&resolved(), &at_home()).await;
    assert_eq!(request.text(), compact(include_str!("golden/webhook-resolved.json")));
}

#[tokio::test]
async fn nothing_is_left_out_that_alertmanager_writes() {
    let request = sent(&firing(), &WebhookSettings::default()).await;
    let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
    let keys = |value: &serde_json::Value| -> BTreeSet<String> {
        value.as_object().unwrap().keys().cloned().collect()
    };
    let set = |names: &str| names.split(' ').map(str::to_owned).collect();
    let group: BTreeSet<String> = set(
        "version groupKey truncatedAlerts status receiver groupLabels commonLabels commonAnnotations externalURL alerts",
    );
    assert_eq!(keys(&body), group);
    let alert: BTreeSet<String> = set("status labels annotations startsAt endsAt generatorURL fingerprint");
    assert_eq!(keys(&body["alerts"][0]), alert);
}

#[tokio::test]
async fn a_severity_among_the_labels_stays() {
    let mut notification = firing();
    notification.labels.insert("severity".to_owned(), "page".to_owned());
    let request = sent(&notification, &WebhookSettings::default()).await;
    let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(body["alerts"][0]["labels"]["severity"], "page");
    assert_eq!(body["commonLabels"]["severity"], "page");
}

#[tokio::test]
async fn the_body_is_signed_if_there_is_a_key() {
    let mut settings = at_home();
    settings.token = Some(Secret::new("a-token"));
    settings.signing_key = Some(Secret::new("a key"));
    let request = sent(&firing(), &settings).await;
    assert_eq!(request.header("authorization"), Some("Bearer a-token"));
    // openssl dgst -sha256 -hmac 'a key' of the golden file's one line
    let expected = include_str!("golden/webhook-firing.signature").trim();
    assert_eq!(request.header("x-scout-signature"), Some(expected));
}
