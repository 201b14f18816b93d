//! What a question about a window costs over a full ledger: 48 hours, 500 systems, 8 severities, a million messages.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run ends")]

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use scout_core::{By, Ledger, LedgerConfig, Query, Row, SeriesQuery, Severity, Snapshot, WallTime};

const NOW: WallTime = WallTime::from_unix_ms(1_775_030_400_000);
const RETENTION: Duration = Duration::from_secs(48 * 3600);
const MESSAGES: u64 = 1_000_000;
const SYSTEMS: u64 = 500;
const SEVERITIES: [&str; 8] = ["info", "success", "warning", "error", "critical", "debug", "notice", "trace"];

/// The windows that are asked for, in seconds.
const WINDOWS: [(&str, u64); 5] =
    [("5m", 300), ("1h", 3600), ("6h", 21_600), ("24h", 86_400), ("48h", 172_800)];

fn snapshot() -> Snapshot {
    let mut ledger = Ledger::new(LedgerConfig::new(RETENTION, 48 << 20).unwrap(), NOW);
    let systems: Vec<String> = (0..SYSTEMS).map(|number| format!("team/service-{number}")).collect();
    for number in 0..MESSAGES {
        // A multiple of the number runs through all systems, severities and times, in no order.
        let scattered = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let part = |shift: u32, of: u64| usize::try_from((scattered >> shift) % of).unwrap();
        let age = Duration::from_millis((scattered >> 16) % 172_800_000);
        let timestamp = NOW.minus(age).to_string();
        let row = Row {
            severity: Some(SEVERITIES[part(40, SEVERITIES.len() as u64)]),
            system: Some(&systems[part(48, SYSTEMS)]),
            timestamp: Some(&timestamp),
            ..Row::default()
        };
        ledger.record(&row.facts().unwrap());
    }
    Snapshot::new(&ledger, 1, NOW, 0)
}

fn window(seconds: u64) -> Query {
    Query { window: Some(Duration::from_secs(seconds).into()), ..Query::default() }
}

fn queries(criterion: &mut Criterion) {
    let snapshot = snapshot();
    let mut group = criterion.benchmark_group("windows/query");
    for (name, seconds) in WINDOWS {
        let query = window(seconds);
        group.bench_function(name, |bencher| {
            bencher.iter(|| black_box(&query).find(&snapshot, NOW).unwrap());
        });
    }
    let of_system = Query { system: Some("team/service-7".into()), ..window(86_400) };
    group.bench_function("24h of a system", |bencher| {
        bencher.iter(|| black_box(&of_system).find(&snapshot, NOW).unwrap());
    });
    let of_severity = Query { severity: Some(Severity::fold(Some("error"))), ..window(86_400) };
    group.bench_function("24h of a severity", |bencher| {
        bencher.iter(|| black_box(&of_severity).find(&snapshot, NOW).unwrap());
    });
    group.bench_function("everything", |bencher| {
        bencher.iter(|| black_box(&Query::default()).find(&snapshot, NOW).unwrap());
    });
    group.finish();
}

fn series(criterion: &mut Criterion) {
    let snapshot = snapshot();
    let mut group = criterion.benchmark_group("windows/series");
    for (by, division) in [("", By::None), (" by severity", By::Severity), (" by system", By::System)] {
        for (name, seconds) in WINDOWS {
            let query = SeriesQuery { query: window(seconds), step: None, by: division };
            group.bench_function(format!("{name}{by}"), |bencher| {
                bencher.iter(|| black_box(&query).find(&snapshot, NOW).unwrap());
            });
        }
    }
    group.finish();
}

criterion_group!(benches, queries, series);
criterion_main!(benches);
