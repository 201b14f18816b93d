//! All that is published of a cycle comes from one count.
#![expect(clippy::expect_used, reason = "tests show behaviour by failing loudly")]

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use scout_core::{
    Board, Finding, FindingKind, LISTED_ALERTING, LISTED_SYSTEMS, Ledger, LedgerConfig, LedgerConfigError,
    MonoTime, Now, Row, Snapshot, StoreError, StoreErrorKind, Views, WallTime,
};

/// 2026-04-01T08:00:00.25Z
const NOW: WallTime = WallTime::from_unix_ms(1_775_030_400_250);
const RETENTION: Duration = Duration::from_secs(48 * 3600);

fn ledger(budget_bytes: usize) -> Ledger {
    Ledger::new(LedgerConfig::new(RETENTION, budget_bytes).expect("a budget"), NOW)
}

fn record(ledger: &mut Ledger, severity: &str, system: &str, count: u64) {
    let row = Row { severity: Some(severity), system: Some(system), ..Row::default() };
    for _ in 0..count {
        ledger.record(&row.facts().expect("a message"));
    }
}

fn listed(snapshot: &Snapshot) -> Vec<(&str, u64)> {
    snapshot.systems.iter().map(|entry| (&*entry.system, entry.count)).collect()
}

#[test]
fn severities_are_counted_folded_and_the_missing_ones_too() {
    let mut ledger = ledger(32 << 20);
    for severity in ["ERROR", "error", "Err", "warn", "", "page"] {
        record(&mut ledger, severity, "a", 1);
    }
    let snapshot = Snapshot::new(&ledger, 7, NOW, 0);
    let counts: BTreeMap<&str, u64> =
        snapshot.severities.iter().map(|(name, count)| (&**name, *count)).collect();
    assert_eq!(counts, BTreeMap::from([("error", 3), ("page", 1), ("unknown", 1), ("warning", 1)]));
    assert_eq!((snapshot.total, snapshot.generation, snapshot.taken_at), (6, 7, NOW));
}

#[test]
fn an_empty_ledger_gives_zeros_for_the_alerts_and_no_lists() {
    let snapshot = Snapshot::new(&ledger(32 << 20), 1, NOW, 0);
    assert_eq!(snapshot.alerts, BTreeMap::from([("critical", 0), ("error", 0)]));
    assert_eq!((snapshot.total, snapshot.total_alerts(), snapshot.systems_total), (0, 0, 0));
    assert!(
        snapshot.systems.is_empty() && snapshot.alerting_systems.is_empty() && snapshot.severities.is_empty()
    );
}

#[test]
fn systems_are_listed_by_falling_count_and_then_by_name() {
    let mut ledger = ledger(32 << 20);
    for (system, count) in [("b", 2), ("a", 2), ("C", 2), ("z", 3), ("ä", 2), ("d", 1)] {
        record(&mut ledger, "info", system, count);
    }
    let snapshot = Snapshot::new(&ledger, 1, NOW, 0);
    assert_eq!(listed(&snapshot), [("z", 3), ("C", 2), ("a", 2), ("b", 2), ("ä", 2), ("d", 1)]);
}

#[test]
fn lists_end_at_their_limit_and_the_number_of_systems_does_not() {
    let mut ledger = ledger(32 << 20);
    for number in 1..=50_u64 {
        record(&mut ledger, if number % 2 == 0 { "error" } else { "info" }, &format!("s{number:02}"), number);
    }
    let snapshot = Snapshot::new(&ledger, 1, NOW, 0);
    assert_eq!(snapshot.systems_total, 50);
    assert_eq!(snapshot.systems.len(), LISTED_SYSTEMS);
    let expected: Vec<u64> = (31..=50).rev().collect();
    assert_eq!(snapshot.systems.iter().map(|entry| entry.count).collect::<Vec<_>>(), expected);
    assert_eq!(snapshot.alerting_systems.len(), LISTED_ALERTING);
    let expected: Vec<u64> = (32..=50).rev().step_by(2).collect();
    assert_eq!(snapshot.alerting_systems.iter().map(|entry| entry.count).collect::<Vec<_>>(), expected);
}

