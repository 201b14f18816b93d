//! Snapshots as server-sent events.

use std::time::Duration;

use scout_core::{Board, Clock as _, Counting, StoreErrorKind};
use scout_http::Tokens;
use tokio::time::{sleep, timeout};

use crate::support::{Client, Harness, error, get, metric, publication, serve};

const CLIENTS: &str = "homerun2_scout_http_event_clients";
const REFUSED: &str = "homerun2_scout_http_event_clients_refused_total";

const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-store\r\n\
                    x-accel-buffering: no\r\ntransfer-encoding: chunked\r\ndate: *\r\n\r\n";

/// A chunk as it is framed.
fn chunk(text: &str) -> String {
    format!("{:X}\r\n{text}\r\n", text.len())
}

fn event(generation: u64, total: u64) -> String {
    let counts = if total == 0 { String::new() } else { format!("\"info\":{total}") };
    format!(
        "event: snapshot\nid: {generation}\ndata: {{\"totalMessages\":{total},\"severityCounts\":{{{counts}}},\
         \"timeWindow\":\"60s\",\"lastUpdated\":\"2026-03-01T12:00:00Z\"}}\n\n"
    )
}

fn publish(harness: &Harness, board: &mut Board, total: usize) {
    let rows = vec![(Some("info"), None); total];
    harness.publisher.publish(&publication(board, &rows, Vec::new(), &harness.clock));
}

async fn listen(harness: &Harness) -> Client {
    let mut client = harness.connect().await;
    client.send(get("/events")).await;
    client
}

