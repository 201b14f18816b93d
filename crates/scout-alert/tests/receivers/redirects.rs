//! Where a receiver may send to instead.

use scout_alert::WebhookSettings;
use scout_core::alerting::DeliveryErrorKind;
use scout_core::alerting::Receiver as _;
use scout_testkit::{Recorder, Reply};

use crate::support::{client, firing, outcome, pitcher, webhook};

#[tokio::test]
async fn on_the_same_origin_307_and_308_are_followed_with_method_headers_and_body() {
    let recorder = Recorder::start().await.unwrap();
    let settings = &mut WebhookSettings::default();
    settings.token = Some(scout_alert::Secret::new("a-token"));
    for (status, location) in [(307, "/there?a=b"), (308, &*recorder.url("/there?a=b"))] {
        recorder.reply_once(Reply::status(status).with_header("location", location));
        webhook(&recorder.url("/here"), settings).deliver(&firing()).await.unwrap();
        let [here, there] = &recorder.requests().split_off(recorder.requests().len() - 2)[..] else {
            panic!()
        };
        assert_eq!((&*here.path, &*there.path), ("/here", "/there?a=b"));
        assert_eq!((&here.method, &here.body), (&there.method, &there.body));
        assert_eq!(there.header("authorization"), Some("Bearer a-token"));
        assert_eq!(there.header("idempotency-key"), here.header("idempotency-key"));
    }
}

#[tokio::test]
async fn another_origin_is_not_followed() {
    let (recorder, other) = (Recorder::start().await.unwrap(), Recorder::start().await.unwrap());
    for location in [
        other.url("/pitch"),
        format!("//{}/pitch", other.address()),
        format!("http://{}@{}/pitch", recorder.address(), other.address()),
        format!("https://{}/pitch", recorder.address()),
        format!("http://localhost:{}/pitch", recorder.address().port()),
        "mailto:ops@example.com".to_owned(),
    ] {
        for status in [307, 308] {
            recorder.reply_once(Reply::status(status).with_header("location", &location));
            let outcome = outcome(client(), &recorder.url("")).await;
            assert_eq!(outcome, Err(DeliveryErrorKind::Answer), "{location}");
        }
    }
    assert!(other.requests().is_empty());
    assert_eq!(recorder.requests().len(), 12);
}

#[tokio::test]
async fn what_would_lose_the_body_is_not_followed() {
    let recorder = Recorder::start().await.unwrap();
    for status in [300, 301, 302, 303, 304] {
        recorder.reply_once(Reply::status(status).with_header("location", "/pitch"));
        let outcome = outcome(client(), &recorder.url("")).await;
        assert_eq!(outcome, Err(DeliveryErrorKind::Answer), "{status}");
    }
    assert_eq!(recorder.requests().len(), 5);
}

#[tokio::test]
async fn a_redirect_without_an_address_is_no_answer() {
    let recorder = Recorder::start().await.unwrap();
    recorder.reply(Reply::status(307));
    assert_eq!(outcome(client(), &recorder.url("")).await, Err(DeliveryErrorKind::Answer));
}

#[tokio::test]
async fn five_redirects_are_followed_and_a_loop_is_not() {
    let recorder = Recorder::start().await.unwrap();
    for _ in 0..5 {
        recorder.reply_once(Reply::status(307).with_header("location", "/pitch"));
    }
    pitcher(&recorder.url("")).deliver(&firing()).await.unwrap();
    assert_eq!(recorder.requests().len(), 6);
    recorder.reply(Reply::status(307).with_header("location", "/pitch"));
    assert_eq!(outcome(client(), &recorder.url("")).await, Err(DeliveryErrorKind::Answer));
    assert_eq!(recorder.requests().len(), 12);
}
