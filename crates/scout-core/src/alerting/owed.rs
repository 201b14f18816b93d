//! What a receiver should be told of an alert, and has not been.

use serde::{Deserialize, Serialize};

use super::{Alert, AlertState, Reason};
use crate::WallTime;

/// What a receiver has accepted last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Of which firing.
    pub generation: u64,
    /// What of it.
    pub state: AlertState,
    /// How often that had been said before.
    pub repeat: u64,
    /// How many firings there had been by then.
    pub firings: u64,
    /// When.
    #[serde(with = "super::moment")]
    pub at: WallTime,
}

/// What a receiver should be told next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owed {
    /// Of which firing.
    pub generation: u64,
    /// What of it.
    pub state: AlertState,
    /// How often that has been said before.
    pub repeat: u64,
    /// Why.
    pub reason: Reason,
    /// How many firings it stands for.
    pub firings: u64,
    /// How many firings there have been.
    pub upto: u64,
}

impl Owed {
    /// What is owed to a receiver that has accepted that much; `None` if it knows all.
    ///
    /// An end is told to a receiver that knows of the beginning, or together with it.
    pub fn of(alert: &Alert, told: Option<&Told>, now: WallTime) -> Option<Self> {
        let firing = alert.firing.as_ref()?;
        let told_of_this = told.filter(|told| told.generation == firing.generation);
        let firings = alert.firings.saturating_sub(told.map_or(0, |told| told.firings));
        let owed = |state, repeat, reason| {
            let (generation, upto) = (firing.generation, alert.firings);
            Some(Self { generation, state, repeat, reason, firings: firings.max(1), upto })
        };
        match (firing.ended, told_of_this) {
            (None, None) => owed(AlertState::Firing, 0, Reason::Fired),
            (None, Some(told)) => {
                let is_due = now.since(told.at) >= alert.rule.repeat_interval;
                is_due.then(|| owed(AlertState::Firing, told.repeat + 1, Reason::Repeated)).flatten()
            }
            (Some(_), Some(told)) if told.state == AlertState::Resolved => None,
            (Some(_), Some(_)) => owed(AlertState::Resolved, 0, Reason::Resolved),
            (Some(_), None) => {
                // Of an earlier firing it may know the beginning alone; one end is told for both.
                let knows_of_one = told.is_some_and(|told| told.state == AlertState::Firing);
                let reason = if knows_of_one { Reason::Resolved } else { Reason::CameAndWent };
                owed(AlertState::Resolved, 0, reason)
            }
        }
    }
}
