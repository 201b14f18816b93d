//! Marks of staleness, and the four questions of health.

use std::time::Duration;

use scout_core::{Board, Clock as _, Finding, FindingKind, StoreErrorKind};

use crate::support::{Harness, error, publication, serve};

const INTERVAL: Duration = Duration::from_secs(60);

fn succeed(harness: &Harness, board: &mut Board) {
    harness.publisher.publish(&publication(
        board,
        &[(Some("error"), Some("flux"))],
        Vec::new(),
        &harness.clock,
    ));
}

fn fail(harness: &Harness, board: &mut Board, kind: StoreErrorKind) {
    harness.publisher.publish(&board.fail(&error(kind), harness.clock.now()));
}

#[tokio::test]
async fn before_the_first_snapshot_the_process_lives_and_is_not_ready() {
    let harness = serve(|_| {}).await;
    let mut board = Board::new(INTERVAL);
    harness.publisher.publish(board.publication());
    assert_eq!(
        harness.get("/livez").await.raw(),
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 16\r\ndate: *\r\n\r\n{\"status\":\"ok\"}\n"
    );
    assert_eq!(harness.get("/health").await.status(), 200);
    assert_eq!(
        harness.get("/readyz").await.raw(),
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\ncontent-length: 50\r\ndate: *\r\n\r\n\
         {\"status\":\"not ready\",\"reason\":\"no snapshot yet\"}\n"
    );
    let ready = harness.get("/ready").await;
    assert_eq!(ready.status(), 503);
    assert!(!ready.json()["reason"].as_str().unwrap().is_empty());
    fail(&harness, &mut board, StoreErrorKind::IndexMissing);
    assert_eq!(
        harness.get("/ready").await.text(),
        "{\"status\":\"not ready\",\"indexReady\":false,\"lastError\":\"connection refused \\u003c127.0.0.1:6379\\u003e\",\
         \"consecutiveFailures\":1,\"staleAfter\":\"3m0s\",\"reason\":\"index not ready\"}\n"
    );
}

#[tokio::test]
async fn after_a_success_everything_is_ready() {
    let harness = serve(|_| {}).await;
    succeed(&harness, &mut Board::new(INTERVAL));
    assert_eq!(harness.get("/readyz").await.text(), "{\"status\":\"ready\"}\n");
    assert_eq!(
        harness.get("/ready").await.raw(),
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 118\r\ndate: *\r\n\r\n\
         {\"status\":\"ready\",\"indexReady\":true,\"lastSuccess\":\"2026-03-01T12:00:00Z\",\"consecutiveFailures\":0,\
         \"staleAfter\":\"3m0s\"}\n"
    );
}

#[tokio::test]
async fn after_a_failure_the_last_good_numbers_stay_and_are_marked() {
    let harness = serve(|_| {}).await;
    let mut board = Board::new(INTERVAL);
    succeed(&harness, &mut board);
    harness.clock.advance(INTERVAL);
    fail(&harness, &mut board, StoreErrorKind::Unreachable);
    harness.clock.advance(INTERVAL);
    fail(&harness, &mut board, StoreErrorKind::Unreachable);
    let marks =
        ",\"lastUpdated\":\"2026-03-01T12:00:00Z\",\"stale\":true,\"staleSince\":\"2026-03-01T12:01:00Z\"}\n";
    for path in ["/analytics/summary", "/analytics/systems", "/analytics/alerts"] {
        let reply = harness.get(path).await;
        assert_eq!(reply.status(), 200, "{path}");
        assert!(reply.text().ends_with(marks), "{path}: {}", reply.text());
    }
    assert_eq!(harness.get("/analytics/summary").await.json()["totalMessages"], 1);
    succeed(&harness, &mut board);
    assert!(
        !harness.get("/analytics/summary").await.text().contains("stale"),
        "the mark goes with the next success"
    );
}

#[tokio::test]
async fn ready_turns_503_only_when_the_last_success_is_three_intervals_old() {
    let harness = serve(|_| {}).await;
    let mut board = Board::new(INTERVAL);
    succeed(&harness, &mut board);
    fail(&harness, &mut board, StoreErrorKind::Timeout);
    harness.clock.advance(3 * INTERVAL);
    assert_eq!(harness.get("/ready").await.status(), 200);
    harness.clock.advance(Duration::from_millis(1));
    let ready = harness.get("/ready").await;
    assert_eq!(ready.status(), 503);
    assert_eq!(ready.json()["reason"], "last success older than staleAfter");
    assert_eq!(ready.json()["consecutiveFailures"], 1);
    for path in ["/health", "/livez", "/readyz", "/analytics/summary"] {
        assert_eq!(harness.get(path).await.status(), 200, "{path}");
    }
    succeed(&harness, &mut board);
    assert_eq!(harness.get("/ready").await.status(), 200);
}

#[tokio::test]
async fn a_missing_index_is_not_ready_at_once() {
    let harness = serve(|_| {}).await;
    let mut board = Board::new(INTERVAL);
    succeed(&harness, &mut board);
    fail(&harness, &mut board, StoreErrorKind::IndexMissing);
    let ready = harness.get("/ready").await;
    assert_eq!((ready.status(), &ready.json()["indexReady"]), (503, &false.into()));
    assert_eq!(harness.get("/readyz").await.status(), 200);
}

#[tokio::test]
async fn findings_stand_after_the_fields_of_the_contract() {
    let harness = serve(|_| {}).await;
    let findings = vec![Finding::new(FindingKind::ForeignDocuments, 7, "7 documents are foreign")];
    let mut board = Board::new(INTERVAL);
    harness.publisher.publish(&publication(&mut board, &[], findings, &harness.clock));
    let text = harness.get("/ready").await.text().to_owned();
    assert!(
        text.ends_with(
            ",\"staleAfter\":\"3m0s\",\"findings\":[{\"kind\":\"foreign_documents\",\"count\":7,\
             \"text\":\"7 documents are foreign\"}]}\n"
        ),
        "{text}"
    );
}
