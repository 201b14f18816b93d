//! A scan: one cursor over every document of the index, read in steps that nobody feels.

use std::time::Duration;

use redis::Value;
use scout_core::{
    AHEAD, Clock, Finding, FindingKind, PacePolicy, Pacer, RecentReport, ScanReport, ScanSink, StoreError,
    StoreErrorKind,
};

use crate::config::RedisConfig;
use crate::connection::{Connection, Work};
use crate::cursor::{Leftovers, Step};
use crate::emptiness::believe;
use crate::index::{Index, being_built};
use crate::info::{EVENT_TIME, IndexInfo, KeyType, Progress};
use crate::join::Join;
use crate::moment::State;
use crate::pause::pause_until;
use crate::plan;
use crate::rows::{Batch, Tally};

/// The most rows of one step: bounds the memory that an answer takes, should documents turn out to cost nothing.
const MAX_ROWS: u32 = 5_000;

/// Beyond the join, how often the plan may change under a scan before it gives up.
const CHANGES: u32 = 3;

/// Which documents a pass is over.
#[derive(Clone, Copy, Debug)]
struct Which<'a> {
    query: &'a str,
    /// It is given up where these are more than one in so many of all documents.
    one_in: Option<u64>,
}

/// Every document.
const ALL: Which<'static> = Which { query: "*", one_in: None };

/// A pass over recent documents saves too little to be worth its time where these are more than one in so many.
const RECENT_ONE_IN: u64 = 4;

/// But so many rows cost nothing to speak of.
const FEW: u64 = 1_000;

/// Clocks further apart than this are reported.
const SKEW: Duration = Duration::from_secs(5);

/// What one scan teaches the next.
#[derive(Debug)]
pub(crate) struct Memory {
    key_type: KeyType,
    pacer: Pacer,
}

impl Memory {
    pub(crate) fn new(config: &RedisConfig) -> Self {
        let policy = PacePolicy::new(config.stall_budget, config.share, MAX_ROWS);
        Self { key_type: KeyType::Json, pacer: Pacer::new(policy) }
    }

    /// What the index was made over when it was last scanned.
    pub(crate) fn key_type(&self) -> KeyType {
        self.key_type
    }

    /// The next scan may take that part of Redis' time.
    pub(crate) fn take(&mut self, share: f64) {
        self.pacer.set_share(share);
    }
}

/// One scan under way.
pub(crate) struct Scan<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) config: &'a RedisConfig,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) leftovers: &'a Leftovers,
    pub(crate) memory: &'a mut Memory,
    pub(crate) report: ScanReport,
}

/// What a pass came to.
enum Outcome {
    /// The cursor was drained.
    Drained(Box<Pass>),
    /// The index does not hold all documents yet.
    Building,
    /// The index is another one than thought.
    Other,
    /// There were too many rows.
    TooMany,
}

struct Pass {
    info: IndexInfo,
    tally: Tally,
    skew: Duration,
    lost_master: Option<Finding>,
    not_durable: Option<Finding>,
}

