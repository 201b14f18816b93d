//! Which deliveries may be tried now, and what becomes of those that were.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::outbox::{LONGEST_PAUSE, Receivers};
use super::{
    Book, DeliveryError, DeliveryErrorKind, DeliveryKey, Entry, Fingerprint, Notification, Owed, Record,
};
use crate::{MonoTime, Now, WallTime};

/// The first wait after a failure, before it is doubled and drawn from.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// The longest wait after a failure.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// Deliveries to one receiver at once.
const AT_ONCE: usize = 4;

const MINUTE: Duration = Duration::from_secs(60);

/// How a receiver is to be treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceiverLimits {
    /// Deliveries tried within any minute; more wait.
    pub max_per_minute: u32,
}

/// Where the book is kept that a delivery is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kept {
    /// In the store.
    Stored,
    /// In memory alone: the alert about the store.
    Aside,
}

/// A delivery to be tried.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    pub(crate) kept: Kept,
    pub(crate) owed: Owed,
    /// What is to be said.
    pub notification: Notification,
    /// Not to be tried after that: another one may be in charge by then.
    pub valid_until: Option<MonoTime>,
    /// Since when the receiver is owed it.
    pub owed_since: WallTime,
}

/// What is known of a receiver in this process alone.
#[derive(Debug)]
struct Lane {
    limits: ReceiverLimits,
    paused_until: MonoTime,
    /// When deliveries were tried within the last minute.
    tried: VecDeque<MonoTime>,
    in_flight: BTreeSet<(Kept, Fingerprint)>,
    last: Option<LastDelivery>,
}

/// How the last delivery to a receiver went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastDelivery {
    /// When it ended.
    pub at: WallTime,
    /// Why it was not accepted, if it was not.
    pub failure: Option<DeliveryErrorKind>,
}

/// All deliveries.
#[derive(Debug)]
pub(crate) struct Dispatch {
    lanes: BTreeMap<Arc<str>, Lane>,
    random: u64,
}

impl Dispatch {
    pub(crate) fn new(receivers: &BTreeMap<Arc<str>, ReceiverLimits>, seed: u64) -> Self {
        let lane = |limits: &ReceiverLimits| Lane {
            limits: *limits,
            paused_until: MonoTime::default(),
            tried: VecDeque::new(),
            in_flight: BTreeSet::new(),
            last: None,
        };
        let lanes = receivers.iter().map(|(name, limits)| (Arc::clone(name), lane(limits))).collect();
        Self { lanes, random: seed }
    }

    /// The last delivery to each receiver.
    pub(crate) fn last(&self) -> impl Iterator<Item = (&Arc<str>, Option<&LastDelivery>)> {
        self.lanes.iter().map(|(name, lane)| (name, lane.last.as_ref()))
    }

    /// Takes out what may be tried now, the longest owed first.
    pub(crate) fn take(
        &mut self,
        kept: Kept,
        book: &Book,
        now: Now,
        valid_until: Option<MonoTime>,
        out: &mut Vec<Delivery>,
    ) {
        let mut due: Vec<(WallTime, Fingerprint, &Arc<str>, &Record)> = Vec::new();
        for (fingerprint, record) in book.records().filter(|(_, record)| !record.outbox.is_empty()) {
            if kept == Kept::Stored && !book.is_stored(fingerprint) {
                continue;
            }
            let entries = record.outbox.iter().filter(|(_, entry)| entry.is_due(now.wall));
            due.extend(entries.map(|(receiver, entry)| (entry.since, fingerprint, receiver, record)));
        }
        due.sort_unstable_by_key(|(since, fingerprint, receiver, _)| (*since, *fingerprint, *receiver));
        for (_, fingerprint, receiver, record) in due {
            let (Some(lane), Some(entry)) = (self.lanes.get_mut(receiver), record.outbox.get(receiver))
            else {
                continue;
            };
            if !lane.may_try((kept, fingerprint), now.mono) {
                continue;
            }
            lane.tried.push_back(now.mono);
            lane.in_flight.insert((kept, fingerprint));
            out.push(Delivery {
                kept,
                owed: entry.owed,
                notification: notification(fingerprint, record, (receiver, entry), now.wall),
                valid_until,
                owed_since: entry.since,
            });
        }
    }

