//! Connections: junk, slow clients, too many of them, and the end.

use std::time::Duration;

use crate::support::{Client, Reaction, get, metric, serve, serve_with};

const PITCH: &str =
    "POST /pitch HTTP/1.1\r\nhost: scout\r\ncontent-length: 27\r\n\r\n{\"title\":\"t\",\"message\":\"m\"}";

#[tokio::test]
async fn several_requests_are_answered_on_one_connection_also_in_one_go() {
    let harness = serve(|_| {}).await;
    let mut client = harness.connect().await;
    client.send(get("/health") + &get("/nothing") + &get("/livez")).await;
    for status in [200, 404, 200] {
        assert_eq!(client.reply(false).await.status(), status);
    }
    assert_eq!(client.ask(&get("/health")).await.status(), 200);
}

#[tokio::test]
async fn junk_is_refused_and_harms_nobody() {
    let harness = serve_with(|_| {}).await;
    let mut junk: Vec<Vec<u8>> = vec![
        b"\0\0\0\0\0\0\0\0\r\n\r\n".to_vec(),
        b"GET\r\n\r\n".to_vec(),
        b"GET / HTTP/9.9\r\n\r\n".to_vec(),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n".to_vec(),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        b"GET / HTTP/1.1\r\ncontent-length: -1\r\n\r\n".to_vec(),
        b"POST /pitch HTTP/1.1\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nabcdef".to_vec(),
        b"GET / HTTP/1.1\r\nbad header\r\n\r\n".to_vec(),
        [&b"GET /"[..], &[b'a'; 100_000], b" HTTP/1.1\r\n\r\n"].concat(),
        [&b"GET / HTTP/1.1\r\nx: "[..], &[b'a'; 100_000], b"\r\n\r\n"].concat(),
    ];
    // Every byte once, in several orders.
    junk.extend((0..8u32).map(|seed| (0..=255u8).map(|byte| byte.rotate_left(seed) ^ 0x5a).collect()));
    for bytes in junk {
        let mut client = harness.connect().await;
        client.send(&bytes).await;
        client.send("\r\n\r\n").await;
        let answer = client.until_closed().await;
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 4"),
            "{:?} was answered {answer:?}",
            String::from_utf8_lossy(&bytes[..bytes.len().min(40)])
        );
    }
    assert_eq!(harness.get("/health").await.status(), 200);
    assert_eq!(metric(&harness, "homerun2_scout_http_panics_total").await, 0);
}

#[tokio::test]
async fn headers_are_bounded_in_number_and_in_bytes() {
    let harness = serve(|_| {}).await;
    let many = "a: b\r\n".repeat(101);
    assert_eq!(harness.ask(&format!("GET / HTTP/1.1\r\n{many}\r\n")).await.status(), 431);
    let long = "b".repeat(17 << 10);
    assert_eq!(harness.ask(&format!("GET / HTTP/1.1\r\na: {long}\r\n\r\n")).await.status(), 431);
}

#[tokio::test]
async fn who_sends_a_header_byte_by_byte_is_cut_off() {
    let harness = serve(|config| config.header_timeout = Duration::from_millis(100)).await;
    let mut slow = harness.connect().await;
    slow.send("GET / HT").await;
    assert_eq!(slow.until_closed().await, "");
    assert_eq!(metric(&harness, "homerun2_scout_http_timeouts_total{phase=\"header\"}").await, 1);
}

#[tokio::test]
async fn who_connects_and_says_nothing_is_cut_off() {
    let harness = serve(|config| config.header_timeout = Duration::from_millis(100)).await;
    assert_eq!(harness.connect().await.until_closed().await, "");
}

#[tokio::test]
async fn the_header_of_a_later_request_is_timed_as_the_first() {
    let harness = serve(|config| config.header_timeout = Duration::from_millis(400)).await;
    let mut slow = harness.connect().await;
    assert_eq!(slow.ask(&get("/health")).await.status(), 200);
    slow.send("GET / HT").await;
    assert_eq!(slow.until_closed().await, "");
    assert_eq!(metric(&harness, "homerun2_scout_http_timeouts_total{phase=\"header\"}").await, 1);
}

