//! Windows of event time, and what else narrows a count.

use std::time::Duration;

use scout_core::{
    Facts, Ledger, LedgerConfig, MonoTime, Publication, Query, QueryError, Row, Severity, Snapshot,
    StoreError, StoreErrorKind, TimeOf, Views,
};
use serde_json::json;

use crate::asked::{
    Message, NOW, RETENTION, TAKEN, ask, ask_at, board, number, publication, published, window,
};

#[test]
fn a_window_counts_what_lies_in_it_and_names_its_range_after_the_contracts_fields() {
    let publication = published(&[
        Message::new("ERROR", "flux", 30_000),
        Message::new("info", "flux", 59_999),
        Message::new("info", "github", 61_000),
    ]);
    let snapshot = publication.snapshot.as_deref().expect("a snapshot");
    let found = window("60s").find(snapshot, NOW).expect("an answer");
    let views = Views::of(&publication).expect("a snapshot").with(&found);
    let range =
        r#""window":"60s","time":"event","from":"2026-04-01T07:59:00Z","to":"2026-04-01T08:00:00.25Z"}"#;
    let updated = r#""lastUpdated":"2026-04-01T08:00:00.25Z","#;
    assert_eq!(
        [
            serde_json::to_string(&views.summary("10s")).expect("JSON"),
            serde_json::to_string(&views.systems()).expect("JSON"),
            serde_json::to_string(&views.alerts()).expect("JSON"),
        ],
        [
            format!(
                r#"{{"totalMessages":2,"severityCounts":{{"error":1,"info":1}},"timeWindow":"10s",{updated}{range}"#
            ),
            format!(r#"{{"systems":[{{"system":"flux","count":2}}],"total":1,{updated}{range}"#),
            format!(
                r#"{{"totalAlerts":1,"severityCounts":{{"critical":0,"error":1}},"topSystems":[{{"system":"flux","count":1}}],{updated}{range}"#
            ),
        ]
    );
}

#[test]
fn a_query_for_everything_answers_as_the_snapshot_does() {
    let messages = [Message::new("ERROR", "flux", 30_000), Message::new("info", "", 200_000_000)];
    let publication = published(&messages);
    let everything = ask(&publication, &Query::default());
    let views = Views::of(&publication).expect("a snapshot");
    assert_eq!(everything.summary, json!(views.summary("60s")));
    assert_eq!(everything.systems, json!(views.systems()));
    assert_eq!(everything.alerts, json!(views.alerts()));
}

#[test]
fn a_window_moves_on_with_time_until_the_numbers_are_stale() {
    let snapshot = publication(&[Message::new("error", "a", 10_000)], 48 << 20);
    let mut board = board((*snapshot.snapshot.expect("a snapshot")).clone());
    let later = MonoTime::from_start(Duration::from_secs(20));
    let present = board.publication().present(later).expect("a snapshot");
    assert_eq!(present, NOW.plus(Duration::from_secs(20)));
    let fresh = ask_at(board.publication(), &window("15s"), present);
    assert_eq!(
        (&fresh.summary["totalMessages"], &fresh.summary["to"]),
        (&json!(0), &json!("2026-04-01T08:00:20.25Z"))
    );
    board.fail(&StoreError::new(StoreErrorKind::Unreachable, "gone"), TAKEN);
    assert_eq!(board.publication().present(later), Some(NOW));
    let stale = ask_at(board.publication(), &window("15s"), NOW);
    assert_eq!((&stale.summary["totalMessages"], &stale.summary["stale"]), (&json!(1), &json!(true)));
    assert_eq!(Publication::default().present(later), None);
}

#[test]
fn what_is_dated_up_to_a_minute_ahead_counts_and_moves_the_end() {
    let publication = published(&[Message::new("error", "a", -30_000), Message::new("error", "a", -61_000)]);
    let summary = ask(&publication, &window("1m")).summary;
    assert_eq!((&summary["totalMessages"], &summary["to"]), (&json!(1), &json!("2026-04-01T08:00:31Z")));
}

#[test]
fn systems_are_compared_exactly_and_severities_folded() {
    let publication = published(&[
        Message::new("WARN", "flux", 1000),
        Message::new("warning", "Flux", 1000),
        Message::new("", "flux", 1000),
    ]);
    let system = Query { system: Some("flux".into()), ..window("1m") };
    assert_eq!(ask(&publication, &system).summary["severityCounts"], json!({"warning": 1, "unknown": 1}));
    let severity = Query { severity: Some(Severity::fold(Some(" Warn "))), ..Query::default() };
    let systems = ask(&publication, &severity).systems;
    assert_eq!(systems["systems"], json!([{"system": "Flux", "count": 1}, {"system": "flux", "count": 1}]));
    let nobody = Query { system: Some("nobody".into()), ..Query::default() };
    assert_eq!(ask(&publication, &nobody).summary["totalMessages"], 0);
    assert_eq!(ask(&publication, &nobody).summary.get("unattributed"), None);
}

#[test]
fn a_limit_cuts_the_lists_and_not_the_totals() {
    let publication = published(&["a", "b", "c", "d"].map(|system| Message::new("error", system, 1000)));
    let answer = ask(&publication, &Query { limit: Some(3), ..window("1m") });
    assert_eq!(answer.systems["systems"].as_array().map(Vec::len), Some(3));
    assert_eq!((&answer.systems["total"], &answer.alerts["totalAlerts"]), (&json!(4), &json!(4)));
    assert_eq!(answer.alerts["topSystems"].as_array().map(Vec::len), Some(3));
}

#[test]
fn what_may_belong_to_the_system_asked_for_is_named() {
    let needed = match LedgerConfig::new(RETENTION, 0) {
        Err(scout_core::LedgerConfigError::BudgetTooSmall { needed, .. }) => needed,
        other => panic!("{other:?}"),
    };
    let mut ledger = Ledger::new(LedgerConfig::new(RETENTION, needed).expect("a budget"), NOW);
    for number in 0..60_000 {
        let system = format!("system {number}");
        let row = Row { severity: Some("error"), system: Some(&system), ..Row::default() };
        ledger.record(&Facts { event_time: Some(NOW), ..row.facts().expect("a message") });
    }
    let board = board(Snapshot::new(&ledger, 1, NOW, 0));
    let asked = |query: Query| ask(board.publication(), &query).summary;
    let folded = asked(Query { system: Some("system 59999".into()), ..Query::default() });
    assert_eq!(folded["totalMessages"], 0);
    assert!(number(&folded["unattributed"]) > 10_000, "{folded}");
    let severity = asked(Query { severity: Some(Severity::fold(Some("error"))), ..Query::default() });
    assert_eq!((&severity["totalMessages"], severity.get("unattributed")), (&json!(60_000), None));
}

#[test]
fn a_window_beyond_what_is_kept_is_refused_with_what_is() {
    let publication = published(&[]);
    let snapshot = publication.snapshot.as_deref().expect("a snapshot");
    assert!(window("48h").find(snapshot, NOW).is_ok());
    let error = window("48h1ms").find(snapshot, NOW).expect_err("too long");
    assert_eq!(error.to_string(), "invalid window \"48h1ms\": messages are kept for 48h0m0s");
    let arrivals = Query { time: TimeOf::Arrival, ..Query::default() };
    assert_eq!(arrivals.find(snapshot, NOW).expect_err("none kept"), QueryError::NoArrivals);
}

#[test]
fn while_more_has_arrived_than_was_taken_in_a_window_ends_with_the_last_slot_that_is_whole() {
    let messages = [("error", -20_000), ("error", 100), ("error", 2_000)];
    let messages = messages.map(|(severity, age_ms)| Message::new(severity, "flux", age_ms));
    let whole = published(&messages);
    let mut snapshot = (**whole.snapshot.as_ref().expect("a snapshot")).clone();
    assert_eq!(ask_at(&whole, &window("1m"), NOW).summary["totalMessages"], 3);
    snapshot.is_behind = true;
    let behind = ask_at(board(snapshot).publication(), &window("1m"), NOW).summary;
    assert_eq!((&behind["totalMessages"], &behind["to"]), (&json!(1), &json!("2026-04-01T08:00:00Z")));
}

#[test]
fn before_the_first_scan_only_windows_of_what_was_counted_have_an_answer() {
    let published = published(&[Message::new("error", "flux", 60_000)]);
    let snapshot = (**published.snapshot.as_ref().expect("a snapshot")).clone();
    let snapshot = snapshot.with_events_from(NOW.minus(Duration::from_secs(3600)));
    assert!(window("30m").find(&snapshot, NOW).is_ok());
    for query in [window("2h"), Query::default()] {
        let error = query.find(&snapshot, NOW).expect_err("no answer");
        assert!(matches!(error, QueryError::StillCounting { .. }), "{error}");
    }
}
