//! What omni-pitcher is sent.

use scout_alert::{Pitcher, Secret};
use scout_core::alerting::Receiver as _;
use scout_core::alerting::{Ended, Notification, Reason};
use scout_testkit::{Recorded, Recorder};

use crate::support::{bare, client, compact, firing, no_templates, pitcher, resolved};

/// What is sent of this.
async fn sent(notification: &Notification) -> Recorded {
    let recorder = Recorder::start().await.unwrap();
    pitcher(&recorder.url("")).deliver(notification).await.unwrap();
    recorder.requests().remove(0)
}

fn field(request: &Recorded, name: &str) -> String {
    let fields: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
    fields[name].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn an_alert_that_fires_is_the_platforms_message_in_its_order_of_keys() {
    let request = sent(&firing()).await;
    assert_eq!(request.text(), compact(include_str!("golden/pitch-firing.json")));
    assert_eq!((&*request.method, &*request.path), ("POST", "/pitch"));
    assert_eq!(request.header("content-type"), Some("application/json"));
    let key = firing().key.to_string();
    assert!(key.ends_with(":3:firing:0"), "{key}");
    assert_eq!(request.header("idempotency-key"), Some(&*key));
    assert_eq!(request.header("authorization"), None);
}

#[tokio::test]
async fn one_that_is_over_is_information_and_says_so() {
    assert_eq!(sent(&resolved()).await.text(), compact(include_str!("golden/pitch-resolved.json")));
}

#[tokio::test]
async fn a_rule_without_annotations_is_told_with_value_and_threshold() {
    assert_eq!(sent(&bare(firing())).await.text(), compact(include_str!("golden/pitch-bare-firing.json")));
    assert_eq!(
        sent(&bare(resolved())).await.text(),
        compact(include_str!("golden/pitch-bare-resolved.json"))
    );
}

#[tokio::test]
async fn what_came_and_went_is_told_with_its_number() {
    let mut notification = resolved();
    notification.reason = Reason::CameAndWent;
    let message = field(&sent(&notification).await, "message");
    assert!(message.contains("It came and went before this could be sent."), "{message}");
    notification.firings = 4;
    let message = field(&sent(&notification).await, "message");
    assert!(message.contains("It came and went 4 times before this could be sent."), "{message}");
    let mut notification = firing();
    notification.firings = 3;
    let message = field(&sent(&notification).await, "message");
    assert!(message.contains("It fired 3 times before this could be sent."), "{message}");
}

#[tokio::test]
async fn a_lower_bound_is_told_as_one_unless_the_rule_does() {
    let mut notification = firing();
    notification.is_lower_bound = true;
    let message = field(&sent(&notification).await, "message");
    assert!(message.ends_with("\nThe value is at least 57, and perhaps more."), "{message}");
    let template = "{% if at_least %}at least {% endif %}{{ value }} errors";
    notification.annotations.insert("description".to_owned(), template.to_owned());
    assert_eq!(field(&sent(&notification).await, "message"), "at least 57 errors");
    notification = bare(notification);
    let expected = "ErrorThreshold: the value is at least 57, the threshold 50.";
    assert_eq!(field(&sent(&notification).await, "message"), expected);
}

#[tokio::test]
async fn an_end_that_is_no_recovery_says_why() {
    let mut notification = resolved();
    for (ended, why) in
        [(Ended::RuleRemoved, "its rule is gone"), (Ended::NoData, "nothing to count any more")]
    {
        notification.ended = notification.ended.map(|(at, _)| (at, ended));
        let message = field(&sent(&notification).await, "message");
        assert!(message.contains("It is over since 2026-03-01T12:07:30Z: "), "{message}");
        assert!(message.contains(why), "{message}");
    }
}

#[tokio::test]
async fn a_title_that_exceeds_nothing_is_prefixed_when_it_is_over() {
    let mut notification = resolved();
    notification.annotations.insert("summary".to_owned(), "Disk {{ rule }} is full".to_owned());
    assert_eq!(field(&sent(&notification).await, "title"), "Resolved: Disk ErrorThreshold is full");
}

#[tokio::test]
async fn a_url_with_or_without_route_slash_and_prefix_works() {
    let recorder = Recorder::start().await.unwrap();
    for (url, path) in [
        ("", "/pitch"),
        ("/", "/pitch"),
        ("/pitch", "/pitch"),
        ("/pitch/", "/pitch"),
        ("/base", "/base/pitch"),
        ("/base/pitch", "/base/pitch"),
        ("/base/?key=1", "/base/pitch?key=1"),
    ] {
        pitcher(&recorder.url(url)).deliver(&firing()).await.unwrap();
        assert_eq!(recorder.requests().last().unwrap().path, path, "{url}");
    }
}

#[tokio::test]
async fn a_token_is_sent_as_a_bearer_token() {
    let recorder = Recorder::start().await.unwrap();
    let (url, token) = (Secret::new(recorder.url("")), Secret::new("a-token"));
    let receiver = Pitcher::new(&url, Some(&token), client(), no_templates()).unwrap();
    receiver.deliver(&firing()).await.unwrap();
    assert_eq!(recorder.requests()[0].header("authorization"), Some("Bearer a-token"));
}