impl Scan<'_> {
    /// Passes over the index until a pass is whole, or as whole as it gets.
    pub(crate) async fn run(mut self, sink: &mut dyn ScanSink) -> Result<ScanReport, StoreError> {
        self.leftovers.sweep(self.connection, &self.config.index).await?;
        let mut limit = (!self.connection.server().fails_on_timeout).then(|| self.step_limit());
        let mut changes = 0;
        loop {
            match self.pass(ALL, limit, sink).await {
                Ok(Outcome::Drained(pass)) => {
                    if limit.is_some() && self.is_cut(&pass).await? {
                        tracing::warn!(
                            index = self.config.index,
                            rows = pass.tally.documents,
                            expected = pass.info.documents,
                            "scan came short, trying without a time limit"
                        );
                        limit = None;
                        continue;
                    }
                    return self.finish(*pass).await;
                }
                Ok(_) if changes == CHANGES => {
                    let text = "the index is made anew again and again while it is scanned";
                    return Err(self.connection.faults().other(StoreErrorKind::IndexMissing, text));
                }
                Ok(Outcome::Building) => {
                    changes += 1;
                    if let Progress::Building(part) = self.index().settle().await? {
                        return Err(being_built(self.connection, &self.config.index, part));
                    }
                }
                // Of all there cannot be too many.
                Ok(Outcome::Other | Outcome::TooMany) => changes += 1,
                Err(error) if error.kind() == StoreErrorKind::IndexMissing && changes < CHANGES => {
                    changes += 1;
                    self.index().make().await?;
                }
                // The server's own limit, or a cursor that it closed early: without a limit it has no reason to.
                Err(error)
                    if matches!(error.kind(), StoreErrorKind::Timeout | StoreErrorKind::Partial)
                        && limit.is_some()
                        && !self.connection.is_broken() =>
                {
                    limit = None;
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn index(&self) -> Index<'_> {
        Index::new(self.connection, &self.config.index)
    }

    /// The time after which Redis ends a step by itself. It looks at the clock between some hundred rows only, and
    /// counts whole milliseconds, so this leaves room below the stall budget.
    fn step_limit(&self) -> Duration {
        self.config.stall_budget.mul_f64(0.6)
    }

    /// The pause after a step as long as the stall budget.
    fn longest_pause(&self) -> Duration {
        self.memory.pacer.pause_after(self.config.stall_budget)
    }

    /// Passes over the documents that the index finds by their `timestamp_unix`. `None` where it finds none by it, or too
    /// many.
    pub(crate) async fn run_recent(
        mut self,
        reach: Duration,
        sink: &mut dyn ScanSink,
    ) -> Result<Option<RecentReport>, StoreError> {
        self.leftovers.sweep(self.connection, &self.config.index).await?;
        let now = self.connection.time().await?;
        let from = now.minus(reach);
        // What is further ahead is in no window.
        let (first, last) = (from.unix_seconds(), now.plus(AHEAD).unix_seconds());
        let which = Which { query: &format!("@{EVENT_TIME}:[{first} {last}]"), one_in: Some(RECENT_ONE_IN) };
        match self.pass(which, None, sink).await {
            Ok(Outcome::Drained(pass)) if pass.info.finds_by_event_time() => {
                let mut findings = plan::findings(&self.config.index, &pass.info);
                findings.extend(pass.lost_master);
                findings.extend(pass.not_durable);
                Ok(Some(RecentReport::new(from, findings)))
            }
            Ok(_) => Ok(None),
            // The scan makes it.
            Err(error) if error.kind() == StoreErrorKind::IndexMissing => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// One cursor from its opening to its end.
    async fn pass(
        &mut self,
        which: Which<'_>,
        limit: Option<Duration>,
        sink: &mut dyn ScanSink,
    ) -> Result<Outcome, StoreError> {
        let rows = self.memory.pacer.rows();
        sink.joining();
        let join = Join::make(
            self.connection,
            self.clock,
            self.config,
            self.leftovers,
            &Step {
                query: which.query,
                key_type: self.memory.key_type,
                rows,
                limit,
                longest_pause: self.longest_pause(),
            },
        )
        .await?;
        let Join { state, answer, mut cursor, mut work, skew } = join;
        let State { moment, info, lost_master, not_durable } = state;
        self.count(2, work);
        if info.progress != Progress::Built {
            cursor.close(self.connection).await?;
            return Ok(Outcome::Building);
        }
        if info.key_type != self.memory.key_type {
            cursor.close(self.connection).await?;
            self.memory.key_type = info.key_type;
            return Ok(Outcome::Other);
        }
        sink.begin(&moment);
        let mut tally = Tally::default();
        let mut pause = self.deliver(&answer, work, &mut tally, sink)?;
        drop(answer);
        let at_most = which.one_in.map_or(u64::MAX, |one_in| (info.documents / one_in).max(FEW));
        while !cursor.is_drained() {
            if tally.documents > at_most {
                cursor.close(self.connection).await?;
                return Ok(Outcome::TooMany);
            }
            self.rest(work, pause).await;
            let answer;
            (answer, work) = cursor.read(self.connection, self.memory.pacer.rows()).await?;
            self.count(1, work);
            pause = self.deliver(&answer, work, &mut tally, sink)?;
        }
        Ok(Outcome::Drained(Box::new(Pass { info, tally, skew, lost_master, not_durable })))
    }

    /// Hands over the rows of one answer, and says how long to pause after it.
    fn deliver(
        &mut self,
        answer: &Value,
        work: Work,
        tally: &mut Tally,
        sink: &mut dyn ScanSink,
    ) -> Result<Duration, StoreError> {
        let command = crate::metrics::Command::Cursor;
        let batch = Batch::read(self.connection.accept(command, answer)?, self.connection.faults())?;
        let found = batch.deliver(sink, self.connection.faults())?;
        tally.documents += found.documents;
        tally.vanished += found.vanished;
        Ok(self.memory.pacer.observe(u32::try_from(batch.len()).unwrap_or(u32::MAX), work.busy))
    }

    fn count(&mut self, commands: u64, work: Work) {
        self.report.commands += commands;
        self.report.busy += work.busy;
        self.report.longest = self.report.longest.max(work.busy);
    }

    /// Waits until Redis has had that pause. It has it from the end of its work on, so what has passed since then on
    /// the wire, and with reading the answer, is part of it.
    async fn rest(&self, work: Work, pause: Duration) {
        let due = work.sent.plus(work.busy).plus(pause);
        pause_until(due, self.clock).await;
    }

    /// Whether rows are missing that were neither deleted nor rewritten while the scan ran.
    ///
    /// Each write takes a number, also that of a document which is there already; each document that goes away lowers
    /// the count. So numbers taken less growth is how many documents were deleted or rewritten.
    async fn is_cut(&mut self, pass: &Pass) -> Result<bool, StoreError> {
        let missing =
            pass.info.documents.saturating_sub(pass.tally.documents).saturating_sub(pass.tally.vanished);
        if missing == 0 {
            return Ok(false);
        }
        let now = self.index().info().await?;
        self.report.commands += 1;
        let taken = now.last_number.saturating_sub(pass.info.last_number);
        let gone = (pass.info.documents + taken).saturating_sub(now.documents);
        Ok(missing > gone)
    }

    async fn finish(mut self, pass: Pass) -> Result<ScanReport, StoreError> {
        let Pass { info, tally, skew, lost_master, not_durable } = pass;
        let index = &self.config.index;
        if tally.documents == 0 && info.documents > 0 {
            let text =
                format!("the index {index} says that it has {} documents but gives none", info.documents);
            let text = if tally.vanished > 0 { format!("{text}: {}", blanked(index)) } else { text };
            return Err(self.connection.faults().other(StoreErrorKind::Partial, &text));
        }
        self.report.rows = tally.documents;
        self.report.expected = info.documents;
        self.report.findings = plan::findings(index, &info);
        self.report.findings.extend(difference(index, &info, tally));
        if tally.documents == 0 {
            if let Some(finding) = &lost_master {
                return Err(self.connection.faults().other(StoreErrorKind::NotReady, &finding.text));
            }
            self.report.findings.extend(believe(self.connection, index, &info).await?);
        }
        self.report.findings.extend(skewed(skew));
        self.report.findings.extend(lost_master);
        self.report.findings.extend(not_durable);
        Ok(self.report)
    }
}

fn blanked(index: &str) -> String {
    format!(
        "they cannot be opened, since they have expired, or since somebody queried the index from another database \
         than 0; if it stays so, run `FT.DROPINDEX {index}` (without DD), and Scout makes it anew"
    )
}

fn difference(index: &str, info: &IndexInfo, tally: Tally) -> Option<Finding> {
    let missing = i128::from(info.documents) - i128::from(tally.documents);
    if missing == 0 {
        return None;
    }
    let count = u64::try_from(missing.unsigned_abs()).unwrap_or(u64::MAX);
    let text = if missing < 0 {
        format!("the scan found {count} documents more than the index {index} says it has")
    } else if tally.vanished > 0 {
        format!("{count} documents of the index {index} are not counted: {}", blanked(index))
    } else {
        format!(
            "the scan found {count} documents fewer than the index {index} says it has; those that are deleted or \
             rewritten while it runs are not found"
        )
    };
    Some(Finding::new(FindingKind::Difference, count, text))
}

fn skewed(skew: Duration) -> Option<Finding> {
    (skew > SKEW).then(|| {
        let text = format!(
            "the clocks of redis and of this machine are {:.1} s apart; times are taken from redis, so windows and \
             answers may look shifted; keep both in step with NTP",
            skew.as_secs_f64()
        );
        Finding::new(FindingKind::ClockSkew, 1, text)
    })
}
