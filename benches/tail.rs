//! What it takes Scout itself to read a message from the tail and to count it, without what it takes Redis.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run ends")]

use std::sync::Arc;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use metrics::NoopRecorder;
use scout_benches::clock::MachineClock;
use scout_benches::wire::{self, Wired};
use scout_core::{
    Announced, LiveConfig, LiveLedger, MessageStore as _, Moment, Offset, Row, ScanCount, ScanSink as _,
    TailSink, WallTime,
};
use scout_redis::{Protocol, RedisConfig, RedisStore};
use tokio::runtime::Builder;

const NOW: WallTime = WallTime::from_unix_ms(1_775_030_400_000);
const SEVERITIES: [&str; 8] = ["info", "SUCCESS", "warning", "ERROR", "critical", "debug", "notice", "trace"];

/// As many as one look at a stream takes at most.
const MESSAGES: u64 = 1000;

/// The last messages of 500 systems, of the two days before.
fn messages() -> Vec<Wired> {
    (0..MESSAGES)
        .zip(SEVERITIES.into_iter().cycle())
        .map(|(number, severity)| {
            // A multiple of the number runs through all systems and times, in no order.
            let scattered = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
            let at = NOW.minus(Duration::from_millis(scattered % 172_800_000));
            let system = format!("team/service-{}", scattered % 500);
            Wired {
                key: format!("3f2b8c1e-7d4a-4e6f-9b0c-{scattered:012x}-{system}"),
                fields: vec![
                    ("s", severity.to_owned()),
                    ("y", system),
                    ("t", at.to_string()),
                    ("u", at.unix_seconds().to_string()),
                ],
            }
        })
        .collect()
}

/// A ledger that a scan has filled, so that the tail's messages are added to it.
struct Live(LiveLedger);

impl Live {
    fn new() -> Self {
        let config = LiveConfig::new(Duration::from_secs(48 * 3600), 128 << 20).unwrap();
        let (mut live, mut count) = (LiveLedger::new(config), ScanCount::new(config.ledger()));
        let moment = Moment::new(NOW);
        live.join(&moment);
        count.begin(&moment);
        live.complete(count);
        Self(live)
    }
}

impl TailSink for Live {
    fn entry(&mut self, entry: &Announced<'_>) {
        self.0.announce(entry);
    }
}

/// The whole way in either protocol: commands to Redis and their answers, taken apart and counted.
fn read(criterion: &mut Criterion) {
    let address = wire::serve(&messages()).unwrap();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let mut group = criterion.benchmark_group("tail/read and count");
    group.throughput(Throughput::Elements(MESSAGES)).sample_size(50);
    for (name, protocol) in [("RESP3", Protocol::Resp3), ("RESP2", Protocol::Resp2)] {
        let mut config = RedisConfig::from_url(&format!("redis://{address}")).unwrap();
        config.protocol = protocol;
        let store = RedisStore::new(config, Arc::new(MachineClock::start()), &NoopRecorder).unwrap();
        let mut live = Live::new();
        let mut look = || {
            let from = live.0.position().clone();
            runtime.block_on(store.tail(&from, &mut live)).unwrap().entries
        };
        // Steps grow with what they are measured to cost.
        while look() < MESSAGES {}
        group.bench_function(name, |bencher| bencher.iter(&mut look));
    }
    group.finish();
}

/// Its end alone: the texts of the messages are there.
fn count(criterion: &mut Criterion) {
    let messages = messages();
    let mut live = Live::new();
    let mut group = criterion.benchmark_group("tail");
    group.throughput(Throughput::Elements(MESSAGES)).sample_size(50);
    group.bench_function("count", |bencher| {
        bencher.iter(|| {
            for (number, message) in (1..).zip(&messages) {
                let field = |at: usize| message.fields.get(at).map(|(_, value)| value.as_str());
                let row = Row {
                    severity: field(0),
                    system: field(1),
                    timestamp: field(2),
                    timestamp_unix: field(3),
                    ..Row::default()
                };
                let place = ("messages", Offset::from_bits(number));
                live.0.announce(&Announced::new(place, NOW, &message.key, Some(row)));
            }
        });
    });
    group.finish();
}

criterion_group!(benches, read, count);
criterion_main!(benches);