#[test]
fn only_error_and_critical_are_alerts() {
    let mut ledger = ledger(32 << 20);
    for severity in ["error", "CRITICAL", "fatal", "errors", "no error", "warning", "page", "info", ""] {
        record(&mut ledger, severity, severity, 1);
    }
    let snapshot = Snapshot::new(&ledger, 1, NOW, 0);
    assert_eq!(snapshot.alerts, BTreeMap::from([("critical", 2), ("error", 1)]));
    assert_eq!(snapshot.total_alerts(), 3);
    let systems: Vec<&str> = snapshot.alerting_systems.iter().map(|entry| &*entry.system).collect();
    assert_eq!(systems, ["CRITICAL", "error", "fatal"]);
}

#[test]
fn messages_without_a_system_are_counted_and_not_listed() {
    let mut ledger = ledger(32 << 20);
    record(&mut ledger, "error", " ", 5);
    record(&mut ledger, "error", "a", 1);
    let snapshot = Snapshot::new(&ledger, 1, NOW, 0);
    assert_eq!(listed(&snapshot), [("a", 1)]);
    assert_eq!((snapshot.without_system, snapshot.systems_total, snapshot.total), (5, 1, 6));
    assert_eq!(snapshot.total_alerts(), 6);
}

/// A board that has published these messages.
fn published(messages: &[(&str, &str, u64)], difference: i64) -> Board {
    let mut ledger = ledger(32 << 20);
    for (severity, system, count) in messages {
        record(&mut ledger, severity, system, *count);
    }
    let mut board = Board::new(Duration::from_secs(60));
    let now = Now { wall: NOW, mono: MonoTime::default() };
    board.succeed(Snapshot::new(&ledger, board.next_generation(), NOW, difference), Vec::new(), now);
    board
}

/// The three views as the API answers them.
fn rendered(board: &Board) -> [String; 3] {
    let views = Views::of(board.publication()).expect("a snapshot");
    let summary = serde_json::to_string(&views.summary("60s"));
    let systems = serde_json::to_string(&views.systems());
    let alerts = serde_json::to_string(&views.alerts());
    [summary, systems, alerts].map(|view| view.expect("JSON"))
}

#[test]
fn the_views_have_the_contracts_fields_in_its_order_and_no_more() {
    let board = published(&[("ERROR", "org/repo", 2), ("info", "flux", 3)], 0);
    assert_eq!(
        rendered(&board),
        [
            concat!(
                r#"{"totalMessages":5,"severityCounts":{"error":2,"info":3},"timeWindow":"60s","#,
                r#""lastUpdated":"2026-04-01T08:00:00.25Z"}"#
            ),
            concat!(
                r#"{"systems":[{"system":"flux","count":3},{"system":"org/repo","count":2}],"total":2,"#,
                r#""lastUpdated":"2026-04-01T08:00:00.25Z"}"#
            ),
            concat!(
                r#"{"totalAlerts":2,"severityCounts":{"critical":0,"error":2},"#,
                r#""topSystems":[{"system":"org/repo","count":2}],"lastUpdated":"2026-04-01T08:00:00.25Z"}"#
            ),
        ]
    );
}

#[test]
fn the_views_of_an_empty_store_have_empty_lists_and_never_null() {
    assert_eq!(
        rendered(&published(&[], 0)),
        [
            r#"{"totalMessages":0,"severityCounts":{},"timeWindow":"60s","lastUpdated":"2026-04-01T08:00:00.25Z"}"#,
            r#"{"systems":[],"total":0,"lastUpdated":"2026-04-01T08:00:00.25Z"}"#,
            concat!(
                r#"{"totalAlerts":0,"severityCounts":{"critical":0,"error":0},"topSystems":[],"#,
                r#""lastUpdated":"2026-04-01T08:00:00.25Z"}"#
            ),
        ]
    );
}

