//! Deliveries under way: at most one for each receiver of an alert.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::alert::Shift;
use super::{Alert, AlertPhase, Owed, Reason, Told};
use crate::WallTime;

/// How long an entry is kept for a receiver that is gone: as long as Alertmanager keeps its log of notifications.
pub const KEPT_FOR_REMOVED: Duration = Duration::from_secs(120 * 3600);

/// How often it is tried again to deliver what was refused.
pub const REFUSED_AGAIN: Duration = Duration::from_secs(3600);

/// The longest that an entry waits before it is tried again.
pub(crate) const LONGEST_PAUSE: Duration = REFUSED_AGAIN;

/// Why an entry is not delivered for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Parked {
    /// The receiver refused it.
    Refused,
    /// No such receiver is configured any more.
    ReceiverRemoved,
}

impl Parked {
    /// Every reason, in the order in which metrics list them.
    pub const ALL: [Self; 2] = [Self::Refused, Self::ReceiverRemoved];

    /// The name that views and metrics carry.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::ReceiverRemoved => "receiver_removed",
        }
    }
}

/// One delivery under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// What is to be told.
    pub owed: Owed,
    /// Since when.
    #[serde(with = "super::moment")]
    pub since: WallTime,
    /// Not before then.
    #[serde(with = "super::moment")]
    pub not_before: WallTime,
    /// How often it has been tried.
    pub attempt: u32,
    /// Why it waits for a change, if it does, and since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parked: Option<(Parked, i64)>,
}

impl Entry {
    fn new(owed: Owed, now: WallTime) -> Self {
        Self { owed, since: now, not_before: now, attempt: 0, parked: None }
    }

    /// Why it waits, if it is parked.
    pub fn parked(&self) -> Option<Parked> {
        self.parked.map(|(why, _)| why)
    }

    /// Whether it may be tried now.
    pub(crate) fn is_due(&self, now: WallTime) -> bool {
        self.not_before <= now && self.parked() != Some(Parked::ReceiverRemoved)
    }

    /// It was tried and may be tried again after a while.
    pub(crate) fn failed(&mut self, wait: Duration, now: WallTime) {
        self.attempt = self.attempt.saturating_add(1);
        self.not_before = now.plus(wait);
    }

    /// It was refused.
    pub(crate) fn refused(&mut self, now: WallTime) {
        self.failed(REFUSED_AGAIN, now);
        self.parked = Some((Parked::Refused, now.unix_ms()));
    }

    fn shift(&mut self, by: Shift) {
        by.apply(Some(&mut self.not_before));
        by.apply(Some(&mut self.since));
        if let Some((_, at)) = &mut self.parked {
            let mut since = WallTime::from_unix_ms(*at);
            by.apply(Some(&mut since));
            *at = since.unix_ms();
        }
    }

    /// What comes from the future was written before the clock was set back. Returns whether that was so.
    fn bring_back(&mut self, now: WallTime) -> bool {
        let latest = if self.since > now { now } else { now.plus(LONGEST_PAUSE) };
        let is_ahead = self.since > now || self.not_before > latest;
        self.since = self.since.min(now);
        self.not_before = self.not_before.min(latest);
        let parked = self.parked.as_mut().filter(|(_, at)| *at > now.unix_ms());
        is_ahead | parked.map(|(_, at)| *at = now.unix_ms()).is_some()
    }
}

/// An alert, and what its receivers have been and are to be told: what is stored of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The alert.
    pub alert: Alert,
    /// What each receiver has accepted last.
    pub told: BTreeMap<Arc<str>, Told>,
    /// What each is to be told.
    pub outbox: BTreeMap<Arc<str>, Entry>,
}

/// Every receiver that is configured.
pub(crate) type Receivers = BTreeSet<Arc<str>>;

impl Record {
    pub(crate) fn new(alert: Alert) -> Self {
        Self { alert, told: BTreeMap::new(), outbox: BTreeMap::new() }
    }

