//! What is published after each cycle, failed ones included.

use std::sync::Arc;
use std::time::Duration;

use crate::{Finding, MonoTime, Now, Snapshot, StoreError, StoreErrorKind, WallTime};

/// How many intervals without a success make the numbers too old to be called ready.
const STALE_AFTER_INTERVALS: u32 = 3;

/// What readers see: the last good snapshot, and how far it can be relied on.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Publication {
    /// The last good snapshot; `None` before the first.
    pub snapshot: Option<Arc<Snapshot>>,
    /// Stands in for the snapshot before the first one, where a window is asked for that lies in it.
    pub recent: Option<Recent>,
    /// How far the scan is that these numbers wait for; `None` if they wait for none.
    pub counting: Option<Counting>,
    /// Since when cycles have failed; `None` while they succeed.
    pub stale_since: Option<WallTime>,
    /// When the last cycle succeeded.
    pub last_success: Option<Now>,
    /// Why the last cycle failed; `None` if it did not.
    pub last_error: Option<(StoreErrorKind, Arc<str>)>,
    /// Failed cycles since the last success.
    pub consecutive_failures: u64,
    /// How old the last success may be.
    pub stale_after: Duration,
    /// What the last successful cycle noticed.
    pub findings: Arc<[Finding]>,
}

/// How far the scan is that right numbers wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Counting {
    /// Documents read.
    pub done: u64,
    /// Documents there are.
    pub of: u64,
}

/// What has been counted of recent events, before the first snapshot.
#[derive(Clone, Debug)]
pub struct Recent {
    /// Its windows can be asked for, its totals mean nothing.
    pub snapshot: Arc<Snapshot>,
    /// When it was published.
    pub at: Now,
}

/// Why the numbers are not fresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotReady {
    /// There is no usable index.
    IndexNotReady,
    /// Nothing has been counted yet.
    NoSuccessYet,
    /// The last success is older than it may be.
    TooOld,
}

impl Publication {
    /// Whether the store has an index that can be counted, as far as is known: a query that was not answered in
    /// time, or not whole, had one.
    pub fn index_ready(&self) -> bool {
        match self.last_error.as_ref().map(|(kind, _)| kind) {
            Some(StoreErrorKind::IndexMissing | StoreErrorKind::IndexBuilding) => false,
            Some(StoreErrorKind::Timeout | StoreErrorKind::Partial) => true,
            _ => self.last_success.is_some(),
        }
    }

    /// What windows are summed up from: the snapshot, or before the first what has been counted of recent events.
    pub fn source(&self) -> Option<&Snapshot> {
        self.snapshot.as_ref().or(self.recent.as_ref().map(|recent| &recent.snapshot)).map(|source| &**source)
    }

    /// The present that windows end at, on the store's clock: the source's time and what has passed since. Numbers
    /// that are stale say nothing about what has passed, so their windows end at the snapshot's time.
    ///
    /// `None` while there is no source.
    pub fn present(&self, now: MonoTime) -> Option<WallTime> {
        let taken_at = self.source()?.taken_at;
        let published = self.last_success.or(self.recent.as_ref().map(|recent| recent.at));
        let passed = match published {
            Some(published) if self.stale_since.is_none() => now.since(published.mono),
            _ => Duration::ZERO,
        };
        Some(taken_at.plus(passed))
    }

    /// Whether the numbers are fresh at `now`.
    ///
    /// # Errors
    /// Why they are not.
    pub fn readiness(&self, now: MonoTime) -> Result<(), NotReady> {
        if !self.index_ready() {
            return Err(NotReady::IndexNotReady);
        }
        let Some(last_success) = self.last_success else { return Err(NotReady::NoSuccessYet) };
        if now.since(last_success.mono) > self.stale_after {
            return Err(NotReady::TooOld);
        }
        Ok(())
    }
}

/// Keeps the publication from cycle to cycle.
#[derive(Clone, Debug)]
pub struct Board {
    current: Publication,
    generation: u64,
}

impl Board {
    /// A board for cycles that begin every `interval`.
    pub fn new(interval: Duration) -> Self {
        let stale_after = interval.saturating_mul(STALE_AFTER_INTERVALS);
        Self { current: Publication { stale_after, ..Publication::default() }, generation: 0 }
    }

    /// The generation of the next snapshot.
    pub fn next_generation(&self) -> u64 {
        self.generation + 1
    }

    /// A cycle has succeeded.
    pub fn succeed(&mut self, snapshot: Snapshot, findings: Vec<Finding>, now: Now) -> Publication {
        self.generation = snapshot.generation;
        self.current = Publication {
            snapshot: Some(Arc::new(snapshot)),
            last_success: Some(now),
            stale_after: self.current.stale_after,
            counting: self.current.counting,
            findings: findings.into(),
            ..Publication::default()
        };
        self.current.clone()
    }

    /// Recent events have been counted, which can be asked for until the first cycle succeeds or fails.
    pub fn publish_recent(&mut self, snapshot: Snapshot, findings: Vec<Finding>, now: Now) -> &Publication {
        if self.current.snapshot.is_none() {
            self.forget_failures();
            self.current.recent = Some(Recent { snapshot: Arc::new(snapshot), at: now });
            self.current.findings = findings.into();
        }
        &self.current
    }

    /// The store can be counted after all, if not yet: before the first snapshot, why it could not is no news any more.
    pub fn forget_failures(&mut self) {
        if self.current.snapshot.is_none() {
            self.current.stale_since = None;
            self.current.last_error = None;
            self.current.consecutive_failures = 0;
        }
    }

    /// A scan that right numbers wait for is so far, or there is none.
    pub fn count_on(&mut self, counting: Option<Counting>) -> &Publication {
        self.current.counting = counting;
        &self.current
    }

    /// A cycle has failed: the last good snapshot stays, marked.
    pub fn fail(&mut self, error: &StoreError, now: Now) -> Publication {
        self.current.recent = None;
        self.current.stale_since.get_or_insert(now.wall);
        self.current.last_error = Some((error.kind(), error.to_string().into()));
        self.current.consecutive_failures += 1;
        self.current.clone()
    }

    /// What is published at present.
    pub fn publication(&self) -> &Publication {
        &self.current
    }
}
