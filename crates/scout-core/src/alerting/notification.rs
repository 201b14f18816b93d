//! What a receiver is told.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Fingerprint, Labels};
use crate::WallTime;

/// What a receiver may be told of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertState {
    /// It holds.
    Firing,
    /// It is over.
    Resolved,
}

impl AlertState {
    /// The name that keys, metrics and bodies carry.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Resolved => "resolved",
        }
    }
}

impl fmt::Display for AlertState {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// Why a receiver is told something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// The alert began to fire.
    Fired,
    /// It fires still, and the repeat interval has passed.
    Repeated,
    /// It is over.
    Resolved,
    /// It began and ended before this receiver could be told of either.
    CameAndWent,
}

impl Reason {
    /// The name that logs and metrics carry.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fired => "fired",
            Self::Repeated => "repeated",
            Self::Resolved => "resolved",
            Self::CameAndWent => "came_and_went",
        }
    }
}

/// Why an alert is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Ended {
    /// What was counted says so.
    Cleared,
    /// There is nothing to count any more, and the rule takes that for an end.
    NoData,
    /// The rule is gone, or gives other labels.
    RuleRemoved,
}

impl Ended {
    /// The name that bodies and logs carry.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cleared => "cleared",
            Self::NoData => "no_data",
            Self::RuleRemoved => "rule_removed",
        }
    }
}

/// Tells deliveries apart, so that a receiver can drop one that it has seen: `fingerprint:generation:state:n`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeliveryKey {
    /// Which alert.
    pub fingerprint: Fingerprint,
    /// Which of its firings.
    pub generation: u64,
    /// What is said of it.
    pub state: AlertState,
    /// How often that has been said before.
    pub repeat: u64,
}

impl fmt::Display for DeliveryKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}:{}:{}", self.fingerprint, self.generation, self.state, self.repeat)
    }
}

/// One delivery, with all that a receiver may write of it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Notification {
    /// Tells it from every other one.
    pub key: DeliveryKey,
    /// Whom it is for.
    pub receiver: Arc<str>,
    /// Why it is sent.
    pub reason: Reason,
    /// How many firings it stands for: one, unless the receiver was away while more came and went.
    pub firings: u64,
    /// The rule's name.
    pub rule: Arc<str>,
    /// All labels of the alert, `alertname` among them.
    pub labels: Labels,
    /// The rule's annotations, as templates.
    pub annotations: Labels,
    /// The severity that the rule gives its alerts, in its spelling.
    pub severity: Arc<str>,
    /// What the rule measured last while the alert fired; a count of messages, or a ratio.
    pub value: f64,
    /// At which value it fires.
    pub threshold: f64,
    /// Whether at least so much was measured, and perhaps more.
    pub is_lower_bound: bool,
    /// Since when it fires.
    pub starts_at: WallTime,
    /// When it ended, and why; `None` while it fires.
    pub ended: Option<(WallTime, Ended)>,
    /// How often it has been tried to deliver this before.
    pub attempt: u32,
    /// When this was written.
    pub at: WallTime,
}

impl Notification {
    /// A notification that a firing rule without anything special sends: for tests of receivers, and to try one out.
    pub fn example(receiver: &str, state: AlertState, at: WallTime) -> Self {
        let labels = Labels::from([("alertname".to_owned(), "ScoutTest".to_owned())]);
        let annotations = Labels::from([
            ("summary".to_owned(), "Scout: Test threshold exceeded".to_owned()),
            ("description".to_owned(), "This is a test. Nothing is wrong.".to_owned()),
            ("tags".to_owned(), "scout,test".to_owned()),
        ]);
        let is_over = state == AlertState::Resolved;
        Self {
            key: DeliveryKey {
                fingerprint: Fingerprint::of(&labels),
                generation: at.unix_ms().unsigned_abs(),
                state,
                repeat: 0,
            },
            receiver: receiver.into(),
            reason: if is_over { Reason::Resolved } else { Reason::Fired },
            firings: 1,
            rule: "ScoutTest".into(),
            labels,
            annotations,
            severity: "info".into(),
            value: 1.0,
            threshold: 1.0,
            is_lower_bound: false,
            starts_at: at,
            ended: is_over.then_some((at, Ended::Cleared)),
            attempt: 0,
            at,
        }
    }
}
