//! When to scan again.

use std::time::Duration;

use crate::{MonoTime, Urgency};

/// How many checks in a row have to differ before a scan is brought forward.
const DIFFERING_CHECKS: u32 = 3;

/// Why a scan is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum WhyScan {
    /// It is time for the next one.
    Rotation,
    /// The count and the store differ, and go on differing.
    Difference,
    /// The feeds cannot be followed, so that only scans tell what has come.
    Blind,
    /// Entries were gone before they could be read.
    Gap,
    /// The store is another one than the one that was counted.
    Replaced,
    /// Nothing has been counted yet.
    Start,
}

impl WhyScan {
    /// The name that logs and metrics carry.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rotation => "rotation",
            Self::Difference => "difference",
            Self::Blind => "blind",
            Self::Gap => "gap",
            Self::Replaced => "replaced",
            Self::Start => "start",
        }
    }

    /// How much of the store's time such a scan may take.
    pub const fn urgency(self) -> Urgency {
        match self {
            Self::Rotation | Self::Difference => Urgency::Routine,
            Self::Blind | Self::Gap | Self::Replaced | Self::Start => Urgency::Urgent,
        }
    }
}

/// How often to scan at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RescanPolicy {
    /// Between two scans, where nothing asks for one earlier.
    pub rotation: Duration,
    /// From the start of one scan to the start of another that something urgent asks for.
    pub urgent: Duration,
    /// From the end of one scan to the start of another for a difference; doubles as long as differences return.
    pub difference: Duration,
    /// The wait after the first scan that failed; doubles with each further one, up to `longest_retry`.
    pub first_retry: Duration,
    /// The longest wait after a scan that failed.
    pub longest_retry: Duration,
}

impl Default for RescanPolicy {
    fn default() -> Self {
        Self {
            rotation: Duration::from_secs(2 * 3600),
            urgent: Duration::from_secs(60),
            difference: Duration::from_secs(600),
            first_retry: Duration::from_secs(1),
            longest_retry: Duration::from_secs(60),
        }
    }
}

/// Decides when to scan. No content of a store makes scans follow each other without end.
#[derive(Clone, Debug)]
pub struct Rescans {
    policy: RescanPolicy,
    wanted: Option<WhyScan>,
    differing: u32,
    difference_wait: Duration,
    begun: Option<MonoTime>,
    ended: Option<MonoTime>,
    failures: u32,
    not_before: MonoTime,
}

impl Rescans {
    /// The first scan is due at once.
    pub fn new(policy: RescanPolicy) -> Self {
        Self {
            policy,
            wanted: Some(WhyScan::Start),
            differing: 0,
            difference_wait: policy.difference,
            begun: None,
            ended: None,
            failures: 0,
            not_before: MonoTime::default(),
        }
    }

    /// A scan is needed, since the count is known to be wrong.
    pub fn want(&mut self, why: WhyScan) {
        self.wanted = self.wanted.max(Some(why));
    }

    /// A check found that difference, which may be nothing but a message on its way.
    pub fn checked(&mut self, difference: i64) {
        if difference == 0 {
            self.differing = 0;
            return;
        }
        self.differing = self.differing.saturating_add(1);
        if self.differing >= DIFFERING_CHECKS {
            self.want(WhyScan::Difference);
        }
    }

    /// Whether differences have returned after a scan that was brought forward for one: somebody writes or deletes
    /// without announcing it.
    pub fn differences_return(&self) -> bool {
        self.difference_wait > self.policy.difference
    }

    /// Why a scan is due now, if one is. The caller begins it.
    pub fn due(&self, now: MonoTime) -> Option<WhyScan> {
        let (why, at) = self.next()?;
        (now >= at).then_some(why)
    }

    /// When the next scan is due.
    pub fn due_at(&self) -> Option<MonoTime> {
        self.next().map(|(_, at)| at)
    }

    fn next(&self) -> Option<(WhyScan, MonoTime)> {
        let rotation = || self.ended.map(|ended| (WhyScan::Rotation, ended.plus(self.policy.rotation)));
        let wanted = self.wanted.map(|why| {
            let at = match why.urgency() {
                Urgency::Urgent => self.begun.map(|begun| begun.plus(self.policy.urgent)),
                Urgency::Routine => self.ended.map(|ended| ended.plus(self.difference_wait)),
            };
            (why, at.unwrap_or_default())
        });
        // A failed scan ends nothing that it was for: the wait after it is the only one.
        let next = match (wanted, self.failures) {
            (Some((why, _)), 1..) => Some((why, self.not_before)),
            (Some((why, at)), 0) => Some((why, at)),
            (None, _) => None,
        };
        match (next, rotation()) {
            (Some(next), Some(rotation)) if rotation.1 < next.1 && self.failures == 0 => Some(rotation),
            (next, rotation) => next.or(rotation),
        }
    }

    /// A scan begins.
    pub fn began(&mut self, why: WhyScan, now: MonoTime) {
        self.begun = Some(now);
        self.wanted = Some(why).max(self.wanted);
    }

    /// The scan was completed, so that what was wrong before it is right again.
    pub fn completed(&mut self, now: MonoTime) {
        if self.wanted == Some(WhyScan::Difference) {
            self.difference_wait = self.difference_wait.saturating_mul(2).min(self.policy.rotation);
        } else if self.wanted == Some(WhyScan::Rotation) && self.differing == 0 {
            self.difference_wait = self.policy.difference;
        }
        self.ended = Some(now);
        self.wanted = None;
        self.differing = 0;
        self.failures = 0;
    }

    /// The scan failed.
    pub fn failed(&mut self, now: MonoTime) {
        let doublings = self.failures.min(16);
        self.failures = self.failures.saturating_add(1);
        let wait = self.policy.first_retry.saturating_mul(1 << doublings).min(self.policy.longest_retry);
        self.not_before = now.plus(wait);
    }
}
