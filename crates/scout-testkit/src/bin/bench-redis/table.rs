//! The report for people.

use crate::catch_up::CatchUp;
use crate::latency::Latency;
use crate::report::{Report, Row};
use crate::verdict::{Verdict, hourly_mean_ms, latency_verdicts, verdicts};

pub(crate) fn of(report: &Report) -> String {
    let Report { messages, index, redis, .. } = report;
    let mut lines = vec![format!("{messages} messages, index {index:?}, redis {redis}"), String::new()];
    lines.extend(costs(report));
    lines.push(String::new());
    lines.extend(latencies(report));
    lines.push(String::new());
    lines.extend(sums(report));
    lines.extend(report.warnings.iter().map(|warning| format!("scout: {warning}")));
    lines.iter().map(|line| line.trim_end()).collect::<Vec<_>>().join("\n") + "\n"
}

/// What Redis spends, and the longest of the producers' own writes, which nobody else here is to blame for. The last column is how many processors everybody else used: what the machine has to do beside
/// it is part of each latency.
fn costs(report: &Report) -> Vec<String> {
    let row = |cells: [String; 11]| {
        let [name, seconds, busy, minute, ratio, longest, above, write, redis, scout, others] = cells;
        format!(
            "{name:<24} {seconds:>7} {busy:>9} {minute:>11} {ratio:>11}  {longest:<19} {above:>7} {write:>9} {redis:>9} {scout:>9} {others:>7}"
        )
    };
    let head = [
        "Redis' time",
        "s",
        "busy ms",
        "ms a minute",
        "beside Go's",
        "longest, ms",
        "> 5 ms",
        "write, ms",
        "redis MB",
        "scout MB",
        "others",
    ];
    let reference = report.rows.get(1).and_then(Row::per_minute_ms);
    let cells = |measured: &Row| {
        let stats = &measured.window.stats;
        let minute = measured.per_minute_ms();
        let (command, micros) = &stats.longest;
        [
            measured.name.clone(),
            format!("{:.1}", measured.window.seconds),
            format!("{:.1}", stats.busy_ms()),
            minute.map_or_else(String::new, |minute| format!("{minute:.1}")),
            minute.zip(reference).map_or_else(String::new, |(minute, reference)| part(minute / reference)),
            if command.is_empty() { String::new() } else { format!("{:.2} {command}", micros / 1e3) },
            stats.above_budget.to_string(),
            format!("{:.2}", stats.longest_write.1 / 1e3),
            format!("{:.0}", megabytes(measured.window.redis_peak)),
            measured.scout.map_or_else(String::new, |scout| format!("{:.1}", megabytes(scout.peak))),
            format!("{:.1}", measured.window.others),
        ]
    };
    std::iter::once(head.map(str::to_owned)).chain(report.rows.iter().map(cells)).map(row).collect()
}

/// What a producer waits.
fn latencies(report: &Report) -> Vec<String> {
    let row =
        |name: &str, ping: String, set: String, word: &str| format!("{name:<24} {ping:<36} {set:<36} {word}");
    let mut lines = vec![row(
        "p50 / p99 / p99.9 / max",
        "PING, ms".to_owned(),
        "JSON.SET, ms".to_owned(),
        "2 x alone p99.9 + 5 ms",
    )];
    let idle = report.rows.first();
    for measured in &report.rows {
        let verdicts = idle.filter(|_| measured.scout.is_some()).map(|idle| latency_verdicts(idle, measured));
        let seen = &measured.window.seen;
        lines.push(row(
            &measured.name,
            points(seen.ping),
            points(seen.set),
            &verdicts.map_or_else(String::new, |[ping, set]| format!("{}, {}", ping.word(), set.word())),
        ));
    }
    lines
}

/// What becomes of it all.
fn sums(report: &Report) -> Vec<String> {
    let mut lines = Vec::new();
    let reference = report.rows.get(1).and_then(Row::per_minute_ms);
    if let Some((mean, reference)) = hourly_mean_ms(report.rows.get(2..).unwrap_or_default()).zip(reference) {
        let part = part(mean / reference);
        lines.push(format!(
            "busy, mean of an hour at 100/s with one scan: {mean:.1} ms a minute, {part} beside Go's"
        ));
    }
    if let Some(Latency { samples, p50, p99, max, .. }) = report.freshness {
        lines.push(format!(
            "until counted, {samples} one by one: p50 {p50:.0}, p99 {p99:.0}, max {max:.0} ms"
        ));
    }
    if let Some(CatchUp { messages, per_second, redis_micros, redis_share, scout_micros }) = report.catch_up {
        let percent = redis_share * 100.0;
        lines.push(format!(
            "catching up with {messages}: {per_second:.0} a second, each {redis_micros:.1} µs of Redis ({percent:.0} % of \
             its time) and {scout_micros:.1} µs of Scout's processor time"
        ));
    }
    lines.push(String::new());
    lines.extend(verdicts(report).iter().map(|verdict| {
        let Verdict { what, measured, allowed, unit } = verdict;
        format!("{what:<54} {measured:>9.2} of {allowed:>9.2} {unit}: {}", verdict.word())
    }));
    lines
}

/// A ratio, as the part that it is where it is a small one.
fn part(ratio: f64) -> String {
    match ratio {
        0.0 => String::new(),
        ..0.995 => format!("1/{:.1}", 1.0 / ratio),
        _ => format!("{ratio:.1} times"),
    }
}

fn points(latency: Latency) -> String {
    let Latency { p50, p99, p999, max, .. } = latency;
    format!("{p50:.2} / {p99:.2} / {p999:.2} / {max:.2}")
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
