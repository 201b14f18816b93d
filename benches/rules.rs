//! How fast rules are judged: a thousand of them over five minutes of fifty systems and six severities, as each cycle does.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run ends")]

use std::collections::{BTreeMap, BTreeSet};
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use scout_core::alerting::{
    Alerting, AlertingConfig, Glob, GroupBy, Leased, Loaded, Observation, ReceiverLimits, Rule, Selector,
    SourceRules,
};
use scout_core::{
    Announced, FeedMark, LiveConfig, LiveLedger, Moment, MonoTime, Now, Offset, Row, ScanCount,
    ScanSink as _, Severity, Snapshot, WallTime,
};

const NOW: WallTime = WallTime::from_unix_ms(1_775_030_400_000);
const RULES: u64 = 1000;
const MESSAGES: u64 = 30_000;
const SYSTEMS: u64 = 50;
const SEVERITIES: [&str; 6] = ["info", "success", "warning", "error", "critical", "debug"];

/// Counts of the last five minutes, of which nothing is missing.
fn snapshot() -> Snapshot {
    let config = LiveConfig::new(Duration::from_secs(48 * 3600), 96 << 20).unwrap();
    let mut live = LiveLedger::new(config);
    let mut joined = Moment::new(NOW.minus(Duration::from_secs(300)));
    joined.feeds.insert("messages".into(), FeedMark::new(Offset::START, 0));
    live.join(&joined);
    let mut count = ScanCount::new(config.ledger());
    count.begin(&joined);
    live.complete(count);
    for number in 1..=MESSAGES {
        let system = format!("team/service-{}", number % SYSTEMS);
        let severity = SEVERITIES[usize::try_from(number / SYSTEMS).unwrap() % SEVERITIES.len()];
        let row = Row { severity: Some(severity), system: Some(&system), ..Row::default() };
        let arrived = NOW.minus(Duration::from_millis((MESSAGES - number) * 300_000 / MESSAGES));
        let place = ("messages", Offset::from_bits(u128::from(number)));
        live.announce(&Announced::new(place, arrived, &number.to_string(), Some(row)));
    }
    let mut asked = Moment::new(NOW);
    asked.documents = MESSAGES;
    asked.feeds.insert("messages".into(), FeedMark::new(Offset::from_bits(u128::from(MESSAGES)), MESSAGES));
    live.ask(asked);
    live.caught_up();
    live.verdict();
    live.advance(NOW);
    Snapshot::new(live.ledger(), 1, NOW, 0).with_arrivals(live.arrivals())
}

/// Rules that differ in what they look at, none of which holds.
fn rules(group_by: GroupBy) -> Vec<Rule> {
    let rule = |number: u64| {
        let mut rule = Rule::count(&format!("Rule{number}"), 1e9);
        rule.select = Selector {
            severities: vec![Severity::fold(Some(
                SEVERITIES[usize::try_from(number).unwrap() % SEVERITIES.len()],
            ))],
            systems: vec![Glob::new(format!("team/service-{}*", number % 5))],
            ..Selector::default()
        };
        rule.group_by = group_by;
        rule
    };
    (0..RULES).map(rule).collect()
}

/// A machine that is in charge.
fn machine(rules: Vec<Rule>, now: Now) -> Alerting {
    let receiver: Arc<str> = "nobody".into();
    let mut machine = Alerting::new(AlertingConfig {
        rules,
        receivers: BTreeMap::from([(receiver, ReceiverLimits { max_per_minute: 60 })]),
        source: SourceRules {
            unreachable_for: Duration::from_secs(60),
            repeat_interval: Duration::from_secs(3600),
            receivers: Vec::new(),
        },
        receivers_revision: 1,
        owner: "bench".to_owned(),
        seed: 1,
    });
    drop(machine.poll(now));
    machine.leased(Ok(Leased::Held { has_state: false }), now);
    // What was read before the lease was taken does not count.
    for _ in 0..2 {
        machine.loaded(Ok(Loaded::Nothing), now);
        drop(machine.poll(now));
    }
    assert!(machine.is_in_charge(now.mono));
    machine
}

fn judging(criterion: &mut Criterion) {
    let snapshot = snapshot();
    let now = Now { wall: NOW, mono: MonoTime::from_start(Duration::from_secs(1)) };
    let mut group = criterion.benchmark_group("rules/judge");
    group.throughput(Throughput::Elements(RULES));
    for (name, group_by) in
        [("one group", GroupBy::default()), ("by system", GroupBy { system: true, severity: false })]
    {
        let mut machine = machine(rules(group_by), now);
        machine.observe(&Observation::of(&snapshot), now);
        let values: BTreeSet<_> =
            machine.outcomes().map(|(_, outcome)| (outcome.is_covered, outcome.value.is_some())).collect();
        assert_eq!(values, BTreeSet::from([(true, true)]), "every rule is judged on something");
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter(|| machine.observe(black_box(&Observation::of(&snapshot)), now));
        });
    }
    group.finish();
}

criterion_group!(benches, judging);
criterion_main!(benches);
