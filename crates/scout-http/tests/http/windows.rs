//! The views of a window, of a system and of a severity.

use std::time::Duration;

use scout_core::{Board, Clock as _, Counting, Row, StoreErrorKind};
use scout_http::Tokens;

use crate::support::{Harness, error, get, serve, snapshot};

const VIEWS: [&str; 3] = ["/analytics/summary", "/analytics/systems", "/analytics/alerts"];

const ROWS: [(&str, &str, &str); 4] = [
    ("ERROR", "flux", "2026-03-01T11:59:30Z"),
    ("warn", "org/repo", "2026-03-01T11:50:00Z"),
    ("info", "flux", "2026-03-01T08:00:00Z"),
    ("error", "<Küche>", "2026-02-28T08:00:00Z"),
];

async fn harness() -> Harness {
    let harness = serve(|_| {}).await;
    harness.publish_dated(&ROWS);
    harness
}

#[tokio::test]
async fn a_window_is_the_contracts_answer_followed_by_the_range() {
    let harness = harness().await;
    assert_eq!(
        harness.get("/analytics/summary?window=15m").await.text(),
        "{\"totalMessages\":2,\"severityCounts\":{\"error\":1,\"warning\":1},\"timeWindow\":\"60s\",\
         \"lastUpdated\":\"2026-03-01T12:00:00Z\",\"window\":\"15m\",\"time\":\"event\",\
         \"from\":\"2026-03-01T11:45:00Z\",\"to\":\"2026-03-01T12:00:00Z\"}\n"
    );
    assert_eq!(
        harness.get("/analytics/systems?window=15m&limit=1").await.text(),
        "{\"systems\":[{\"system\":\"flux\",\"count\":1}],\"total\":2,\
         \"lastUpdated\":\"2026-03-01T12:00:00Z\",\"window\":\"15m\",\"time\":\"event\",\
         \"from\":\"2026-03-01T11:45:00Z\",\"to\":\"2026-03-01T12:00:00Z\"}\n"
    );
    let alerts =
        harness.get("/analytics/alerts?window=48h&severity=ERR&system=%3CK%C3%BCche%3E").await.json();
    assert_eq!((&alerts["totalAlerts"], &alerts["topSystems"][0]["system"]), (&1.into(), &"<Küche>".into()));
}

#[tokio::test]
async fn parameters_of_ours_and_only_those_are_taken() {
    let harness = harness().await;
    for (query, error) in [
        ("window=5", "invalid window \"5\": time: missing unit in duration \"5\""),
        ("window=49h", "invalid window \"49h\": messages are kept for 48h0m0s"),
        ("window=1m&colour=red", "unknown parameter \"colour\""),
        ("window=1m&window=1m", "invalid window \"1m\": it is given more than once"),
        ("step=1m", "unknown parameter \"step\""),
        ("time=local", "invalid time \"local\": it has to be one of event, arrival"),
        ("limit=1001", "invalid limit \"1001\": it has to be a number from 1 to 1000"),
        ("system=%ff", "invalid system \"%ff\": it is no percent-encoded UTF-8"),
    ] {
        for path in VIEWS {
            let reply = harness.get(&format!("{path}?{query}")).await;
            assert_eq!((reply.status(), &reply.json()["error"]), (400, &error.into()), "{path}?{query}");
            assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
        }
    }
    let plain = harness.get("/analytics/summary").await;
    assert_eq!(harness.get("/analytics/summary?colour=red").await, plain);
    assert_eq!(harness.get("/analytics/summary?").await, plain);
}

#[tokio::test]
async fn what_a_client_wrote_comes_back_as_json_and_not_as_markup() {
    let reply = harness().await.get("/analytics/summary?window=%3Cb%3E%22").await;
    assert_eq!(
        reply.text(),
        "{\"error\":\"invalid window \\\"\\u003cb\\u003e\\\\\\\"\\\": time: invalid duration \\\"\\u003cb\\u003e\\\\\\\"\\\"\"}\n"
    );
}

#[tokio::test]
async fn without_arrivals_there_is_no_count_of_them() {
    let reply = harness().await.get("/analytics/summary?time=arrival").await;
    assert_eq!((reply.status(), reply.text()), (503, "{\"error\":\"arrivals are not counted\"}\n"));
}

