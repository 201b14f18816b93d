//! What the adapter tells about its own work.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Label, Level, Metadata, Recorder, Unit};
use scout_core::StoreErrorKind;

const COMMAND_DURATION: &str = "homerun2_scout_redis_command_duration_seconds";
const ERRORS: &str = "homerun2_scout_redis_errors_total";
const BUSY: &str = "homerun2_scout_redis_busy_seconds";
const LONGEST: &str = "homerun2_scout_redis_longest_command_seconds";
const BUDGET: &str = "homerun2_scout_redis_stall_budget_seconds";

/// What is sent to Redis; its name is a metric's label value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Opening a connection and greeting the server.
    Connect,
    /// FT.AGGREGATE with the FT.INFO beside it.
    Aggregate,
    /// FT.CURSOR READ and DEL.
    Cursor,
    /// FT.INFO alone.
    Info,
    /// FT.CREATE.
    Create,
    /// JSON.SET and XADD.
    Submit,
    /// Harmless forms of the others, sent to see whether they are permitted.
    Probe,
    /// INFO.
    Server,
    /// SCAN, to see whether an index that is empty leaves messages out.
    Scan,
    /// XREAD, with the time that it waits for news.
    Tail,
    /// FT.SEARCH of what was announced.
    Search,
    /// XINFO STREAM and FT.INFO, to compare the count with.
    Look,
    /// The scripts by which the right to judge is taken, prolonged and given back.
    Lease,
    /// GET, SSCAN and MGET of alerts.
    ReadAlerts,
    /// The script that writes alerts.
    WriteAlerts,
}

impl Command {
    const ALL: [Self; 15] = [
        Self::Connect,
        Self::Aggregate,
        Self::Cursor,
        Self::Info,
        Self::Create,
        Self::Submit,
        Self::Probe,
        Self::Server,
        Self::Scan,
        Self::Tail,
        Self::Search,
        Self::Look,
        Self::Lease,
        Self::ReadAlerts,
        Self::WriteAlerts,
    ];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Aggregate => "ft.aggregate",
            Self::Cursor => "ft.cursor",
            Self::Info => "ft.info",
            Self::Create => "ft.create",
            Self::Submit => "json.set",
            Self::Probe => "probe",
            Self::Server => "info",
            Self::Scan => "scan",
            Self::Tail => "xread",
            Self::Search => "ft.search",
            Self::Look => "xinfo",
            Self::Lease => "lease",
            Self::ReadAlerts => "read_alerts",
            Self::WriteAlerts => "write_alerts",
        }
    }
}

/// Whose time in Redis is measured by Redis' own clock.
const TIMED: [Command; 8] = [
    Command::Aggregate,
    Command::Cursor,
    Command::Search,
    Command::Tail,
    Command::Look,
    Command::Lease,
    Command::ReadAlerts,
    Command::WriteAlerts,
];

/// Every kind that this store can meet; the others are of stores that keep files.
const KINDS: [StoreErrorKind; 13] = [
    StoreErrorKind::Unreachable,
    StoreErrorKind::Timeout,
    StoreErrorKind::Authentication,
    StoreErrorKind::Permission,
    StoreErrorKind::NotReady,
    StoreErrorKind::IndexMissing,
    StoreErrorKind::IndexBuilding,
    StoreErrorKind::ModuleMissing,
    StoreErrorKind::Clustered,
    StoreErrorKind::NotWritable,
    StoreErrorKind::Partial,
    StoreErrorKind::Protocol,
    StoreErrorKind::Refused,
];

/// The handles, taken once: there is no global recorder.
#[derive(Clone, Debug)]
pub(crate) struct Meters {
    commands: [Histogram; Command::ALL.len()],
    errors: [Counter; KINDS.len()],
    busy: [Histogram; TIMED.len()],
    longest: Gauge,
    longest_micros: Arc<AtomicU64>,
}

impl Meters {
    pub(crate) fn new(recorder: &dyn Recorder, stall_budget: Duration) -> Self {
        recorder.describe_histogram(
            KeyName::from_const_str(COMMAND_DURATION),
            Some(Unit::Seconds),
            "Time from sending a command to Redis until its answer".into(),
        );
        recorder.describe_counter(
            KeyName::from_const_str(ERRORS),
            Some(Unit::Count),
            "Scans, looks at streams, submissions, inspections, and uses of alerts and lease that failed"
                .into(),
        );
        recorder.describe_histogram(
            KeyName::from_const_str(BUSY),
            Some(Unit::Seconds),
            "Time that Redis spent on a command, by its own clock".into(),
        );
        let longest = "Longest time that Redis spent on one command since the start";
        recorder.describe_gauge(KeyName::from_const_str(LONGEST), Some(Unit::Seconds), longest.into());
        let budget = "Longest time that Redis is to spend on one command";
        recorder.describe_gauge(KeyName::from_const_str(BUDGET), Some(Unit::Seconds), budget.into());
        let metadata = Metadata::new(module_path!(), Level::INFO, Some(module_path!()));
        let gauge = |name| recorder.register_gauge(&Key::from_static_name(name), &metadata);
        gauge(BUDGET).set(stall_budget.as_secs_f64());
        Self {
            busy: TIMED.map(|command| {
                let labels = vec![Label::new("command", command.as_str())];
                recorder.register_histogram(&Key::from_parts(BUSY, labels), &metadata)
            }),
            longest: gauge(LONGEST),
            longest_micros: Arc::default(),
            commands: Command::ALL.map(|command| {
                let labels = vec![Label::new("command", command.as_str())];
                recorder.register_histogram(&Key::from_parts(COMMAND_DURATION, labels), &metadata)
            }),
            errors: KINDS.map(|kind| {
                let labels = vec![Label::new("kind", kind.as_str())];
                recorder.register_counter(&Key::from_parts(ERRORS, labels), &metadata)
            }),
        }
    }

    pub(crate) fn command(&self, command: Command, duration: Duration) {
        for (known, histogram) in Command::ALL.into_iter().zip(&self.commands) {
            if known == command {
                histogram.record(duration.as_secs_f64());
            }
        }
    }

    /// Redis was at a command for so long.
    pub(crate) fn busy(&self, command: Command, busy: Duration) {
        for (known, histogram) in TIMED.into_iter().zip(&self.busy) {
            if known == command {
                histogram.record(busy.as_secs_f64());
            }
        }
        let micros = u64::try_from(busy.as_micros()).unwrap_or(u64::MAX);
        if self.longest_micros.fetch_max(micros, Ordering::Relaxed) < micros {
            self.longest.set(busy.as_secs_f64());
        }
    }

    pub(crate) fn error(&self, kind: StoreErrorKind) {
        for (known, counter) in KINDS.into_iter().zip(&self.errors) {
            if known == kind {
                counter.increment(1);
            }
        }
    }
}
