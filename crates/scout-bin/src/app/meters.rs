//! What the service records about its own work between the store and the readers.

use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata, Recorder, Unit};
use scout_core::{MonoTime, WallTime, WhyScan};

const DURATION: &str = "homerun2_scout_aggregation_duration_seconds";
const ERRORS: &str = "homerun2_scout_aggregation_errors_total";
const PHASE: &str = "homerun2_scout_cycle_phase_seconds";
const CYCLE_ENTRIES: &str = "homerun2_scout_cycle_entries";
const ENTRIES: &str = "homerun2_scout_tail_entries_total";
const LAG: &str = "homerun2_scout_tail_lag_seconds";
const GAPS: &str = "homerun2_scout_gap_entries_total";
const CHECKS: &str = "homerun2_scout_checks_total";
const SCANS: &str = "homerun2_scout_scans_total";
const PROGRESS: &str = "homerun2_scout_scan_progress";
const COVERED: &str = "homerun2_scout_arrivals_covered_seconds";

const METADATA: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, Some(module_path!()));

const REASONS: [WhyScan; 6] =
    [WhyScan::Start, WhyScan::Replaced, WhyScan::Gap, WhyScan::Blind, WhyScan::Difference, WhyScan::Rotation];

/// The handles, taken once: there is no global recorder.
pub(super) struct Meters {
    /// Duration of aggregation cycles, failed ones included.
    duration: Histogram,
    /// Failed cycles.
    errors: Counter,
    sum: Gauge,
    publish: Gauge,
    cycle_entries: Gauge,
    entries: Counter,
    lag: Gauge,
    gaps: Counter,
    checks: Counter,
    /// Scans by reason: completed, and failed.
    scans: [(Counter, Counter); REASONS.len()],
    progress: Gauge,
    covered: Gauge,
    entries_since_cycle: u64,
}

impl Meters {
    pub(super) fn new(recorder: &dyn Recorder) -> Self {
        describe(recorder);
        let gauge = |name| recorder.register_gauge(&Key::from_static_name(name), &METADATA);
        let counter = |name| recorder.register_counter(&Key::from_static_name(name), &METADATA);
        let phase = |phase| {
            let labels = vec![Label::new("phase", phase)];
            recorder.register_gauge(&Key::from_parts(PHASE, labels), &METADATA)
        };
        let scans = |why: WhyScan, result| {
            let labels = vec![Label::new("reason", why.as_str()), Label::new("result", result)];
            recorder.register_counter(&Key::from_parts(SCANS, labels), &METADATA)
        };
        Self {
            duration: recorder.register_histogram(&Key::from_static_name(DURATION), &METADATA),
            errors: counter(ERRORS),
            sum: phase("sum"),
            publish: phase("publish"),
            cycle_entries: gauge(CYCLE_ENTRIES),
            entries: counter(ENTRIES),
            lag: gauge(LAG),
            gaps: counter(GAPS),
            checks: counter(CHECKS),
            scans: REASONS.map(|why| (scans(why, "completed"), scans(why, "failed"))),
            progress: gauge(PROGRESS),
            covered: gauge(COVERED),
            entries_since_cycle: 0,
        }
    }

    /// A cycle has ended, or has failed.
    pub(super) fn cycle(&mut self, took: Duration) {
        self.duration.record(took.as_secs_f64());
        self.cycle_entries.set(std::mem::take(&mut self.entries_since_cycle) as f64);
    }

    pub(super) fn cycle_failed(&self) {
        self.errors.increment(1);
    }

    /// A cycle began, had summed up, and had published at these moments.
    pub(super) fn phases(&self, [began, summed, published]: [MonoTime; 3]) {
        self.sum.set(summed.since(began).as_secs_f64());
        self.publish.set(published.since(summed).as_secs_f64());
    }

    /// Entries were read; while there are more, the last of them arrived then.
    pub(super) fn tailed(&mut self, entries: u64, behind: Option<Duration>) {
        self.entries.increment(entries);
        self.entries_since_cycle += entries;
        self.lag.set(behind.unwrap_or_default().as_secs_f64());
    }

    pub(super) fn gap(&self, missed: u64) {
        self.gaps.increment(missed);
    }

    pub(super) fn checked(&self) {
        self.checks.increment(1);
    }

    pub(super) fn scanned(&self, why: WhyScan, is_complete: bool) {
        for (reason, (completed, failed)) in REASONS.into_iter().zip(&self.scans) {
            if reason == why {
                let counter = if is_complete { completed } else { failed };
                counter.increment(1);
            }
        }
        self.progress.set(1.0);
    }

    /// A scan is under way, and that part of it is done.
    pub(super) fn progress(&self, part: f64) {
        self.progress.set(part);
    }

    /// Arrivals are complete from then on.
    pub(super) fn covered(&self, from: Option<WallTime>, now: WallTime) {
        let span_ms = from.map_or(0, |from| now.unix_ms().saturating_sub(from.unix_ms()).max(0));
        self.covered.set(span_ms as f64 / 1000.0);
    }
}

fn describe(recorder: &dyn Recorder) {
    let gauge = |name: &'static str, text: &'static str| {
        recorder.describe_gauge(name.into(), None, text.into());
    };
    let counter = |name: &'static str, text: &'static str| {
        recorder.describe_counter(name.into(), Some(Unit::Count), text.into());
    };
    gauge(PHASE, "How long the phases of the last cycle took: summing up, and rendering what is published");
    gauge(CYCLE_ENTRIES, "Entries of the streams that came between the last two cycles");
    counter(ENTRIES, "Entries of the streams that were read");
    gauge(LAG, "How long ago the last entry arrived that was read, while there are more; else 0");
    counter(GAPS, "Entries that were gone from the streams before they could be read");
    counter(CHECKS, "Looks at the store to compare the count with");
    counter(SCANS, "Scans of the whole store, by what brought them and how they ended");
    gauge(PROGRESS, "How much of the scan under way is done, from 0 to 1; 1 while there is none");
    gauge(COVERED, "How far back nothing is missing of what has arrived");
}
