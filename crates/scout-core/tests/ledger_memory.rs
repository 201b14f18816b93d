//! What the ledger reckons to use is not less than what it takes. Alone in its file, because it measures its process.
#![cfg(target_os = "linux")]
#![expect(clippy::expect_used, reason = "tests show behaviour by failing loudly")]

use std::fs;
use std::time::Duration;

use scout_core::{Facts, Ledger, LedgerConfig, Severity, WallTime};

const NOW: WallTime = WallTime::from_unix_ms(1_775_030_400_000);
const RETENTION: Duration = Duration::from_secs(48 * 3600);
const BUDGET_BYTES: usize = 36 << 20;

/// The most memory that this process ever had.
fn peak_bytes() -> usize {
    let status = fs::read_to_string("/proc/self/status").expect("the process' own status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a line on memory");
    line.trim().trim_end_matches(" kB").parse::<usize>().expect("a number") * 1024
}

#[test]
fn invariant_8_the_process_grows_by_no_more_than_the_budget() {
    let before = peak_bytes();
    let config = LedgerConfig::new(RETENTION, BUDGET_BYTES).expect("a budget");
    let mut ledger = Ledger::new(config, NOW);
    for number in 0..300_000_u32 {
        let system = format!("system-with-a-rather-long-name-and-the-number-{number:0>12}");
        ledger.record(&Facts {
            severity: Severity::fold(Some(if number % 3 == 0 { "error" } else { "info" })),
            system: Some(&system),
            event_time: Some(NOW.minus(Duration::from_millis(u64::from(number) * 7919 % 172_800_000))),
        });
    }
    let grown = peak_bytes() - before;
    assert!(ledger.folded() > 0, "the budget was never reached");
    assert!(grown <= ledger.used_bytes(), "{grown} bytes more, {} reckoned with", ledger.used_bytes());
    assert!(ledger.used_bytes() <= BUDGET_BYTES);
}
