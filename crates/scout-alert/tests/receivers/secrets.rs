//! No secret is shown, whatever happens to it.

use scout_alert::{
    Client, ClientSettings, Endpoint, Heartbeat, HeartbeatMethod, Pitcher, Proxies, Secret, Webhook,
    WebhookSettings,
};
use scout_core::WallTime;
use scout_core::alerting::{DeliveryError, Receiver};
use scout_testkit::{Recorder, Reply};

use crate::support::{client, failure, no_templates};

const TOKEN: &str = "t0ken-t0ken";
const KEY: &str = "s1gning-key";
const USER: &str = "us3r";
const PASSWORD: &str = "pass-w0rd";
const QUERY: &str = "qu3ry-value";
const PATH: &str = "p4th-of-a-webhook-url";

fn assert_hidden(text: &str) {
    // printf 'us3r:pass-w0rd' | base64
    for secret in [TOKEN, KEY, USER, PASSWORD, QUERY, PATH, "dXMzcjpwYXNzLXcwcmQ="] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

fn url(recorder: &Recorder) -> Secret {
    let url = recorder.url(&format!("/{PATH}?key={QUERY}"));
    Secret::new(url.replace("://", &format!("://{USER}:{PASSWORD}@")))
}

fn receivers(recorder: &Recorder) -> [Box<dyn Receiver>; 3] {
    let (url, token) = (url(recorder), Secret::new(TOKEN));
    let mut settings = WebhookSettings::default();
    settings.signing_key = Some(Secret::new(KEY));
    assert_hidden(&format!("{settings:?} {url:?} {token:?}"));
    let basic = Webhook::new(&url, &settings, client(), no_templates()).unwrap();
    settings.token = Some(token.clone());
    [
        Box::new(Pitcher::new(&url, Some(&token), client(), no_templates()).unwrap()),
        Box::new(Webhook::new(&url, &settings, client(), no_templates()).unwrap()),
        Box::new(basic),
    ]
}

fn shown(error: &DeliveryError) -> String {
    format!("{error} {error:?} {error:#?}")
}

#[tokio::test]
async fn debug_output_shows_none() {
    let recorder = Recorder::start().await.unwrap();
    for receiver in receivers(&recorder) {
        assert_hidden(&format!("{receiver:?} {receiver:#?}"));
    }
    let heartbeat = Heartbeat::new(&url(&recorder), HeartbeatMethod::Get, client()).unwrap();
    assert_hidden(&format!("{heartbeat:?}"));
    let mut settings = ClientSettings::default();
    let proxy = Secret::new(format!("http://{USER}:{PASSWORD}@127.0.0.1:1"));
    settings.proxies = Proxies::new(Some(&proxy), Some(&proxy), "").unwrap();
    assert_hidden(&format!("{settings:?} {:?}", Client::new(settings.clone())));
}

#[tokio::test]
async fn a_receiver_that_repeats_what_it_was_sent_is_not_repeated() {
    let recorder = Recorder::start().await.unwrap();
    let [pitcher, webhook, basic] = receivers(&recorder);
    let url = format!("POST /{PATH}?key={QUERY} ({QUERY}) {USER} {PASSWORD} {USER}:{PASSWORD}");
    // What is cut off in the middle is no longer found by who looks for it, and still most of a secret.
    let late = format!("{}{TOKEN}", "a".repeat(195));
    for (receiver, said) in [
        (&pitcher, format!("{url} {TOKEN}")),
        (&webhook, format!("{url} {TOKEN}")),
        (&basic, format!("{url} dXMzcjpwYXNzLXcwcmQ=")),
        (&pitcher, late),
    ] {
        recorder.reply(Reply::status(400).with_body(said));
        let error = failure(&**receiver).await;
        assert_hidden(&shown(&error));
        assert!(error.to_string().contains("***") && !error.to_string().contains(&TOKEN[..5]), "{error}");
    }
    recorder.reply(Reply::status(400).with_body(url));
    let heartbeat = Heartbeat::new(&self::url(&recorder), HeartbeatMethod::Get, client()).unwrap();
    assert_hidden(&shown(&heartbeat.beat(WallTime::default()).await.unwrap_err()));
}

#[tokio::test]
async fn no_failure_shows_one() {
    let recorder = Recorder::start().await.unwrap();
    let elsewhere = format!("http://{USER}:{PASSWORD}@127.0.0.1:1/{PATH}?key={QUERY}");
    for reply in [
        Reply::status(500),
        Reply::status(307).with_header("location", &elsewhere),
        Reply::status(307).with_header("location", &format!("/{PATH}?key={QUERY}")),
        Reply::status(302).with_header("location", &elsewhere),
        Reply::Reset,
        Reply::truncated(),
        Reply::Raw(format!("{TOKEN} {QUERY}\r\n\r\n").into_bytes()),
    ] {
        recorder.reply(reply);
        for receiver in receivers(&recorder) {
            assert_hidden(&shown(&failure(&*receiver).await));
        }
    }
    let away = receivers(&recorder);
    drop(recorder);
    for receiver in away {
        assert_hidden(&shown(&failure(&*receiver).await));
    }
}

#[test]
fn settings_that_cannot_be_used_are_not_repeated() {
    for url in [
        format!("http://{USER}:{PASSWORD}@"),
        format!("http://{USER}:{PASSWORD}@a:99999/{PATH}?key={QUERY}"),
        format!("ftp://{USER}:{PASSWORD}@a/{PATH}?key={QUERY}"),
        format!("http://a b/{PATH}?key={QUERY}"),
    ] {
        let error = Endpoint::new(&Secret::new(url), None).unwrap_err();
        assert_hidden(&format!("{error} {error:?}"));
    }
    let error =
        Endpoint::new(&Secret::new("http://a"), Some(&Secret::new(format!("{TOKEN}\n")))).unwrap_err();
    assert_hidden(&format!("{error} {error:?}"));
}
