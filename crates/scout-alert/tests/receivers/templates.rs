//! What templates can say, and what is found before they do.

use std::sync::Arc;

use scout_alert::{Pitcher, Secret, Templates};
use scout_core::alerting::Notification;
use scout_core::alerting::Receiver as _;
use scout_testkit::Recorder;

use crate::support::{client, firing, resolved};

/// The message of this notification if this is its description.
async fn said(template: &str, mut notification: Notification, compiled: bool) -> String {
    let recorder = Recorder::start().await.unwrap();
    notification.annotations.insert("description".to_owned(), template.to_owned());
    let templates = Arc::new(Templates::new(compiled.then_some(template)));
    let receiver = Pitcher::new(&Secret::new(recorder.url("")), None, client(), templates).unwrap();
    receiver.deliver(&notification).await.unwrap();
    let body: serde_json::Value = serde_json::from_slice(&recorder.requests()[0].body).unwrap();
    body["message"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn every_variable_says_what_it_is_called() {
    let template = "{{ value }} {{ threshold }} {{ labels.system }} {{ rule }} {{ severity }} {{ state }} {{ reason }} \
                    {{ starts_at }} {{ ends_at }} {{ firings }} {{ at_least }} {{ receiver }}";
    Templates::check(template).unwrap();
    for compiled in [true, false] {
        let over = said(template, resolved(), compiled).await;
        let expected = "57 50 flux ErrorThreshold WARNING resolved resolved 2026-03-01T12:00:00Z \
                        2026-03-01T12:07:30Z 1 False ops";
        assert_eq!(over.lines().next(), Some(expected));
        let fires = said(template, firing(), compiled).await;
        assert!(fires.contains("firing fired 2026-03-01T12:00:00Z  1 "), "{fires}");
    }
}

#[tokio::test]
async fn a_ratio_keeps_its_fraction_and_a_count_has_none() {
    let mut ratio = firing();
    (ratio.value, ratio.threshold) = (0.25, 1.0);
    assert_eq!(said("{{ value }}/{{ threshold }} {{ value * 100 }}", ratio, true).await, "0.25/1 25.0");
    assert_eq!(said("{{ value + 1 }}", firing(), true).await, "58");
}

#[tokio::test]
async fn texts_are_not_escaped_and_labels_are_not_templates() {
    let mut notification = firing();
    notification.labels.insert("system".to_owned(), "<b>{{ rule }}</b>".to_owned());
    assert_eq!(said("{{ labels.system }}.html", notification, true).await, "<b>{{ rule }}</b>.html");
}

#[tokio::test]
async fn a_template_that_fails_is_sent_as_it_is() {
    for template in [
        "{{ value",
        "{{ value|nonsense }}",
        "{{ nothing() }}",
        "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
    ] {
        assert!(Templates::check(template).is_err(), "{template}");
        for compiled in [true, false] {
            assert_eq!(said(template, firing(), compiled).await, template);
        }
    }
}

#[tokio::test]
async fn a_label_that_is_not_there_is_empty_rather_than_the_end_of_the_alert() {
    assert_eq!(said("in {{ labels.cluster }}: {{ labels.a.b }}{{ value }}", firing(), true).await, "in : 57");
}

#[tokio::test]
async fn a_text_that_gets_too_long_is_cut() {
    let mut notification = firing();
    notification.labels.insert("system".to_owned(), "é".repeat(10_000));
    let text = said("{{ labels.system }}{{ labels.system }}", notification, true).await;
    assert_eq!(text.len(), 16 << 10);
    assert!(text.chars().all(|letter| letter == 'é'));
    let plain = said(&"a".repeat(20_000), firing(), true).await;
    assert_eq!(plain.len(), 16 << 10);
}

#[tokio::test]
async fn a_text_of_nothing_is_no_text() {
    let message = said("{% if false %}x{% endif %} ", firing(), true).await;
    assert_eq!(message, "ErrorThreshold: the value is 57, the threshold 50.");
}

#[test]
fn what_is_right_passes() {
    for template in [
        "",
        "plain text",
        "{{ value }} of {{ labels.system }} and {{ labels['odd name'] }}",
        "{% for name in labels %}{{ name }}={{ labels[name] }} {% endfor %}",
        "{% if firings > 1 %}{{ firings }} times{% endif %}{% if ends_at %} until {{ ends_at }}{% endif %}",
        "{{ (value * 100)|round(1) }} %{% set more = value - threshold %} {{ more }} {{ rule|upper }}",
        "{% for number in range(3) %}{{ number }}{% endfor %}",
    ] {
        assert_eq!(Templates::check(template), Ok(()), "{template}");
    }
}

#[test]
fn each_mistake_is_found_before_anything_is_sent() {
    for (template, named) in [
        ("{{ valeu }}", "valeu"),
        ("{% if firings > 99 %}{{ valeu }}{% endif %}", "valeu"),
        ("{{ value.size }}", "undefined"),
        ("{{ value|nonsense }}", "nonsense"),
        ("a\n{{ value", "line 2"),
        ("{% for x in labels %}", "end"),
        ("{% for a in range(9999) %}{% for b in range(9999) %}{{ a }}{% endfor %}{% endfor %}", "fuel"),
        ("{{ 'a' * 20000 }}", "16384"),
        ("{% include 'other' %}", "include"),
    ] {
        let error = Templates::check(template).expect_err(template);
        assert!(error.contains(named), "{template}: {error}");
    }
}

#[test]
fn a_label_that_the_rule_does_not_give_is_a_mistake_if_they_are_known() {
    assert_eq!(Templates::check_with_labels("{{ labels.system }}", &["alertname", "system"]), Ok(()));
    assert!(Templates::check_with_labels("{{ labels.sytem }}", &["alertname", "system"]).is_err());
}
