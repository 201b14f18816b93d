//! The intake.

use std::sync::Arc;
use std::time::Duration;

use scout_http::Tokens;

use crate::support::{Harness, Reaction, Reply, serve, serve_with};

const BODY: &str =
    "{\"title\":\"deployed\",\"message\":\"version 2\",\"severity\":\"SUCCESS\",\"system\":\"flux\"}";

fn pitch(body: &str) -> String {
    format!("POST /pitch HTTP/1.1\r\nhost: scout\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

async fn sent(harness: &Harness, body: &str) -> Reply {
    harness.ask(&pitch(body)).await
}

fn refusal(message: &str) -> String {
    format!("{{\"objectId\":\"\",\"streamId\":\"\",\"status\":\"error\",\"message\":\"{message}\"}}\n")
}

#[tokio::test]
async fn a_message_is_stored_and_its_key_and_stream_are_told() {
    let harness = serve_with(|_| {}).await;
    assert_eq!(
        sent(&harness, BODY).await.raw(),
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 112\r\ndate: *\r\n\r\n\
         {\"objectId\":\"uuid-a\\u003cb\",\"streamId\":\"messages\",\"status\":\"success\",\
         \"message\":\"Message successfully enqueued\"}\n"
    );
    let [message] = &harness.store.taken()[..] else { panic!("one message") };
    assert_eq!((&*message.title, &*message.severity, &*message.author), ("deployed", "SUCCESS", "unknown"));
    assert_eq!(message.timestamp, "2026-03-01T12:00:00Z", "by the server's clock");
}

#[tokio::test]
async fn what_is_no_message_is_400() {
    let harness = serve_with(|_| {}).await;
    for (body, message) in [
        ("", "Invalid JSON payload"),
        ("{", "Invalid JSON payload"),
        ("[]", "Invalid JSON payload"),
        ("{\"title\":1}", "Invalid JSON payload"),
        ("{}", "Title is required"),
        ("{\"title\":\"\",\"message\":\"m\"}", "Title is required"),
        ("{\"title\":\"t\"}", "Message is required"),
    ] {
        let reply = sent(&harness, body).await;
        assert_eq!((reply.status(), reply.text()), (400, &*refusal(message)), "{body:?}");
    }
    assert!(harness.store.taken().is_empty());
}

#[tokio::test]
async fn a_body_in_chunks_is_put_together() {
    let harness = serve_with(|_| {}).await;
    let (one, two) = BODY.split_at(20);
    let chunked = format!(
        "POST /pitch HTTP/1.1\r\nhost: scout\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{one}\r\n{:x}\r\n{two}\r\n0\r\n\r\n",
        one.len(),
        two.len()
    );
    assert_eq!(harness.ask(&chunked).await.status(), 200);
    assert_eq!(harness.store.taken()[0].title, "deployed");
}

#[tokio::test]
async fn a_mebibyte_is_taken_and_one_byte_more_is_413() {
    let harness = serve_with(|_| {}).await;
    let frame = "{\"title\":\"t\",\"message\":\"\"}".len();
    let body = |length: usize| format!("{{\"title\":\"t\",\"message\":\"{}\"}}", "x".repeat(length - frame));
    assert_eq!(sent(&harness, &body(1 << 20)).await.status(), 200);
    let reply = sent(&harness, &body((1 << 20) + 1)).await;
    assert_eq!((reply.status(), reply.text()), (413, &*refusal("Request body too large")));
    assert_eq!(harness.store.taken().len(), 1);
}

#[tokio::test]
async fn a_length_above_the_cap_is_413_before_anything_is_sent() {
    let harness = serve_with(|_| {}).await;
    let request =
        "POST /pitch HTTP/1.1\r\nhost: scout\r\ncontent-length: 99999999999\r\nexpect: 100-continue\r\n\r\n";
    let reply = harness.ask(request).await;
    assert_eq!((reply.status(), reply.header("connection")), (413, Some("close")));
}

#[tokio::test]
async fn who_goes_on_sending_after_a_413_is_not_reset_at_once() {
    let harness = serve_with(|_| {}).await;
    let mut client = harness.connect().await;
    client.send("POST /pitch HTTP/1.1\r\nhost: scout\r\ncontent-length: 3000000\r\n\r\n").await;
    assert_eq!(client.reply(false).await.status(), 413);
    for _ in 0..3 {
        assert!(
            client.try_send(vec![b'x'; 300_000]).await,
            "a client that sends first and reads then would see no answer"
        );
        // Long enough for a reset to come back.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn chunks_above_the_cap_are_413_without_reading_on() {
    let harness = serve_with(|_| {}).await;
    let mut client = harness.connect().await;
    client.send("POST /pitch HTTP/1.1\r\nhost: scout\r\ntransfer-encoding: chunked\r\n\r\n").await;
    let chunk = format!("{:x}\r\n{}\r\n", 1 << 16, "x".repeat(1 << 16));
    for _ in 0..17 {
        client.send(&chunk).await;
    }
    // The body goes on without an end, and yet there is an answer.
    assert_eq!(client.reply(false).await.status(), 413);
}

#[tokio::test]
async fn a_body_that_does_not_come_is_408() {
    let harness = serve_with(|config| config.body_timeout = Duration::from_millis(50)).await;
    let reply =
        harness.ask("POST /pitch HTTP/1.1\r\nhost: scout\r\ncontent-length: 100\r\n\r\n{\"title\"").await;
    assert_eq!((reply.status(), reply.text()), (408, &*refusal("Request body did not arrive in time")));
    assert_eq!(reply.header("connection"), Some("close"));
}

#[tokio::test]
async fn a_broken_chunk_is_400() {
    let harness = serve_with(|_| {}).await;
    let reply =
        harness.ask("POST /pitch HTTP/1.1\r\nhost: scout\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n").await;
    assert_eq!((reply.status(), reply.text()), (400, &*refusal("Request body is broken")));
}

#[tokio::test]
async fn a_store_that_refuses_is_503_and_its_reason_stays_inside() {
    let harness = serve_with(|_| {}).await;
    harness.store.react(Reaction::Refuse("read-only replica"));
    let reply = sent(&harness, BODY).await;
    assert_eq!((reply.status(), reply.text()), (503, &*refusal("Failed to enqueue message")));
    assert_eq!(sent(&harness, BODY).await.status(), 200, "the next goes through");
}

#[tokio::test]
async fn a_store_that_never_answers_is_503() {
    let harness = serve_with(|config| config.submit_timeout = Duration::from_millis(50)).await;
    harness.store.react(Reaction::NeverAnswer);
    assert_eq!(sent(&harness, BODY).await.status(), 503);
}

#[tokio::test]
async fn beyond_the_budget_a_pitch_is_503_and_told_to_come_back() {
    let harness = serve_with(|config| config.pitch_budget_bytes = 0).await;
    let store = Arc::clone(&harness.store);
    // The smallest budget holds one body of unknown length, and less than a second.
    store.react(Reaction::Wait);
    let mut first = harness.connect().await;
    let large = format!("{{\"title\":\"t\",\"message\":\"{}\"}}", "x".repeat((1 << 20) - 100));
    first.send(pitch(&large)).await;
    store.arrived.notified().await;
    let chunked = "POST /pitch HTTP/1.1\r\nhost: scout\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n";
    let reply = harness.ask(chunked).await;
    assert_eq!((reply.status(), reply.header("retry-after")), (503, Some("1")));
    assert_eq!(reply.text(), refusal("Too many messages at the same time"));
    store.release();
    assert_eq!(first.reply(false).await.status(), 200);
    assert_eq!(harness.ask(chunked).await.status(), 400, "there is room again");
}

#[tokio::test]
async fn other_methods_are_405() {
    let harness = serve_with(|_| {}).await;
    for method in ["GET", "HEAD", "PUT"] {
        let reply = harness.ask(&format!("{method} /pitch HTTP/1.1\r\nhost: scout\r\n\r\n")).await;
        assert_eq!((reply.status(), reply.header("allow")), (405, Some("POST")), "{method}");
    }
}

#[tokio::test]
async fn the_token_is_asked_for_before_the_body_is_read() {
    let harness = serve_with(|config| config.tokens = Tokens::new(["secret".to_owned()])).await;
    assert_eq!(sent(&harness, BODY).await.status(), 401);
    let reply = harness.ask("POST /pitch HTTP/1.1\r\nhost: scout\r\ncontent-length: 1000000\r\n\r\n").await;
    assert_eq!(reply.text(), "{\"error\":\"missing authorization header\"}\n");
    let with_token = pitch(BODY).replace("host: scout", "host: scout\r\nauthorization: bearer secret");
    assert_eq!(harness.ask(&with_token).await.status(), 200);
}

#[tokio::test]
async fn without_an_intake_there_is_no_such_route() {
    let harness = serve(|config| config.tokens = Tokens::new(["secret".to_owned()])).await;
    let reply = sent(&harness, BODY).await;
    assert_eq!((reply.status(), reply.text()), (404, "{\"error\":\"not found\"}\n"));
}

#[tokio::test]
async fn pitches_are_counted_by_how_they_ended() {
    let harness = serve_with(|_| {}).await;
    sent(&harness, BODY).await;
    sent(&harness, "{}").await;
    harness.store.react(Reaction::Refuse("read-only replica"));
    sent(&harness, BODY).await;
    let text = harness.get("/metrics").await.text().to_owned();
    for line in [
        "homerun2_scout_pitches_total{result=\"busy\"} 0\n",
        "homerun2_scout_pitches_total{result=\"failed\"} 1\n",
        "homerun2_scout_pitches_total{result=\"invalid\"} 1\n",
        "homerun2_scout_pitches_total{result=\"success\"} 1\n",
        "homerun2_scout_http_requests_total{code=\"200\",route=\"/pitch\"} 1\n",
        "homerun2_scout_http_requests_total{code=\"503\",route=\"/pitch\"} 1\n",
    ] {
        assert!(text.contains(line), "{line} is missing in\n{text}");
    }
}