#[tokio::test]
async fn a_system_has_an_answer_of_its_own_under_its_encoded_name() {
    let harness = harness().await;
    assert_eq!(
        harness.get("/analytics/systems/flux").await.text(),
        "{\"system\":\"flux\",\"totalMessages\":2,\"severityCounts\":{\"error\":1,\"info\":1},\
         \"lastUpdated\":\"2026-03-01T12:00:00Z\"}\n"
    );
    for path in ["org%2Frepo", "org/repo"] {
        let of_window = harness.get(&format!("/analytics/systems/{path}?window=5m")).await.json();
        assert_eq!((&of_window["system"], &of_window["totalMessages"]), (&"org/repo".into(), &0.into()));
    }
    let reply = harness.get("/analytics/systems/Flux").await;
    let nobody = "{\"error\":\"no message is counted under this system's name\"}\n";
    assert_eq!((reply.status(), reply.text()), (404, nobody));
    assert_eq!(harness.get("/analytics/systems/").await.text(), "{\"error\":\"not found\"}\n");
    let broken = harness.get("/analytics/systems/a%zz").await;
    let expected = "invalid system \"a%zz\": it is no percent-encoded UTF-8";
    assert_eq!((broken.status(), &broken.json()["error"]), (400, &expected.into()));
    let unknown = harness.get("/analytics/systems/flux?severity=info").await;
    assert_eq!((unknown.status(), &unknown.json()["error"]), (400, &"unknown parameter \"severity\"".into()));
}

#[tokio::test]
async fn windows_move_on_with_the_clock_and_stand_still_while_the_numbers_are_stale() {
    let harness = harness().await;
    let path = "/analytics/summary?window=1m";
    assert_eq!(harness.get(path).await.json()["totalMessages"], 1);
    harness.clock.advance(Duration::from_millis(30_500));
    assert_eq!(harness.get(path).await.json()["totalMessages"], 1, "the slot reaches into the window");
    harness.clock.advance(Duration::from_millis(500));
    let moved = harness.get(path).await.json();
    assert_eq!((&moved["totalMessages"], &moved["to"]), (&0.into(), &"2026-03-01T12:00:31Z".into()));
    let mut board = Board::new(Duration::from_secs(60));
    board.succeed(snapshot([], 1, &harness.clock), Vec::new(), harness.clock.now());
    let failed = board.fail(&error(StoreErrorKind::Unreachable), harness.clock.now());
    harness.publisher.publish(&failed);
    harness.clock.advance(Duration::from_secs(100));
    let stale = harness.get(path).await.json();
    assert_eq!((&stale["to"], &stale["stale"]), (&"2026-03-01T12:00:31Z".into(), &true.into()));
}

#[tokio::test]
async fn windows_stand_still_while_nobody_knows_whether_more_has_come() {
    let harness = harness().await;
    let to = async || harness.get("/analytics/summary?window=1m").await.json()["to"].clone();
    let published = harness.clock.now().mono;
    harness.publisher.let_windows_move(published.plus(Duration::from_secs(2)));
    harness.clock.advance(Duration::from_secs(60));
    assert_eq!(to().await, "2026-03-01T12:00:02Z");
    harness.publisher.let_windows_move(published.plus(Duration::from_secs(70)));
    assert_eq!(to().await, "2026-03-01T12:01:00Z");
    harness.publisher.let_windows_move(scout_core::MonoTime::default());
    assert_eq!(to().await, "2026-03-01T12:00:00Z", "more has come than was counted");
}

#[tokio::test]
async fn a_window_is_conditional_compressed_and_has_a_head() {
    let harness = harness().await;
    let path = "/analytics/timeseries?window=1h";
    let whole = harness.get(path).await;
    let tag = whole.header("etag").unwrap();
    let ask = async |method: &str, headers: &str| {
        harness.ask(&format!("{method} {path} HTTP/1.1\r\nhost: scout\r\n{headers}\r\n")).await
    };
    assert_eq!(ask("GET", &format!("if-none-match: {tag}\r\n")).await.status(), 304);
    assert_eq!(ask("GET", "accept-encoding: gzip\r\n").await.gunzipped(), whole.text());
    assert_eq!(ask("HEAD", "").await.head, whole.head);
    assert_eq!(ask("DELETE", "").await.status(), 405);
}

#[tokio::test]
async fn an_answer_holds_for_a_second_and_until_the_next_publication() {
    let harness = harness().await;
    let path = "/analytics/summary?window=15m";
    let first = harness.get(path).await;
    harness.clock.advance(Duration::from_millis(999));
    assert_eq!(harness.get(path).await, first, "still the same second");
    harness.publish_dated(&ROWS[..1]);
    assert_eq!(harness.get(path).await.json()["totalMessages"], 1, "another publication");
    harness.clock.advance(Duration::from_millis(1));
    assert_eq!(harness.get(path).await.json()["to"], "2026-03-01T12:00:01Z");
}