    /// Brings the outbox in line with what is owed. Returns whether that changed anything.
    pub(crate) fn settle(&mut self, receivers: &Receivers, now: WallTime) -> bool {
        let mut changed = self.park_for_removed(receivers, now);
        let rule = Arc::clone(&self.alert.rule);
        for receiver in rule.receivers.iter().filter(|name| receivers.contains(*name)) {
            let told = self.told.get(receiver);
            let owed = Owed::of(&self.alert, told, now);
            changed |= self.put(receiver, owed, now);
        }
        // Whoever was told of a beginning is told of the end, though the rule no longer names it; and what was on its way
        // to it goes on, as it is now.
        let is_former = |name: &&Arc<str>| !rule.receivers.contains(name) && receivers.contains(*name);
        let former: BTreeSet<_> =
            self.told.keys().chain(self.outbox.keys()).filter(is_former).cloned().collect();
        for receiver in former {
            let owed = Owed::of(&self.alert, self.told.get(&receiver), now);
            let is_on_its_way = self.outbox.contains_key(&receiver);
            let owed = owed.filter(|owed| match owed.reason {
                Reason::Resolved => true,
                Reason::Fired | Reason::CameAndWent => is_on_its_way,
                Reason::Repeated => false,
            });
            changed |= self.put(&receiver, owed, now);
        }
        changed
    }

    fn put(&mut self, receiver: &Arc<str>, owed: Option<Owed>, now: WallTime) -> bool {
        match (self.outbox.get_mut(receiver), owed) {
            (None, None) => false,
            (Some(entry), Some(owed)) if entry.owed == owed => false,
            (Some(entry), Some(owed)) => {
                // How long the receiver has waited for news is how long it has waited for the first of them.
                *entry = Entry { since: entry.since, ..Entry::new(owed, now) };
                true
            }
            (None, Some(owed)) => self.outbox.insert(Arc::clone(receiver), Entry::new(owed, now)).is_none(),
            (Some(_), None) => self.outbox.remove(receiver).is_some(),
        }
    }

    fn park_for_removed(&mut self, receivers: &Receivers, now: WallTime) -> bool {
        let mut changed = false;
        for (receiver, entry) in &mut self.outbox {
            let is_removed = !receivers.contains(receiver);
            if is_removed && entry.parked() != Some(Parked::ReceiverRemoved) {
                entry.parked = Some((Parked::ReceiverRemoved, now.unix_ms()));
                changed = true;
            } else if !is_removed && entry.parked() == Some(Parked::ReceiverRemoved) {
                entry.parked = None;
                entry.not_before = now;
                changed = true;
            }
        }
        changed
    }

    /// Drops what is kept for receivers that have been gone for too long. Returns how many entries that were.
    pub(crate) fn drop_for_removed(&mut self, now: WallTime) -> u64 {
        let before = self.outbox.len();
        self.outbox.retain(|_, entry| {
            let removed = entry.parked.filter(|(why, _)| *why == Parked::ReceiverRemoved);
            removed.is_none_or(|(_, at)| now.since(WallTime::from_unix_ms(at)) < KEPT_FOR_REMOVED)
        });
        (before - self.outbox.len()) as u64
    }

    /// Gives what was refused another chance. Returns whether there was anything.
    pub(crate) fn retry_refused(&mut self, now: WallTime) -> bool {
        let refused = self.outbox.values_mut().filter(|entry| entry.parked() == Some(Parked::Refused));
        refused.map(|entry| entry.not_before = now).count() > 0
    }

    /// The receiver has accepted it.
    pub(crate) fn accepted(&mut self, receiver: &Arc<str>, owed: Owed, now: WallTime) {
        let told = Told {
            generation: owed.generation,
            state: owed.state,
            repeat: owed.repeat,
            firings: owed.upto,
            at: now,
        };
        self.told.insert(Arc::clone(receiver), told);
        if self.outbox.get(receiver).is_some_and(|entry| entry.owed == owed) {
            self.outbox.remove(receiver);
        }
    }

    /// Whether nothing is left of it: no alert, and nothing that anybody is to be told.
    pub(crate) fn is_done(&self) -> bool {
        self.outbox.is_empty()
            && !matches!(self.alert.phase(), Some(AlertPhase::Pending | AlertPhase::Firing))
    }

    /// The clock may have been set back since this was stored: nothing waits for longer because of that. Returns whether
    /// there was anything.
    pub(crate) fn bring_back(&mut self, now: WallTime) -> bool {
        let mut is_changed = false;
        for entry in self.outbox.values_mut() {
            is_changed |= entry.bring_back(now);
        }
        for told in self.told.values_mut().filter(|told| told.at > now) {
            told.at = now;
            is_changed = true;
        }
        is_changed
    }

    pub(crate) fn shift(&mut self, by: Shift) {
        self.alert.shift(by);
        for entry in self.outbox.values_mut() {
            entry.shift(by);
        }
        for told in self.told.values_mut() {
            by.apply(Some(&mut told.at));
        }
    }
}