/// Waits until so many listen.
async fn listening(harness: &Harness, clients: u64) {
    while metric(harness, CLIENTS).await != clients {
        sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn who_listens_gets_the_present_snapshot_and_then_every_new_one() {
    let harness = serve(|_| {}).await;
    let mut board = Board::new(Duration::from_secs(60));
    publish(&harness, &mut board, 0);
    let mut client = listen(&harness).await;
    assert_eq!(client.until("\n\n\r\n").await, format!("{HEAD}{}", chunk(&event(1, 0))));
    for generation in 2..5 {
        publish(&harness, &mut board, 3);
        assert_eq!(client.until("\n\n\r\n").await, chunk(&event(generation, 3)));
    }
}

#[tokio::test]
async fn before_the_first_snapshot_who_listens_waits_for_it() {
    let harness = serve(|_| {}).await;
    let mut client = listen(&harness).await;
    assert_eq!(client.until("\r\n\r\n").await, HEAD);
    publish(&harness, &mut Board::new(Duration::from_secs(60)), 1);
    assert_eq!(client.until("\n\n\r\n").await, chunk(&event(1, 1)));
}

#[tokio::test]
async fn numbers_that_turn_stale_are_told_once_however_far_the_scan_is_that_they_wait_for() {
    let harness = serve(|config| config.event_heartbeat = Duration::from_millis(50)).await;
    let mut board = Board::new(Duration::from_secs(60));
    publish(&harness, &mut board, 1);
    let mut client = listen(&harness).await;
    client.until("\n\n\r\n").await;
    for done in 0..3 {
        harness.publisher.publish(board.count_on(Some(Counting { done, of: 3 })));
        harness.publisher.publish(&board.fail(&error(StoreErrorKind::Unreachable), harness.clock.now()));
        harness.clock.advance(Duration::from_secs(60));
    }
    let told = client.until("\n\n\r\n").await;
    assert!(told.contains("id: 1\ndata: {") && told.contains("\"stale\":true"), "{told}");
    assert_eq!(client.until("\n\n\r\n").await, chunk(":\n\n"), "nothing but the heartbeat follows");
}

#[tokio::test]
async fn a_comment_is_sent_when_there_is_nothing_else() {
    let harness = serve(|config| config.event_heartbeat = Duration::from_millis(30)).await;
    let mut client = listen(&harness).await;
    client.until("\r\n\r\n").await;
    for _ in 0..3 {
        assert_eq!(client.until("\n\n\r\n").await, chunk(":\n\n"));
    }
}

#[tokio::test]
async fn who_listens_is_neither_idle_nor_slow() {
    let harness = serve(|config| {
        config.header_timeout = Duration::from_millis(100);
        config.idle_timeout = Duration::from_millis(100);
        config.answer_timeout = Duration::from_millis(100);
    })
    .await;
    let mut board = Board::new(Duration::from_secs(60));
    let mut client = listen(&harness).await;
    client.until("\r\n\r\n").await;
    for generation in 1..4 {
        sleep(Duration::from_millis(400)).await;
        publish(&harness, &mut board, 1);
        assert_eq!(client.until("\n\n\r\n").await, chunk(&event(generation, 1)));
    }
}

/// Publishes summaries of a hundred kilobytes until nobody listens.
async fn publish_until_cut_off(harness: &Harness) {
    let severities: Vec<String> = (0..60).map(|number| format!("{number}{}", "x".repeat(1000))).collect();
    let rows: Vec<_> = severities.iter().map(|severity| (Some(&**severity), None)).collect();
    let mut board = Board::new(Duration::from_secs(60));
    while metric(harness, CLIENTS).await > 0 {
        harness.publisher.publish(&publication(&mut board, &rows, Vec::new(), &harness.clock));
        sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn who_never_reads_is_cut_off() {
    let harness = serve(|config| config.answer_timeout = Duration::from_millis(200)).await;
    let _deaf = listen(&harness).await;
    listening(&harness, 1).await;
    publish_until_cut_off(&harness).await;
    assert_eq!(metric(&harness, "homerun2_scout_http_timeouts_total{phase=\"answer\"}").await, 1);
}

#[tokio::test]
async fn who_reads_slowly_misses_what_came_between_and_gets_the_newest() {
    let harness = serve(|_| {}).await;
    let mut board = Board::new(Duration::from_secs(60));
    let mut client = listen(&harness).await;
    client.until("\r\n\r\n").await;
    // The server's only thread is this one, so that no event is sent before the last has been published.
    for _ in 0..100 {
        publish(&harness, &mut board, 1);
    }
    assert_eq!(client.until("\n\n\r\n").await, chunk(&event(100, 1)));
}

#[tokio::test]
async fn beyond_the_limit_who_wants_to_listen_is_told_to_come_back() {
    let harness = serve(|config| config.max_event_clients = 2).await;
    let (first, _second) = (listen(&harness).await, listen(&harness).await);
    listening(&harness, 2).await;
    let reply = harness.get("/events").await;
    assert_eq!(
        reply.raw(),
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\nx-content-type-options: nosniff\r\n\
         retry-after: 30\r\ncontent-length: 47\r\ndate: *\r\n\r\n{\"error\":\"too many clients listen on /events\"}\n"
    );
    assert_eq!(metric(&harness, REFUSED).await, 1);
    drop(first);
    listening(&harness, 1).await;
    assert_eq!(listen(&harness).await.until("\r\n\r\n").await, HEAD);
}

#[tokio::test]
async fn listeners_take_no_room_from_other_connections() {
    let harness = serve(|config| config.max_connections = 2).await;
    let mut listeners = Vec::new();
    for _ in 0..5 {
        let mut client = listen(&harness).await;
        client.until("\r\n\r\n").await;
        listeners.push(client);
    }
    assert_eq!(harness.get("/health").await.status(), 200);
    publish(&harness, &mut Board::new(Duration::from_secs(60)), 1);
    for client in &mut listeners {
        assert_eq!(client.until("\n\n\r\n").await, chunk(&event(1, 1)));
    }
}

#[tokio::test]
async fn stopping_ends_the_streams_in_order_and_at_once() {
    let mut harness = serve(|_| {}).await;
    let mut client = listen(&harness).await;
    client.until("\r\n\r\n").await;
    harness.stop();
    assert_eq!(client.until_closed().await, "0\r\n\r\n");
    harness.ended().await;
}

#[tokio::test]
async fn who_never_reads_does_not_delay_the_stop() {
    let mut harness = serve(|config| config.grace = Duration::from_secs(600)).await;
    let _deaf = listen(&harness).await;
    listening(&harness, 1).await;
    let full = timeout(Duration::from_secs(2), publish_until_cut_off(&harness)).await;
    assert!(full.is_err(), "it is still connected");
    harness.stop();
    harness.ended().await;
}

#[tokio::test]
async fn the_token_is_needed_and_only_get_and_head_are_served() {
    let harness = serve(|config| config.tokens = Tokens::new(["secret".to_owned()])).await;
    assert_eq!(harness.get("/events").await.status(), 401);
    let authorized = |method: &str| {
        format!("{method} /events HTTP/1.1\r\nhost: scout\r\nauthorization: Bearer secret\r\n\r\n")
    };
    assert_eq!(harness.ask(&authorized("POST")).await.status(), 405);
    let mut client = harness.connect().await;
    let head = client.ask(&authorized("HEAD")).await;
    assert_eq!((head.status(), head.header("content-type")), (200, Some("text/event-stream")));
    assert_eq!(client.ask(&get("/health")).await.status(), 200, "the connection goes on");
    assert_eq!(metric(&harness, CLIENTS).await, 0);
}
