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

/// How many urgent scans may come at once after a quiet time: a server that is restarted now and again is counted anew
/// each time, and one whose content asks for scans without end gets one a minute.
const URGENT_AT_ONCE: u32 = 3;

/// How often to scan at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RescanPolicy {
    /// Between two scans, where nothing asks for one earlier.
    pub rotation: Duration,
    /// How long it takes until another scan may be made that something urgent asks for; up to three come at once after
    /// a quiet time.
    pub urgent: Duration,
    /// From the end of one scan to the start of another, while feeds cannot be followed.
    pub blind: Duration,
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
            blind: Duration::from_secs(60),
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
    running: Option<WhyScan>,
    /// When all of the urgent scans may be made again.
    urgent_again: MonoTime,
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
            running: None,
            urgent_again: MonoTime::default(),
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

    /// Whether a difference has stayed, or has returned after a scan that was brought forward for one: somebody writes or
    /// deletes without announcing it.
    pub fn differences_stay(&self) -> bool {
        self.differing >= DIFFERING_CHECKS || self.difference_wait > self.policy.difference
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
        let wanted = self.wanted.map(|why| (why, self.earliest(why)));
        if let Some(running) = self.running {
            // One that nothing waits for makes way.
            return wanted.filter(|(why, _)| why.urgency() > running.urgency());
        }
        let rotation = self.ended.map(|ended| (WhyScan::Rotation, ended.plus(self.policy.rotation)));
        match (wanted, rotation) {
            (Some(wanted), Some(rotation)) if self.failures == 0 && rotation.1 < wanted.1 => Some(rotation),
            (wanted, rotation) => wanted.or(rotation),
        }
    }

    fn earliest(&self, why: WhyScan) -> MonoTime {
        if self.failures > 0 {
            // It ended nothing that it was for: the wait after a failure is the only one.
            return self.not_before;
        }
        let after_end = |wait| self.ended.map_or(MonoTime::default(), |ended| ended.plus(wait));
        match why {
            WhyScan::Start => MonoTime::default(),
            WhyScan::Rotation => after_end(self.policy.rotation),
            WhyScan::Difference => after_end(self.difference_wait),
            WhyScan::Blind => after_end(self.policy.blind),
            // There is room for one more as soon as all but one could be made at once.
            WhyScan::Gap | WhyScan::Replaced => {
                let span = self.policy.urgent.saturating_mul(URGENT_AT_ONCE - 1);
                MonoTime::default().plus(self.urgent_again.since(MonoTime::default().plus(span)))
            }
        }
    }

    /// A scan begins; one that is under way is abandoned.
    pub fn began(&mut self, why: WhyScan, now: MonoTime) {
        if matches!(why, WhyScan::Gap | WhyScan::Replaced) && self.failures == 0 {
            self.urgent_again = self.urgent_again.max(now).plus(self.policy.urgent);
        }
        self.running = Some(why);
        self.wanted = Some(why).max(self.wanted);
    }

    /// Whether a scan is wanted for that reason, or for a better one.
    pub fn is_wanted(&self, why: WhyScan) -> bool {
        self.wanted >= Some(why)
    }

    /// The scan was completed, so that what was wrong before it is right again.
    pub fn completed(&mut self, now: MonoTime) {
        if self.wanted == Some(WhyScan::Difference) {
            self.difference_wait = self.difference_wait.saturating_mul(2).min(self.policy.rotation);
        } else if self.wanted == Some(WhyScan::Rotation) && self.differing == 0 {
            self.difference_wait = self.policy.difference;
        }
        self.ended = Some(now);
        self.running = None;
        self.wanted = None;
        self.differing = 0;
        self.failures = 0;
    }

    /// The scan failed.
    pub fn failed(&mut self, now: MonoTime) {
        self.running = None;
        let doublings = self.failures.min(16);
        self.failures = self.failures.saturating_add(1);
        let wait = self.policy.first_retry.saturating_mul(1 << doublings).min(self.policy.longest_retry);
        self.not_before = now.plus(wait);
    }
}
