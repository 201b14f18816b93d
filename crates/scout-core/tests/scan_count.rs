//! The rows of a scan become a ledger and findings.
#![expect(clippy::expect_used, reason = "tests show behaviour by failing loudly")]

use std::time::Duration;

use scout_core::{
    FindingKind, LedgerConfig, LedgerConfigError, Moment, Row, ScanCount, ScanReport, ScanSink, WallTime,
};

const NOW: WallTime = WallTime::from_unix_ms(1_775_030_400_000);
const RETENTION: Duration = Duration::from_secs(48 * 3600);

fn count(budget_bytes: usize) -> ScanCount {
    ScanCount::new(LedgerConfig::new(RETENTION, budget_bytes).expect("a budget"))
}

fn error_of(system: &str) -> Row<'_> {
    Row { severity: Some("error"), system: Some(system), ..Row::default() }
}

#[test]
fn messages_are_counted_and_foreign_documents_are_a_finding() {
    let mut count = count(32 << 20);
    count.begin(&Moment::new(NOW));
    count.row("1-a", &error_of("a"));
    count.row("other:1", &Row::default());
    count.row("other:2", &Row { timestamp_unix: Some("5"), ..Row::default() });
    assert_eq!((count.ledger().total().total(), count.foreign(), count.joined().at), (1, 2, NOW));
    let findings = count.findings();
    assert_eq!(findings.len(), 1);
    assert_eq!((findings[0].kind, findings[0].count), (FindingKind::ForeignDocuments, 2));
    assert!(findings[0].text.starts_with("2 documents"), "{}", findings[0].text);
}

#[test]
fn messages_alone_give_no_findings() {
    let mut count = count(32 << 20);
    count.begin(&Moment::new(NOW));
    count.row("1-a", &error_of("a"));
    assert_eq!(count.findings(), []);
}

#[test]
fn a_pass_that_begins_anew_voids_what_the_last_one_gave() {
    let mut count = count(32 << 20);
    count.begin(&Moment::new(NOW));
    count.row("1-a", &error_of("a"));
    count.row("other:1", &Row::default());
    count.begin(&Moment::new(NOW.plus(Duration::from_secs(9))));
    count.row("1-b", &error_of("b"));
    assert_eq!((count.ledger().total().total(), count.foreign()), (1, 0));
    assert_eq!(count.joined().at, NOW.plus(Duration::from_secs(9)));
}

#[test]
fn names_beyond_the_budget_are_a_finding() {
    let Err(LedgerConfigError::BudgetTooSmall { needed, .. }) = LedgerConfig::new(RETENTION, 0) else {
        panic!("no budget at all was accepted");
    };
    let mut count = count(needed);
    count.begin(&Moment::new(NOW));
    for number in 0..40_000 {
        count.row("key", &error_of(&format!("system {number}")));
    }
    let findings = count.findings();
    assert_eq!(findings.len(), 1);
    assert_eq!((findings[0].kind, findings[0].count), (FindingKind::Folded, count.ledger().folded()));
}

#[test]
fn a_scan_reports_how_many_rows_it_found_beside_those_expected() {
    let report = |rows, expected| {
        let mut report = ScanReport::default();
        report.rows = rows;
        report.expected = expected;
        report
    };
    assert_eq!(report(5, 7).difference(), -2);
    assert_eq!(report(7, 5).difference(), 2);
    assert_eq!(report(u64::MAX, 0).difference(), i64::MAX);
}
