//! What receivers are told: invariants 2 and 3.

use std::sync::Arc;

use scout_core::alerting::{AlertState, Delivery, DeliveryKey, Reason};

use super::{Accepted, Checks, Invariant, LEASE, ProcessId};
use crate::plan::Moment;

impl Checks {
    /// A process begins to tell a receiver. `has_been_told` are those whose answers it has had since it took charge.
    pub(crate) fn sent(&mut self, by: ProcessId, delivery: &Delivery, has_been_told: bool, at: Moment) {
        let key = delivery.notification.key;
        let receiver = Arc::clone(&delivery.notification.receiver);
        let trouble = self.trouble;
        let stepped = self.stepped.is_some_and(|stepped| stepped + LEASE > at);
        let telling = self.tellings.entry((receiver, key)).or_default();
        let first = telling.sent.first().copied();
        let is_in_flight = !telling.in_flight.insert(by);
        let excused = telling.is_answer_lost || first.is_none_or(|first| trouble >= first);
        let again = telling.accepted;
        let stored_at = telling.stored_at;
        telling.sent.push(at);
        let why = if is_in_flight {
            "while it is under way"
        } else if again && has_been_told {
            "by the process that was told that it had been accepted"
        } else if stored_at.is_some_and(|stored| stored < at) && !stepped {
            "though it was stored that it had been accepted"
        } else if again && !excused {
            "though nothing got lost"
        } else {
            return;
        };
        self.fail(Invariant::ToldOnce, at, || format!("{key} is sent again {why}"));
    }

    pub(crate) fn not_sent(&mut self, by: ProcessId, delivery: &Delivery) {
        let key = (Arc::clone(&delivery.notification.receiver), delivery.notification.key);
        if let Some(telling) = self.tellings.get_mut(&key) {
            telling.in_flight.remove(&by);
        }
    }

    /// A receiver has accepted it.
    pub(crate) fn accepted(&mut self, delivery: &Delivery, is_answer_lost: bool, at: Moment) {
        self.deliveries += 1;
        let notification = &delivery.notification;
        let key = notification.key;
        let receiver = Arc::clone(&notification.receiver);
        let telling = self.tellings.entry((Arc::clone(&receiver), key)).or_default();
        let is_again = std::mem::replace(&mut telling.accepted, true);
        telling.is_answer_lost |= is_answer_lost;
        let sent = telling.sent.last().copied().unwrap_or(at);
        self.duplicates += u64::from(is_again);
        let log = self.accepted.entry((receiver, key.fingerprint)).or_default();
        let knows = log
            .iter()
            .any(|before| before.key.state == AlertState::Firing && before.key.generation <= key.generation);
        let last = log.last().copied();
        log.push(Accepted { sent, key });
        let ends = notification.reason == Reason::Resolved;
        self.must(!ends || knows || is_again, Invariant::NoEndWithoutBeginning, at, || {
            format!("{key} is an end, and no beginning was told")
        });
        let state = key.state;
        let is_sane = match notification.reason {
            Reason::Fired | Reason::Repeated => state == AlertState::Firing,
            _ => state == AlertState::Resolved,
        };
        self.must(is_sane, Invariant::NoEndWithoutBeginning, at, || {
            format!("{key} is told because it {}", notification.reason.as_str())
        });
        let is_lost = |of: &DeliveryKey| of.fingerprint == key.fingerprint;
        let has_lost = self.tellings.iter().any(|((_, of), telling)| is_lost(of) && telling.is_answer_lost);
        // From here on nothing may excuse it.
        let Some(last) = last.filter(|last| last.sent > self.trouble && !has_lost) else { return };
        self.must(
            !ends || last.key.state == AlertState::Firing,
            Invariant::NoEndWithoutBeginning,
            at,
            || format!("{key} is told as an end after {}", last.key),
        );
        self.must(order(&last.key) < order(&key), Invariant::ToldOnce, at, || {
            format!("{key} is told after {}", last.key)
        });
    }

    /// It has been stored that a receiver has accepted it.
    pub(crate) fn is_known_for_good(&mut self, receiver: &Arc<str>, key: DeliveryKey, at: Moment) {
        if let Some(telling) = self.tellings.get_mut(&(Arc::clone(receiver), key)) {
            telling.stored_at.get_or_insert(at);
        }
    }

    /// What was under way has ended with its process.
    pub(crate) fn ended(&mut self, by: ProcessId) {
        for telling in self.tellings.values_mut() {
            telling.in_flight.remove(&by);
        }
    }
}

fn order(key: &DeliveryKey) -> (u64, AlertState, u64) {
    (key.generation, key.state, key.repeat)
}