#[tokio::test]
async fn an_idle_connection_is_closed_after_its_time_and_not_counted_as_slow() {
    let harness = serve(|config| {
        config.header_timeout = Duration::from_millis(400);
        config.idle_timeout = Duration::from_millis(1200);
    })
    .await;
    let mut client = harness.connect().await;
    assert_eq!(client.ask(&get("/health")).await.status(), 200);
    // Longer than a header may take: an idle connection has another limit.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(client.ask(&get("/health")).await.status(), 200);
    assert_eq!(client.until_closed().await, "");
    assert_eq!(metric(&harness, "homerun2_scout_http_timeouts_total{phase=\"header\"}").await, 0);
}

#[tokio::test]
async fn a_connection_in_use_outlives_the_idle_time() {
    let harness = serve(|config| config.idle_timeout = Duration::from_secs(1)).await;
    let mut client = harness.connect().await;
    for _ in 0..5 {
        assert_eq!(client.ask(&get("/health")).await.status(), 200);
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    assert_eq!(client.ask(&get("/health")).await.status(), 200);
}

#[tokio::test]
async fn who_takes_no_answers_is_cut_off() {
    let harness = serve(|config| config.answer_timeout = Duration::from_millis(100)).await;
    let mut client = harness.connect().await;
    let requests = get("/metrics").repeat(200);
    // Never reads: the answers fill the buffers of both sides.
    while metric(&harness, "homerun2_scout_http_timeouts_total{phase=\"answer\"}").await == 0 {
        let sent = tokio::time::timeout(Duration::from_millis(20), client.try_send(&requests)).await;
        if matches!(sent, Ok(false)) {
            break;
        }
    }
    assert_eq!(metric(&harness, "homerun2_scout_http_timeouts_total{phase=\"answer\"}").await, 1);
}

#[tokio::test]
async fn at_the_limit_idle_connections_make_room_for_new_ones() {
    let harness = serve(|config| config.max_connections = 2).await;
    let mut first = harness.connect().await;
    assert_eq!(first.ask(&get("/health")).await.status(), 200);
    // The other is waited for less long from its beginning on, whenever the server looks for room.
    harness.clock.advance(Duration::from_secs(1));
    let mut second = harness.connect().await;
    assert_eq!(second.ask(&get("/health")).await.status(), 200);
    assert_eq!(harness.get("/health").await.status(), 200);
    assert_eq!(first.until_closed().await, "");
    assert!(metric(&harness, "homerun2_scout_http_connection_limit_reached_total").await >= 1);
}

#[tokio::test]
async fn at_the_limit_clients_that_never_sent_a_byte_make_room_for_one_that_does() {
    let harness = serve(|config| config.max_connections = 20).await;
    let mut silent = Vec::new();
    for _ in 0..60 {
        silent.push(harness.connect().await);
    }
    let passing = async {
        loop {
            tokio::time::sleep(Duration::from_millis(20)).await;
            harness.clock.advance(Duration::from_millis(20));
        }
    };
    // A third of the time that a header may take to begin, which they would be left otherwise.
    let limit = Duration::from_secs(3);
    let reply = tokio::select! {
        reply = tokio::time::timeout(limit, harness.get("/livez")) => reply.expect("it is served soon"),
        () = passing => unreachable!("time has no end"),
    };
    assert_eq!(reply.status(), 200);
    assert_eq!(silent[0].until_closed().await, "");
    drop(silent);
    assert_eq!(metric(&harness, "homerun2_scout_http_timeouts_total{phase=\"header\"}").await, 0);
}

#[tokio::test]
async fn at_the_limit_a_client_that_has_just_connected_may_still_send() {
    let harness = serve(|config| config.max_connections = 1).await;
    let mut silent = harness.connect().await;
    let mut waiting = harness.connect().await;
    waiting.send(get("/health")).await;
    // The server's clock stands still while the server looks for room, several times over.
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(silent.ask(&get("/health")).await.status(), 200);
    assert_eq!(silent.until_closed().await, "");
    assert_eq!(waiting.reply(false).await.status(), 200);
}

#[tokio::test]
async fn at_the_limit_requests_in_flight_are_left_alone_and_others_wait() {
    let harness = serve_with(|config| config.max_connections = 1).await;
    harness.store.react(Reaction::Wait);
    let mut busy = harness.connect().await;
    busy.send(PITCH).await;
    harness.store.arrived.notified().await;
    let mut waiting = harness.connect().await;
    waiting.send(get("/health")).await;
    // Let the server notice that it is full, several times over.
    tokio::time::sleep(Duration::from_millis(300)).await;
    harness.store.release();
    assert_eq!(busy.reply(false).await.status(), 200);
    assert_eq!(waiting.reply(false).await.status(), 200);
}

#[tokio::test]
async fn a_panic_ends_its_connection_and_nothing_else() {
    let harness = serve_with(|_| {}).await;
    harness.store.react(Reaction::Panic);
    let mut client = harness.connect().await;
    client.send(PITCH).await;
    assert_eq!(client.until_closed().await, "");
    assert_eq!(harness.ask(PITCH).await.status(), 200);
    assert_eq!(metric(&harness, "homerun2_scout_http_panics_total").await, 1);
}

#[tokio::test]
async fn stopping_closes_idle_connections_and_lets_requests_finish() {
    let mut harness = serve_with(|_| {}).await;
    harness.store.react(Reaction::Wait);
    let mut busy = harness.connect().await;
    busy.send(PITCH).await;
    harness.store.arrived.notified().await;
    let (mut idle, mut fresh) = (harness.connect().await, harness.connect().await);
    assert_eq!(idle.ask(&get("/health")).await.status(), 200);
    harness.stop();
    assert_eq!(idle.until_closed().await, "");
    assert_eq!(fresh.until_closed().await, "");
    assert!(!Client::can_connect(harness.address).await, "no new ones");
    harness.store.release();
    let reply = busy.reply(false).await;
    assert_eq!((reply.status(), reply.header("connection")), (200, Some("close")));
    harness.ended().await;
}

#[tokio::test]
async fn what_does_not_finish_within_the_grace_is_cut_off() {
    let mut harness = serve_with(|config| config.grace = Duration::from_millis(100)).await;
    harness.store.react(Reaction::NeverAnswer);
    let mut busy = harness.connect().await;
    busy.send(PITCH).await;
    harness.store.arrived.notified().await;
    harness.stop();
    harness.ended().await;
    assert_eq!(busy.until_closed().await, "");
}

#[tokio::test]
async fn two_servers_cannot_have_one_address() {
    let harness = serve(|_| {}).await;
    let config = scout_http::HttpConfig::new(harness.address);
    let clock = harness.clock.clone();
    let error =
        scout_http::Server::bind(config, clock, None, scout_http::Telemetry::new()).await.unwrap_err();
    assert!(error.to_string().starts_with(&format!("cannot listen at {}: ", harness.address)), "{error}");
    assert!(error.is_retryable());
}

#[tokio::test]
async fn half_a_request_and_a_goodbye_leave_nothing_behind() {
    let harness = serve_with(|_| {}).await;
    for part in ["", "G", "POST /pitch HTTP/1.1\r\ncontent-length: 10\r\n\r\n{", "GET / HTTP/1.1\r\n"] {
        let mut client = harness.connect().await;
        client.send(part).await;
        drop(client);
    }
    while metric(&harness, "homerun2_scout_http_connections").await > 1 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(metric(&harness, "homerun2_scout_http_panics_total").await, 0);
}
