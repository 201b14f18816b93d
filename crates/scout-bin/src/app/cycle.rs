//! The cycle: scan, sum up, publish; again every interval, sooner after a failure.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use metrics::{Counter, Histogram, Key, Level, Metadata, Recorder};
use scout_core::{
    Board, Clock, Finding, LedgerConfig, MessageStore, ScanCount, ScanReport, Snapshot, StoreError,
    StoreErrorKind,
};
use scout_http::{Publisher, Telemetry};
use tokio::time::MissedTickBehavior;
use tracing::{debug, error, info, warn};

/// The wait after the first failed cycle; doubles with each further one, up to the interval.
const FIRST_RETRY: Duration = Duration::from_secs(1);

const DURATION: &str = "homerun2_scout_aggregation_duration_seconds";
const ERRORS: &str = "homerun2_scout_aggregation_errors_total";

/// What the cycle records about itself.
struct CycleMetrics {
    /// Duration of aggregation cycles, failed ones included.
    duration: Histogram,
    /// Failed cycles.
    errors: Counter,
}

impl CycleMetrics {
    fn new(recorder: &dyn Recorder) -> Self {
        const METADATA: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, Some(module_path!()));
        Self {
            duration: recorder.register_histogram(&Key::from_static_name(DURATION), &METADATA),
            errors: recorder.register_counter(&Key::from_static_name(ERRORS), &METADATA),
        }
    }
}

fn panicked() -> StoreError {
    StoreError::new(
        StoreErrorKind::Protocol,
        "the cycle panicked, which is a bug; standard error has the place",
    )
}

/// Runs cycles until it is told to stop.
pub(super) struct Cycles {
    store: Arc<dyn MessageStore>,
    clock: Arc<dyn Clock>,
    ledger: LedgerConfig,
    interval: Duration,
    board: Board,
    publisher: Publisher,
    telemetry: Telemetry,
    metrics: CycleMetrics,
    noticed: Vec<Finding>,
}

impl Cycles {
    pub(super) fn new(
        store: Arc<dyn MessageStore>,
        clock: Arc<dyn Clock>,
        ledger: LedgerConfig,
        interval: Duration,
        publisher: Publisher,
        telemetry: Telemetry,
    ) -> Self {
        let metrics = CycleMetrics::new(telemetry.recorder());
        let board = Board::new(interval);
        publisher.publish(board.publication());
        Self { store, clock, ledger, interval, board, publisher, telemetry, metrics, noticed: Vec::new() }
    }

    /// The first cycle begins at once. A cycle that takes longer than the interval delays the next; none overlap.
    /// One that is under way when `stop` comes is abandoned: what is published stays.
    pub(super) async fn run(mut self, stop: impl Future<Output = ()>) {
        let mut ticks = tokio::time::interval(self.interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut stopping = std::pin::pin!(stop);
        loop {
            let retry = self.retry_delay();
            tokio::select! {
                biased;
                () = &mut stopping => break,
                _ = ticks.tick() => {}
                () = async { tokio::time::sleep(retry.unwrap_or_default()).await }, if retry.is_some() => {}
            }
            tokio::select! {
                biased;
                () = &mut stopping => break,
                () = self.cycle() => {}
            }
        }
        info!("aggregator stopped");
    }

    fn retry_delay(&self) -> Option<Duration> {
        let failures = self.board.publication().consecutive_failures.checked_sub(1)?;
        let doublings = u32::try_from(failures).unwrap_or(u32::MAX).min(16);
        Some(FIRST_RETRY.saturating_mul(1 << doublings)).filter(|delay| *delay < self.interval)
    }

    async fn cycle(&mut self) {
        debug!("running aggregation cycle");
        let began = self.clock.now().mono;
        let mut count = ScanCount::new(self.ledger);
        // A panic is a bug, but not a reason to stop serving the numbers of the cycle before.
        let scanned = AssertUnwindSafe(self.store.scan(&mut count)).catch_unwind().await;
        let scanned = scanned.unwrap_or_else(|_| Err(panicked()));
        let now = self.clock.now();
        let took = now.mono.since(began);
        self.metrics.duration.record(took.as_secs_f64());
        let done = std::panic::catch_unwind(AssertUnwindSafe(|| match scanned {
            Ok(report) => self.succeeded(&count, report, took),
            Err(error) => self.failed(&error),
        }));
        if done.is_err() {
            self.metrics.errors.increment(1);
            let publication = self.board.fail(&panicked(), now);
            // Where publishing is what panicked, the readers keep what they have.
            drop(std::panic::catch_unwind(AssertUnwindSafe(|| self.publisher.publish(&publication))));
            error!("the cycle panicked while it was published; what was published before stays");
        }
        self.telemetry.run_upkeep();
    }

    fn succeeded(&mut self, count: &ScanCount, report: ScanReport, took: Duration) {
        let snapshot =
            Snapshot::new(count.ledger(), self.board.next_generation(), count.at(), report.difference());
        if self.board.publication().stale_since.is_some() {
            info!(failures = self.board.publication().consecutive_failures, "aggregation recovered");
        }
        info!(
            totalMessages = snapshot.total,
            systemCount = snapshot.systems_total,
            totalAlerts = snapshot.total_alerts(),
            duration = took.as_secs_f64(),
            "aggregation cycle complete"
        );
        debug!(
            rows = report.rows,
            commands = report.commands,
            busy = report.busy.as_secs_f64(),
            longest = report.longest.as_secs_f64(),
            "scan complete"
        );
        let mut findings = report.findings;
        findings.extend(count.findings());
        self.log_changes(&findings);
        self.publisher.publish(&self.board.succeed(snapshot, findings, self.clock.now()));
    }

    fn failed(&mut self, error: &StoreError) {
        self.metrics.errors.increment(1);
        let publication = self.board.fail(error, self.clock.now());
        warn!(
            kind = error.kind().as_str(),
            error = %error,
            failures = publication.consecutive_failures,
            "aggregation cycle failed"
        );
        self.publisher.publish(&publication);
    }

    /// Says each finding once when it appears, and once when it is gone.
    fn log_changes(&mut self, findings: &[Finding]) {
        let is_among =
            |finding: &Finding, others: &[Finding]| others.iter().any(|other| other.is_same_as(finding));
        for finding in findings.iter().filter(|finding| !is_among(finding, &self.noticed)) {
            warn!(kind = finding.kind.as_str(), count = finding.count, text = finding.text, "finding");
        }
        for gone in self.noticed.iter().filter(|noticed| !is_among(noticed, findings)) {
            info!(kind = gone.kind.as_str(), text = gone.text, "finding is gone");
        }
        self.noticed = findings.to_vec();
    }
}
