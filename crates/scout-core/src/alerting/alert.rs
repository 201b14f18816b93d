//! One alert: its state, and how it moves from one to the next.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::rule::RuleText;
use super::{Ended, Group, Labels, Rule};
use crate::WallTime;

/// One firing of an alert, from its beginning on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Firing {
    /// Tells it from every other firing, of this alert and of all others; grows.
    pub generation: u64,
    /// Since when.
    #[serde(with = "super::moment")]
    pub starts_at: WallTime,
    /// When it ended, and why; `None` while it goes on.
    #[serde(with = "super::moment::ended")]
    pub ended: Option<(WallTime, Ended)>,
    /// Since when it would be over if it were believed.
    #[serde(with = "super::moment::option")]
    pub over_since: Option<WallTime>,
}

/// Where an alert stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertPhase {
    /// Its condition has held for a while, though not for long enough.
    Pending,
    /// It fires.
    Firing,
    /// It is over, and not everybody has been told.
    Resolved,
}

impl AlertPhase {
    /// Every phase, in the order in which metrics list them.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Firing, Self::Resolved];

    /// The name that views and metrics carry.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Firing => "firing",
            Self::Resolved => "resolved",
        }
    }
}

/// One instance of a rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// What its rule says of its alerts.
    pub rule: Arc<RuleText>,
    /// Which messages it is about.
    pub group: Group,
    /// Everything that tells it from other alerts.
    pub labels: Labels,
    /// What was measured last while its condition held.
    pub value: f64,
    /// Whether it may have been more.
    pub is_lower_bound: bool,
    /// Since when its condition holds without firing yet.
    #[serde(with = "super::moment::option")]
    pub pending_since: Option<WallTime>,
    /// The last time that it fired.
    pub firing: Option<Firing>,
    /// How often it has fired since it was made.
    pub firings: u64,
}

/// How long a rule's alerts wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Waits {
    pub(crate) hold_for: Duration,
    pub(crate) keep_firing_for: Duration,
}

impl Waits {
    pub(crate) fn of(rule: &Rule) -> Self {
        Self { hold_for: rule.hold_for, keep_firing_for: rule.keep_firing_for }
    }
}

/// What came of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Nothing,
    /// Something that is to be stored.
    Moved,
    /// It began to fire.
    Fired,
    /// It is over.
    Ended,
}

impl Alert {
    /// An alert whose condition has never held.
    pub(crate) fn new(rule: Arc<RuleText>, group: Group, labels: Labels) -> Self {
        Self {
            rule,
            group,
            labels,
            value: 0.0,
            is_lower_bound: false,
            pending_since: None,
            firing: None,
            firings: 0,
        }
    }

    /// Where it stands; `None` if nothing is left of it.
    pub fn phase(&self) -> Option<AlertPhase> {
        match (&self.firing, self.pending_since) {
            (Some(Firing { ended: None, .. }), _) => Some(AlertPhase::Firing),
            (_, Some(_)) => Some(AlertPhase::Pending),
            (Some(_), None) => Some(AlertPhase::Resolved),
            (None, None) => None,
        }
    }

    /// Whether it fires.
    pub fn is_firing(&self) -> bool {
        self.phase() == Some(AlertPhase::Firing)
    }

    /// Whether it is to fire, or to end, when some time has passed.
    pub(crate) fn waits(&self) -> bool {
        self.pending_since.is_some() || self.firing.as_ref().is_some_and(|firing| firing.over_since.is_some())
    }

    /// Since when it stands where it does.
    pub fn since(&self) -> Option<WallTime> {
        match self.phase()? {
            AlertPhase::Pending => self.pending_since,
            AlertPhase::Firing => self.firing.as_ref().map(|firing| firing.starts_at),
            AlertPhase::Resolved => self.firing.as_ref().and_then(|firing| firing.ended).map(|(at, _)| at),
        }
    }

    /// Its condition holds.
    pub(crate) fn holds(&mut self, waits: Waits, now: WallTime, next_generation: u64) -> Step {
        if let Some(firing) = self.firing.as_mut().filter(|firing| firing.ended.is_none()) {
            return if firing.over_since.take().is_some() { Step::Moved } else { Step::Nothing };
        }
        let is_news = self.pending_since.is_none();
        let since = *self.pending_since.get_or_insert(now);
        if now.since(since) < waits.hold_for {
            return if is_news { Step::Moved } else { Step::Nothing };
        }
        self.pending_since = None;
        self.firings += 1;
        self.firing =
            Some(Firing { generation: next_generation, starts_at: now, ended: None, over_since: None });
        Step::Fired
    }

    /// Its condition does not hold.
    pub(crate) fn is_over(&mut self, waits: Waits, why: Ended, now: WallTime) -> Step {
        let was_pending = self.pending_since.take().is_some();
        let Some(firing) = self.firing.as_mut().filter(|firing| firing.ended.is_none()) else {
            return if was_pending { Step::Moved } else { Step::Nothing };
        };
        let is_news = firing.over_since.is_none();
        let since = *firing.over_since.get_or_insert(now);
        if now.since(since) < waits.keep_firing_for {
            return if is_news { Step::Moved } else { Step::Nothing };
        }
        firing.over_since = None;
        firing.ended = Some((now, why));
        Step::Ended
    }

    /// Its rule is gone: it is over, whatever its condition.
    pub(crate) fn end(&mut self, why: Ended, now: WallTime) -> Step {
        let at_once = Waits { hold_for: Duration::ZERO, keep_firing_for: Duration::ZERO };
        self.is_over(at_once, why, now)
    }

    /// The clock was set: what has lasted so long has lasted no shorter or longer for it.
    pub(crate) fn shift(&mut self, by: Shift) {
        by.apply(self.pending_since.as_mut());
        by.apply(self.firing.as_mut().and_then(|firing| firing.over_since.as_mut()));
    }

    /// Nobody judged for a while: a pending alert goes on as Prometheus' do.
    ///
    /// After more than [`OUTAGE`], or where it waits for less than [`GRACE`], it begins anew. Else the outage does not
    /// count, and at least the grace is left to wait. Neither does it count for how long a firing one has been over.
    pub(crate) fn restore(&mut self, hold_for: Duration, last_judged: WallTime, now: WallTime) -> bool {
        let restored = self.pending_since.map(|since| {
            if now.since(last_judged) > OUTAGE || hold_for < GRACE {
                now
            } else {
                let waited = last_judged.since(since);
                now.minus(waited.min(hold_for.saturating_sub(GRACE)))
            }
        });
        let mut is_changed = restored != self.pending_since;
        self.pending_since = restored;
        if let Some(over_since) = self.firing.as_mut().and_then(|firing| firing.over_since.as_mut()) {
            let restored = now.minus(last_judged.since(*over_since));
            is_changed |= restored != *over_since;
            *over_since = restored;
        }
        is_changed
    }
}

/// The longest outage over which a pending alert is kept; Prometheus' default.
pub const OUTAGE: Duration = Duration::from_secs(3600);

/// The least that a pending alert waits after an outage; Prometheus' default.
pub const GRACE: Duration = Duration::from_secs(600);

/// By how much the clock was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shift {
    Ahead(Duration),
    Back(Duration),
}

impl Shift {
    pub(crate) fn apply(self, moment: Option<&mut WallTime>) {
        if let Some(moment) = moment {
            *moment = match self {
                Self::Ahead(by) => moment.plus(by),
                Self::Back(by) => moment.minus(by),
            };
        }
    }
}
