//! A count such as a middling platform has: 40 systems, 6 severities, 12,000 messages.

use std::time::Duration;

use scout_core::{Board, Ledger, LedgerConfig, LedgerConfigError, Now, Publication, Row, Snapshot};

const SEVERITIES: [&str; 6] = ["info", "SUCCESS", "warning", "ERROR", "critical", "debug"];

/// The ledger of such a platform.
///
/// # Errors
/// None with the budget chosen here.
pub fn ledger(now: Now) -> Result<Ledger, LedgerConfigError> {
    let mut ledger = Ledger::new(LedgerConfig::new(Duration::from_secs(48 * 3600), 48 << 20)?, now.wall);
    for number in 0..12_000_usize {
        let system = format!("kubernetes/cluster-{:02}", number * number % 40);
        let row = Row {
            severity: Some(SEVERITIES[number % SEVERITIES.len()]),
            system: Some(&system),
            timestamp: Some("2026-03-01T11:59:30Z"),
            ..Row::default()
        };
        if let Some(facts) = row.facts() {
            ledger.record(&facts);
        }
    }
    Ok(ledger)
}

/// What is published of it.
///
/// # Errors
/// None with the budget chosen here.
pub fn publication(now: Now) -> Result<Publication, LedgerConfigError> {
    let snapshot = Snapshot::new(&ledger(now)?, 1, now.wall, 0);
    Ok(Board::new(Duration::from_secs(60)).succeed(snapshot, Vec::new(), now))
}
