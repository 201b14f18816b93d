//! A window in steps.

use std::time::Duration;

use scout_core::{By, Ledger, LedgerConfig, Query, SeriesQuery, Snapshot};
use serde_json::json;

use crate::asked::{Message, NOW, board, published, series_at, span, window};

#[test]
fn a_series_has_a_point_for_every_step_and_its_points_add_up() {
    let publication = published(&[
        Message::new("error", "a", 30_000),
        Message::new("warn", "b", 31_000),
        Message::new("error", "c", 600_000),
    ]);
    let query = SeriesQuery { by: By::Severity, ..SeriesQuery::default() };
    let series = series_at(&publication, &query, NOW);
    assert_eq!((&series["step"], &series["window"]), (&json!("1m0s"), &json!("1h0m0s")));
    let points = series["points"].as_array().expect("points");
    assert_eq!(points.len(), 61, "the window begins and ends within a minute");
    assert_eq!(points[0], json!({"time": "2026-04-01T07:00:00Z", "count": 0, "severities": {}}));
    let expected =
        json!({"time": "2026-04-01T07:59:00Z", "count": 2, "severities": {"error": 1, "warning": 1}});
    assert_eq!(points[59], expected);
    assert_eq!(series["severityCounts"], json!({"error": 2, "warning": 1}));
    assert_eq!(series["totalMessages"], 3);
}

#[test]
fn a_step_finer_than_the_slots_is_rounded_up_and_the_answer_says_so() {
    let publication = published(&[]);
    for (asked, over, in_effect, is_told) in [
        ("1s", "10m", "1s", false),
        ("1ns", "10m", "1s", true),
        ("1500ms", "10m", "2s", true),
        ("1s", "11m", "10s", true),
        ("25s", "1h", "30s", true),
        ("90s", "2h", "2m0s", true),
        ("1s", "48h", "10m0s", true),
        ("1000h", "48h", "1000h0m0s", false),
    ] {
        let query = SeriesQuery { query: window(over), step: Some(span(asked)), by: By::None };
        let series = series_at(&publication, &query, NOW);
        assert_eq!(series["step"], in_effect, "{asked} over {over}");
        assert_eq!(
            series.get("requestedStep"),
            is_told.then(|| json!(asked)).as_ref(),
            "{asked} over {over}"
        );
    }
}

#[test]
fn the_usual_step_gives_about_sixty_points() {
    let publication = published(&[]);
    for (over, step) in [
        ("1s", "1s"),
        ("1m", "1s"),
        ("15m", "20s"),
        ("1h", "1m0s"),
        ("6h", "10m0s"),
        ("24h", "30m0s"),
        ("48h", "1h0m0s"),
    ] {
        let query = SeriesQuery { query: window(over), ..SeriesQuery::default() };
        assert_eq!(series_at(&publication, &query, NOW)["step"], step, "{over}");
    }
}

#[test]
fn more_than_a_thousand_points_are_refused() {
    let year = Duration::from_secs(366 * 24 * 3600);
    let ledger = Ledger::new(LedgerConfig::new(year, 200 << 20).expect("a budget"), NOW);
    let board = board(Snapshot::new(&ledger, 1, NOW, 0));
    let snapshot = board.publication().snapshot.as_deref().expect("a snapshot");
    let query = |over, step| SeriesQuery { query: window(over), step: Some(span(step)), by: By::None };
    let error = query("8784h", "1h").find(snapshot, NOW).expect_err("too many");
    assert_eq!(
        error.to_string(),
        "invalid step \"1h\": a window of 8784h0m0s would have more than 1000 points"
    );
    assert!(query("997h", "1h").find(snapshot, NOW).is_ok());
    assert!(query("998h", "1h").find(snapshot, NOW).is_err());
    assert!(SeriesQuery { step: None, ..query("8784h", "1h") }.find(snapshot, NOW).is_ok());
}

#[test]
fn systems_beyond_the_limit_are_summed_up_beside_the_named_ones() {
    let mut messages = vec![Message::new("info", "other", 1000), Message::new("info", "", 1000)];
    messages.extend(["a", "a", "a", "b", "b", "other"].map(|system| Message::new("info", system, 2000)));
    let query = Query { limit: Some(1), ..window("1m") };
    let series = series_at(&published(&messages), &SeriesQuery { query, step: None, by: By::System }, NOW);
    assert_eq!(series["systems"], json!([{"system": "a", "count": 3}]));
    assert_eq!(
        (&series["other"], &series["withoutSystem"], &series["totalMessages"]),
        (&json!(4), &json!(1), &json!(8))
    );
    let points = series["points"].as_array().expect("points");
    let expected = json!({"time": "2026-04-01T07:59:58Z", "count": 6, "systems": {"a": 3}, "other": 3});
    assert_eq!(points[points.len() - 3], expected);
}