    /// When the next of what waits may be tried; `None` if nothing waits, or for something else than time.
    pub(crate) fn next_try(&self, kept: Kept, book: &Book, now: Now) -> Option<MonoTime> {
        let may_be_told = |fingerprint: &Fingerprint| kept == Kept::Aside || book.is_stored(*fingerprint);
        let records = book.records().filter(|(fingerprint, _)| may_be_told(fingerprint));
        let entries = records.flat_map(|(fingerprint, record)| {
            record.outbox.iter().map(move |(receiver, entry)| (fingerprint, receiver, entry))
        });
        let times = entries.filter_map(|(fingerprint, receiver, entry)| {
            let lane = self.lanes.get(receiver)?;
            let must_wait = lane.in_flight.len() >= AT_ONCE || lane.in_flight.contains(&(kept, fingerprint));
            if must_wait || entry.parked() == Some(super::Parked::ReceiverRemoved) {
                return None;
            }
            Some(now.mono.plus(entry.not_before.since(now.wall)).max(lane.free_at(now.mono)))
        });
        times.min()
    }

    /// A delivery was not tried after all.
    pub(crate) fn not_tried(&mut self, delivery: &Delivery) {
        if let Some(lane) = self.lanes.get_mut(&delivery.notification.receiver) {
            lane.in_flight.remove(&(delivery.kept, delivery.notification.key.fingerprint));
        }
    }

    /// A delivery was tried: the book is told how that went.
    pub(crate) fn ended(
        &mut self,
        delivery: &Delivery,
        result: &Result<(), DeliveryError>,
        book: &mut Book,
        receivers: &Receivers,
        now: Now,
    ) {
        self.not_tried(delivery);
        let Notification { key, receiver, .. } = &delivery.notification;
        let random = self.draw();
        if let Some(lane) = self.lanes.get_mut(receiver) {
            let failure = result.as_ref().err().map(DeliveryError::kind);
            lane.last = Some(LastDelivery { at: now.wall, failure });
            if let Err(error) = result
                && let Some(pause) = error.retry_after()
            {
                lane.paused_until = lane.paused_until.max(now.mono.plus(pause.min(LONGEST_PAUSE)));
            }
        }
        book.change(key.fingerprint, receivers, now.wall, |record| match result {
            Ok(()) => {
                record.accepted(receiver, delivery.owed, now.wall);
                true
            }
            Err(error) => {
                let entry = record.outbox.get_mut(receiver).filter(|entry| entry.owed == delivery.owed);
                let Some(entry) = entry else { return false };
                if error.is_refusal() {
                    entry.refused(now.wall);
                } else {
                    let wait = jittered(entry.attempt, random).max(error.retry_after().unwrap_or_default());
                    entry.failed(wait.min(LONGEST_PAUSE), now.wall);
                }
                true
            }
        });
    }

    fn draw(&mut self) -> u64 {
        // SplitMix64: enough to keep replicas and receivers apart.
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.random ^ (self.random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// Full jitter: anything up to the wait that doubles with each attempt.
fn jittered(attempt: u32, random: u64) -> Duration {
    let most = FIRST_WAIT.saturating_mul(2_u32.saturating_pow(attempt.min(16))).min(LONGEST_WAIT);
    let part = (random >> 11) as f64 / (1_u64 << 53) as f64;
    most.mul_f64(part)
}

impl Lane {
    fn may_try(&mut self, what: (Kept, Fingerprint), now: MonoTime) -> bool {
        while self.tried.front().is_some_and(|tried| now.since(*tried) >= MINUTE) {
            self.tried.pop_front();
        }
        self.tried.len() < self.limits.max_per_minute as usize
            && self.in_flight.len() < AT_ONCE
            && !self.in_flight.contains(&what)
            && self.paused_until <= now
    }

    /// When the receiver can take one more; a delivery under way may end earlier.
    fn free_at(&self, now: MonoTime) -> MonoTime {
        let is_full = self.tried.len() >= self.limits.max_per_minute as usize;
        let capped = self.tried.front().filter(|_| is_full).map(|tried| tried.plus(MINUTE));
        self.paused_until.max(capped.unwrap_or(now)).max(now)
    }
}

fn notification(
    fingerprint: Fingerprint,
    record: &Record,
    (receiver, entry): (&Arc<str>, &Entry),
    now: WallTime,
) -> Notification {
    let (alert, rule) = (&record.alert, &record.alert.rule);
    let Owed { generation, state, repeat, reason, firings, .. } = entry.owed;
    let firing = alert.firing.as_ref();
    Notification {
        key: DeliveryKey { fingerprint, generation, state, repeat },
        receiver: Arc::clone(receiver),
        reason,
        firings,
        rule: Arc::clone(&rule.name),
        labels: alert.labels.clone(),
        annotations: rule.annotations.clone(),
        severity: Arc::clone(&rule.severity),
        value: alert.value,
        threshold: rule.threshold,
        is_lower_bound: alert.is_lower_bound,
        starts_at: firing.map_or(now, |firing| firing.starts_at),
        ended: firing.and_then(|firing| firing.ended),
        attempt: entry.attempt,
        at: now,
    }
}