#[test]
fn marks_stand_after_the_contracts_fields_in_every_view() {
    let mut board = published(&[("info", "", 4)], -2);
    let failed_at = Now { wall: NOW.plus(Duration::from_secs(60)), mono: MonoTime::default() };
    board.fail(&StoreError::new(StoreErrorKind::Unreachable, "gone"), failed_at);
    let marks = r#","stale":true,"staleSince":"2026-04-01T08:01:00.25Z","difference":-2}"#;
    for view in rendered(&board) {
        assert!(view.ends_with(marks), "{view}");
    }
    assert!(
        rendered(&board)[1].contains(r#""lastUpdated":"2026-04-01T08:00:00.25Z","withoutSystem":4,"stale""#)
    );
}

#[test]
fn a_store_that_does_not_hold_all_messages_is_a_mark_in_every_view() {
    let marks =
        ["index_on_hash", "index_refuses_messages", "index_is_filtered", "master_lost", "not_followed"];
    for kind in FindingKind::ALL {
        let mut board = published(&[], 0);
        let count = Snapshot::new(&ledger(32 << 20), board.next_generation(), NOW, 0);
        board.succeed(count, vec![Finding::new(kind, 1, "what it means")], Now::default());
        let mark = format!(r#","incomplete":"{kind}"}}"#);
        for view in rendered(&board) {
            assert_eq!(view.ends_with(&mark), marks.contains(&kind.as_str()), "{kind}: {view}");
        }
    }
}

#[test]
fn there_is_no_view_before_the_first_snapshot() {
    let mut board = Board::new(Duration::from_secs(60));
    assert!(Views::of(board.publication()).is_none());
    board.fail(&StoreError::new(StoreErrorKind::Unreachable, "gone"), Now::default());
    assert!(Views::of(board.publication()).is_none());
}

proptest! {
    #[test]
    fn invariant_6_all_parts_of_a_snapshot_add_up_to_its_total(
        messages in prop::collection::vec(("(ERROR|error|crit|info|x[0-9]{1,2})?", "[a-z]{0,2}", any::<Option<i64>>()), 0..400),
    ) {
        let mut ledger = ledger(32 << 20);
        for (severity, system, event_ms) in &messages {
            let row = Row { severity: Some(severity), system: Some(system), ..Row::default() };
            let mut facts = row.facts().expect("a message");
            facts.event_time = event_ms.map(WallTime::from_unix_ms);
            ledger.record(&facts);
        }
        sums_agree(&Snapshot::new(&ledger, 1, NOW, 0), messages.len() as u64);
    }
}

/// Sums that hold whatever has been folded. Lists that have not reached their limit are complete.
fn sums_agree(snapshot: &Snapshot, total: u64) {
    assert_eq!(snapshot.total, total);
    assert_eq!(snapshot.severities.values().sum::<u64>() + snapshot.folded_severities, total);
    for (severity, count) in &snapshot.alerts {
        assert_eq!(snapshot.severities.get(*severity).copied().unwrap_or(0), *count);
    }
    let beside = snapshot.without_system + snapshot.folded_systems;
    let in_list: u64 = snapshot.systems.iter().map(|entry| entry.count).sum();
    assert!(in_list + beside <= total);
    if snapshot.systems_total <= LISTED_SYSTEMS {
        assert_eq!(in_list + beside, total);
    }
    assert!(
        snapshot.alerting_systems.iter().map(|entry| entry.count).sum::<u64>() <= snapshot.total_alerts()
    );
    assert!(snapshot.undated + snapshot.ahead + snapshot.older <= total);
}

#[test]
fn invariant_6_the_sums_agree_when_names_are_folded() {
    let Err(LedgerConfigError::BudgetTooSmall { needed, .. }) = LedgerConfig::new(RETENTION, 0) else {
        panic!("no budget at all was accepted");
    };
    let mut ledger = ledger(needed);
    for number in 0..60_000 {
        record(&mut ledger, &format!("severity {}", number % 100), &format!("system {number}"), 1);
    }
    let snapshot = Snapshot::new(&ledger, 1, NOW, 0);
    assert!(snapshot.folded_systems > 0 && snapshot.folded_severities > 0);
    sums_agree(&snapshot, 60_000);
}
