//! What comes of each answer, and of none.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use scout_alert::{Client, WebhookSettings};
use scout_core::alerting::{DeliveryErrorKind, Receiver};
use scout_testkit::{Recorder, Reply};

use crate::support::{
    LIMIT, client, failure, firing, impatient, outcome, pitcher, pitcher_by, webhook, webhook_by,
};

#[tokio::test]
async fn any_2xx_is_accepted_by_every_receiver() {
    let recorder = Recorder::start().await.unwrap();
    for status in [200, 201, 202, 204] {
        recorder.reply(Reply::status(status));
        pitcher(&recorder.url("")).deliver(&firing()).await.unwrap();
        webhook(&recorder.url("/hook"), &WebhookSettings::default()).deliver(&firing()).await.unwrap();
    }
    assert_eq!(recorder.requests().len(), 8);
}

#[tokio::test]
async fn a_refusal_is_told_with_the_receivers_own_words() {
    let recorder = Recorder::start().await.unwrap();
    let said = r#"{"status":"error","message":"Title is required"}"#;
    recorder.reply(Reply::status(400).with_body(said));
    for receiver in receivers(&recorder) {
        let error = failure(&*receiver).await;
        assert_eq!(error.kind(), DeliveryErrorKind::Rejected);
        assert!(error.is_refusal());
        let expected = format!("http://{} answered 400 Bad Request: Title is required", recorder.address());
        assert_eq!(error.to_string(), expected);
    }
}

#[tokio::test]
async fn who_cannot_at_the_moment_is_asked_again_when_it_says() {
    use DeliveryErrorKind::{Throttled, Unavailable};
    let recorder = Recorder::start().await.unwrap();
    let (date, later) = ("Sun, 01 Mar 2026 12:00:00 GMT", "Sun, 01 Mar 2026 12:01:30 GMT");
    for (reply, kind, wait) in [
        (Reply::status(408), Unavailable, None),
        (Reply::status(429), Throttled, None),
        (Reply::status(429).with_header("retry-after", "7"), Throttled, Some(7)),
        (Reply::status(429).with_header("retry-after", later).with_header("date", date), Throttled, Some(90)),
        (Reply::status(500), Unavailable, None),
        (Reply::status(502), Unavailable, None),
        (Reply::status(503).with_header("retry-after", "120"), Unavailable, Some(120)),
    ] {
        recorder.reply(reply.clone());
        for receiver in receivers(&recorder) {
            let error = failure(&*receiver).await;
            assert_eq!(error.kind(), kind, "{reply:?}");
            assert_eq!(error.retry_after(), wait.map(Duration::from_secs), "{reply:?}");
            assert!(!error.is_refusal(), "{reply:?}");
        }
    }
}

#[tokio::test]
async fn who_says_nothing_is_not_waited_for_longer_than_the_limit() {
    let recorder = Recorder::start().await.unwrap();
    recorder.reply(Reply::Hang);
    for receiver in receivers_by(&impatient(), &recorder) {
        let started = now();
        let error = failure(&*receiver).await;
        let waited = started.elapsed();
        assert_eq!(error.kind(), DeliveryErrorKind::Timeout);
        assert!(waited >= LIMIT && waited < LIMIT * 20, "{waited:?}");
    }
}

#[tokio::test]
async fn an_answer_that_never_ends_is_not_waited_for_either() {
    let endless = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n";
    let target = stalling(endless);
    assert_eq!(outcome(impatient(), &format!("http://{target}")).await, Err(DeliveryErrorKind::Timeout));
}

#[tokio::test]
async fn a_connection_that_breaks_is_closed_whatever_had_come_by_then() {
    let recorder = Recorder::start().await.unwrap();
    for reply in [
        Reply::Reset,
        Reply::Raw(Vec::new()),
        Reply::truncated(),
        Reply::Raw(b"HTTP/1.1 200 OK\r\ncontent-le".to_vec()),
        Reply::Raw(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel".to_vec()),
        Reply::Raw(b"HTTP/1.1 500 Oops\r\ncontent-length: 9\r\n\r\nhel".to_vec()),
    ] {
        recorder.reply(reply.clone());
        for receiver in receivers(&recorder) {
            let error = failure(&*receiver).await;
            assert_eq!(error.kind(), DeliveryErrorKind::Closed, "{reply:?}: {error}");
        }
    }
}

#[tokio::test]
async fn what_is_no_http_is_no_answer() {
    let recorder = Recorder::start().await.unwrap();
    recorder.reply(Reply::Raw(b"220 mail.example.com ESMTP\r\n".to_vec()));
    assert_eq!(outcome(client(), &recorder.url("")).await, Err(DeliveryErrorKind::Answer));
}

#[tokio::test]
async fn an_answer_longer_than_is_read_is_judged_by_its_status() {
    let recorder = Recorder::start().await.unwrap();
    recorder.reply_once(Reply::status(200).with_body(vec![b'a'; 1 << 20]));
    assert_eq!(outcome(client(), &recorder.url("")).await, Ok(()));
    recorder.reply_once(Reply::status(503).with_body(vec![b'a'; 1 << 20]));
    assert_eq!(outcome(client(), &recorder.url("")).await, Err(DeliveryErrorKind::Unavailable));
}

#[tokio::test]
async fn nobody_there_is_told_from_nobody_who_answers() {
    let gone = Recorder::start().await.unwrap().address();
    assert_eq!(outcome(client(), &format!("http://{gone}")).await, Err(DeliveryErrorKind::Connect));
    assert_eq!(outcome(client(), "http://nowhere.invalid").await, Err(DeliveryErrorKind::Connect));
}

#[tokio::test]
async fn connections_are_used_again_and_a_stale_one_costs_no_delivery() {
    let recorder = Recorder::start().await.unwrap();
    let receiver = pitcher(&recorder.url(""));
    for _ in 0..3 {
        receiver.deliver(&firing()).await.unwrap();
    }
    assert_eq!(recorder.connections(), 1);
    // The server says that it goes on, and then closes.
    recorder.reply_once(Reply::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_vec()));
    receiver.deliver(&firing()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    receiver.deliver(&firing()).await.unwrap();
    assert_eq!(recorder.connections(), 2);
}

fn receivers(recorder: &Recorder) -> [Box<dyn Receiver>; 2] {
    receivers_by(&client(), recorder)
}

fn receivers_by(client: &Client, recorder: &Recorder) -> [Box<dyn Receiver>; 2] {
    let settings = WebhookSettings::default();
    [
        Box::new(pitcher_by(client.clone(), &recorder.url(""))),
        Box::new(webhook_by(client.clone(), &recorder.url("/hook"), &settings)),
    ]
}

#[expect(clippy::disallowed_methods, reason = "a measurement of time")]
fn now() -> Instant {
    Instant::now()
}

/// A server that answers with these bytes and leaves the connection open.
fn stalling(answer: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        assert!(client.read(&mut [0; 4096]).unwrap() > 0);
        client.write_all(answer.as_bytes()).unwrap();
        // Until the client goes away.
        while client.read(&mut [0; 4096]).is_ok_and(|read| read > 0) {}
    });
    address
}
