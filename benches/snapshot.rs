//! From a ledger to what readers see.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run ends")]

use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use scout_benches::clock::MachineClock;
use scout_benches::sample;
use scout_core::{Clock as _, Snapshot};
use scout_http::{HttpConfig, Server, Telemetry};
use tokio::runtime::Builder;

fn snapshot(criterion: &mut Criterion) {
    let clock = Arc::new(MachineClock::start());
    let now = clock.now();
    let ledger = sample::ledger(now).unwrap();
    criterion.bench_function("snapshot/sum up", |bencher| {
        bencher.iter(|| Snapshot::new(&ledger, 1, now.wall, 0));
    });
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let config = HttpConfig::new(([127, 0, 0, 1], 0).into());
    let server = runtime.block_on(Server::bind(config, clock, None, Telemetry::new())).unwrap();
    let (publisher, publication) = (server.publisher(), sample::publication(now).unwrap());
    criterion.bench_function("snapshot/render", |bencher| bencher.iter(|| publisher.publish(&publication)));
}

criterion_group!(benches, snapshot);
criterion_main!(benches);