#[tokio::test]
async fn many_different_questions_at_once_are_all_answered() {
    let harness = harness().await;
    let mut clients = Vec::new();
    for number in 1..=100 {
        let mut client = harness.connect().await;
        client.send(get(&format!("/analytics/summary?window={number}m"))).await;
        clients.push((number, client));
    }
    for (number, client) in &mut clients {
        assert_eq!(client.reply(false).await.json()["window"], format!("{number}m"));
    }
}

#[tokio::test]
async fn before_the_first_snapshot_only_a_wrong_question_is_answered() {
    let harness = serve(|_| {}).await;
    for path in ["/analytics/summary?window=1m", "/analytics/systems/flux", "/analytics/timeseries"] {
        let reply = harness.get(path).await;
        assert_eq!((reply.status(), reply.header("retry-after")), (503, Some("5")), "{path}");
    }
    assert_eq!(harness.get("/analytics/summary?window=x").await.status(), 400);
}

#[tokio::test]
async fn the_token_comes_before_the_question() {
    let harness = serve(|config| config.tokens = Tokens::new(["secret".to_owned()])).await;
    harness.publish_dated(&ROWS);
    for path in ["/analytics/summary?window=x", "/analytics/systems/flux", "/analytics/timeseries"] {
        assert_eq!(harness.get(path).await.status(), 401, "{path}");
    }
    let with_token =
        get("/analytics/timeseries").replace("\r\n\r\n", "\r\nauthorization: Bearer secret\r\n\r\n");
    assert_eq!(harness.ask(&with_token).await.status(), 200);
}

#[tokio::test]
async fn requests_count_under_their_route_and_not_under_their_path() {
    let harness = harness().await;
    harness.get("/analytics/systems/flux").await;
    harness.get("/analytics/systems/nobody").await;
    let text = harness.get("/metrics").await.text().to_owned();
    for code in ["200", "404"] {
        let line = format!(
            "homerun2_scout_http_requests_total{{code=\"{code}\",route=\"/analytics/systems/{{system}}\"}} 1\n"
        );
        assert!(text.contains(&line), "{line} is missing in\n{text}");
    }
}

#[tokio::test]
async fn before_the_first_snapshot_windows_of_what_has_been_counted_are_answered() {
    let harness = serve(|_| {}).await;
    let mut board = Board::new(Duration::from_secs(60));
    let now = harness.clock.now();
    let dated = ROWS.iter().map(|(severity, system, timestamp)| Row {
        severity: Some(*severity),
        system: Some(*system),
        timestamp: Some(*timestamp),
        ..Row::default()
    });
    let recent =
        snapshot(dated, 0, &harness.clock).with_events_from(now.wall.minus(Duration::from_secs(3700)));
    board.publish_recent(recent, Vec::new(), now);
    harness.publisher.publish(board.count_on(Some(Counting { done: 7, of: 40 })));
    assert_eq!(
        harness.get("/analytics/summary?window=15m").await.text(),
        "{\"totalMessages\":2,\"severityCounts\":{\"error\":1,\"warning\":1},\"timeWindow\":\"60s\",\
         \"lastUpdated\":\"2026-03-01T12:00:00Z\",\"window\":\"15m\",\"time\":\"event\",\
         \"from\":\"2026-03-01T11:45:00Z\",\"to\":\"2026-03-01T12:00:00Z\",\
         \"counting\":{\"done\":7,\"of\":40}}\n"
    );
    // Of a system that has nothing there, nobody knows whether it exists.
    assert_eq!(harness.get("/analytics/systems/unheard-of?window=15m").await.json()["totalMessages"], 0);
    for path in
        ["/analytics/summary?window=2h", "/analytics/alerts?severity=error", "/analytics/systems/flux"]
    {
        let reply = harness.get(path).await;
        let text =
            "the store is still being counted: until then windows reach back to 2026-03-01T10:58:20Z at most";
        assert_eq!((reply.status(), &reply.json()["error"]), (503, &text.into()), "{path}");
        assert_eq!(reply.header("retry-after"), Some("5"), "{path}");
    }
    let whole = harness.get("/analytics/summary").await;
    let body = "{\"error\":\"no snapshot yet\",\"counting\":{\"done\":7,\"of\":40}}\n";
    assert_eq!((whole.status(), whole.text()), (503, body));
    assert_eq!(harness.get("/readyz").await.status(), 503);
    harness.clock.advance(Duration::from_secs(60));
    let moved = harness.get("/analytics/summary?window=15m").await.json();
    assert_eq!(moved["to"], "2026-03-01T12:01:00Z");

    harness.publisher.publish(&board.fail(&error(StoreErrorKind::Unreachable), harness.clock.now()));
    assert_eq!(
        harness.get("/analytics/summary?window=15m").await.status(),
        503,
        "it does not outlive an error"
    );
}
