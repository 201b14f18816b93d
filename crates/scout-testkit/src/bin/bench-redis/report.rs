//! Everything that was measured in one run.

use serde_json::{Map, Value, json};

use crate::arguments::{Index, Measure};
use crate::catch_up::CatchUp;
use crate::latency::Latency;
use crate::neighbour::Seen;
use crate::process::Resident;
use crate::verdict::{Verdict, verdicts};
use crate::window::Window;

/// How often a row's work is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repeats {
    /// All the time.
    Always,
    /// Once a minute, however long the window was.
    OnceAMinute,
    /// Seldom enough that it has no share of a minute.
    Seldom,
}

/// One thing that was measured.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) window: Window,
    repeats: Repeats,
    pub(crate) scout: Option<Resident>,
    /// What a producer saw of the same writes while nobody counted; `None` where that is the first row.
    pub(crate) alone: Option<Seen>,
}

impl Row {
    pub(crate) fn new(name: &str, window: Window) -> Self {
        Self { name: name.to_owned(), window, repeats: Repeats::Always, scout: None, alone: None }
    }

    pub(crate) fn repeating(self, repeats: Repeats) -> Self {
        Self { repeats, ..self }
    }

    pub(crate) fn with_scout(self, resident: Resident) -> Self {
        Self { scout: Some(resident), ..self }
    }

    /// Compared with what a producer saw of the same writes while nobody counted.
    pub(crate) fn beside(self, alone: Seen) -> Self {
        Self { alone: Some(alone), ..self }
    }

    /// Milliseconds of Redis' time in a minute.
    pub(crate) fn per_minute_ms(&self) -> Option<f64> {
        let busy = self.window.stats.busy_ms();
        match self.repeats {
            Repeats::Always => Some(busy * 60.0 / self.window.seconds),
            Repeats::OnceAMinute => Some(busy),
            Repeats::Seldom => None,
        }
    }

    fn to_json(&self) -> Value {
        let Window { seconds, others, stats, seen, redis_used, redis_peak } = &self.window;
        let commands: Map<String, Value> = stats
            .commands
            .iter()
            .map(|(name, spent)| {
                let longest = spent.longest_micros;
                (name.clone(), json!({"calls": spent.calls, "usec": spent.micros, "longestUsec": longest}))
            })
            .collect();
        json!({
            "name": self.name,
            "seconds": seconds,
            "processorsOfOthers": others,
            "busyMs": stats.busy_ms(),
            "busyPerMinuteMs": self.per_minute_ms(),
            "longest": {"command": stats.longest.0, "ms": stats.longest.1 / 1e3},
            "longestWrite": {"command": stats.longest_write.0, "ms": stats.longest_write.1 / 1e3},
            "aboveStallBudget": stats.above_budget,
            "commands": commands,
            "forks": stats.forks,
            "ping": seen.ping.to_json(),
            "jsonSet": seen.set.to_json(),
            "redisUsedBytes": redis_used,
            "redisPeakResidentBytes": redis_peak,
            "scoutResidentBytes": self.scout.map(|scout| scout.now),
            "scoutPeakResidentBytes": self.scout.map(|scout| scout.peak),
        })
    }
}

/// One run.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) messages: u64,
    pub(crate) index: Index,
    pub(crate) redis: String,
    pub(crate) rows: Vec<Row>,
    pub(crate) freshness: Option<Latency>,
    pub(crate) catch_up: Option<CatchUp>,
    pub(crate) warnings: Vec<String>,
}

impl Report {
    pub(crate) fn new(arguments: &Measure, redis: String) -> Self {
        Self {
            messages: arguments.messages,
            index: arguments.generation,
            redis,
            rows: Vec::new(),
            freshness: None,
            catch_up: None,
            warnings: Vec::new(),
        }
    }

    pub(crate) fn to_json(&self) -> Value {
        let verdicts: Vec<Value> = verdicts(self).iter().map(Verdict::to_json).collect();
        json!({
            "messages": self.messages,
            "index": format!("{:?}", self.index),
            "redis": self.redis,
            "rows": self.rows.iter().map(Row::to_json).collect::<Vec<_>>(),
            "freshness": self.freshness.map(Latency::to_json),
            "catchingUp": self.catch_up.map(CatchUp::to_json),
            "budgets": verdicts,
            "scoutWarnings": self.warnings,
        })
    }
}
