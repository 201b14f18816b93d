//! What it takes to count a message, and to sum a window up.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run ends")]

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use scout_core::{Ledger, LedgerConfig, Row, WallTime};

const NOW: WallTime = WallTime::from_unix_ms(1_775_030_400_000);
const RETENTION: Duration = Duration::from_secs(48 * 3600);
const MESSAGES: u64 = 100_000;
const SEVERITIES: [&str; 6] = ["info", "SUCCESS", "warning", "ERROR", "critical", "debug"];

/// What the index hands out of a message.
struct Texts {
    severity: &'static str,
    system: String,
    timestamp: String,
}

impl Texts {
    fn row(&self) -> Row<'_> {
        Row {
            severity: Some(self.severity),
            system: Some(&self.system),
            timestamp: Some(&self.timestamp),
            ..Row::default()
        }
    }
}

/// Messages of so many systems, spread over the retention time.
fn messages(systems: u64) -> Vec<Texts> {
    (0..MESSAGES)
        .zip(SEVERITIES.into_iter().cycle())
        .map(|(number, severity)| {
            // A multiple of the number runs through all systems and times, in no order.
            let scattered = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
            let age = Duration::from_millis(scattered % 172_800_000);
            Texts {
                severity,
                system: format!("team/service-{}", scattered % systems),
                timestamp: NOW.minus(age).to_string(),
            }
        })
        .collect()
}

fn empty() -> Ledger {
    Ledger::new(LedgerConfig::new(RETENTION, 48 << 20).unwrap(), NOW)
}

fn filled(messages: &[Texts]) -> Ledger {
    let mut ledger = empty();
    for facts in messages.iter().filter_map(|texts| texts.row().facts()) {
        ledger.record(&facts);
    }
    ledger
}

fn ingest(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("ledger/ingest");
    group.throughput(Throughput::Elements(MESSAGES)).sample_size(20);
    for systems in [40, 500, MESSAGES] {
        let messages = messages(systems);
        group.bench_with_input(
            BenchmarkId::from_parameter(format!("{systems} systems")),
            &messages,
            |bencher, all| {
                bencher.iter(|| filled(black_box(all)));
            },
        );
    }
    group.finish();
}

fn window(criterion: &mut Criterion) {
    let ledger = filled(&messages(500));
    let mut group = criterion.benchmark_group("ledger/window");
    for (name, seconds) in [("1m", 60), ("10m", 600), ("1h", 3600), ("24h", 86_400), ("48h", 172_800)] {
        let span = Duration::from_secs(seconds);
        group.bench_function(name, |bencher| bencher.iter(|| ledger.window(black_box(span), NOW).total()));
    }
    group.finish();
}

fn upkeep(criterion: &mut Criterion) {
    let messages = messages(500);
    let (first, second) = messages.split_at(messages.len() / 2);
    let (first, second) = (filled(first), filled(second));
    let mut group = criterion.benchmark_group("ledger");
    group.bench_function("merge", |bencher| {
        bencher.iter(|| {
            let mut sum = first.clone();
            sum.merge(&second);
            sum
        });
    });
    group.bench_function("advance by a minute", |bencher| {
        bencher.iter(|| {
            let mut later = first.clone();
            later.advance(NOW.plus(Duration::from_secs(60)));
            later
        });
    });
    group.finish();
}

criterion_group!(benches, ingest, window, upkeep);
criterion_main!(benches);
