//! What was promised, beside what was measured.

use serde_json::{Value, json};

use crate::report::{Report, Row};
use crate::stats::STALL_BUDGET_MICROS;

/// The part of the Go service's time that Scout may take.
const PART: f64 = 1.0 / 50.0;

/// How soon a message has to be counted.
const FRESH_MS: f64 = 400.0;

/// A promise, with what became of it.
#[derive(Clone, Debug)]
pub(crate) struct Verdict {
    pub(crate) what: String,
    pub(crate) measured: f64,
    pub(crate) allowed: f64,
    pub(crate) unit: &'static str,
}

impl Verdict {
    pub(crate) fn word(&self) -> &'static str {
        if self.measured <= self.allowed { "met" } else { "missed" }
    }

    pub(crate) fn to_json(&self) -> Value {
        let Self { what, measured, allowed, unit } = self;
        json!({"what": what, "measured": measured, "allowed": allowed, "unit": unit, "verdict": self.word()})
    }
}

/// The rows by what they are: idle first, then the reference, then Scout's with its first scan ahead.
pub(crate) fn verdicts(report: &Report) -> Vec<Verdict> {
    let [idle, reference, scouts @ ..] = report.rows.as_slice() else { return Vec::new() };
    let busy = hourly_mean_ms(scouts).zip(reference.per_minute_ms());
    let mut verdicts: Vec<Verdict> = busy
        .into_iter()
        .map(|(mean, reference)| Verdict {
            what: "busy a minute, mean of an hour at 100/s with a scan".to_owned(),
            measured: mean,
            allowed: reference * PART,
            unit: "ms",
        })
        .collect();
    for row in scouts.iter().filter(|row| row.scout.is_some()) {
        verdicts.extend(latency_verdicts(idle, row));
    }
    verdicts.extend(report.freshness.map(|freshness| Verdict {
        what: "until counted, p99".to_owned(),
        measured: freshness.p99,
        allowed: FRESH_MS,
        unit: "ms",
    }));
    verdicts
}

/// What a producer may see beside Scout: twice what it sees of the same writes alone, and one step.
pub(crate) fn latency_verdicts(idle: &Row, row: &Row) -> [Verdict; 2] {
    let seen = (row.alone.unwrap_or(idle.window.seen), row.window.seen);
    [("PING", seen.0.ping, seen.1.ping), ("JSON.SET", seen.0.set, seen.1.set)].map(
        |(command, alone, beside)| Verdict {
            what: format!("{command} p99.9, {}", row.name),
            measured: beside.p999,
            allowed: 2.0 * alone.p999 + f64::from(STALL_BUDGET_MICROS) / 1e3,
            unit: "ms",
        },
    )
}

/// Milliseconds of Redis' time a minute, in an hour at 100 messages a second with one scan in it.
pub(crate) fn hourly_mean_ms(scouts: &[Row]) -> Option<f64> {
    let scan = scouts.first()?.window.stats.scan_ms();
    let steady = scouts.iter().find(|row| row.name == "Scout at 100/s")?.per_minute_ms()?;
    Some((steady * 60.0 + scan) / 60.0)
}
