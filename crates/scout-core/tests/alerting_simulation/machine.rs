//! The machine under test, or one that has a defect of the service that came before.

use std::sync::Arc;

use scout_core::alerting::{
    Alerting, AlertingConfig, Book, Delivery, DeliveryError, Effect, Leased, Loaded, Observation, Saved,
};
use scout_core::{MonoTime, Now, Snapshot, StoreError, WallTime};

/// A defect that is planted, so that it shows that a check can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Defect {
    /// Stamped as told before anybody has accepted it.
    ToldBeforeAccepted,
    /// An alert is lost when it is not accepted: how a delivery ended is not looked at.
    NeverTriedAgain,
    /// What has been told is known to the process alone.
    ToldInMemory,
    /// A query that failed counts nothing.
    ErrorIsZero,
    /// What is known to be incomplete is judged all the same.
    PartialIsWhole,
    /// As many alerts as there are labels.
    NoLimit,
    /// What must last is measured by the clock on the wall.
    WallClock,
}

pub(crate) struct Machine {
    inner: Alerting,
    defect: Option<Defect>,
}

/// What is seen of the messages.
pub(crate) struct Counts {
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) is_partial: bool,
}

impl Machine {
    pub(crate) fn new(mut config: AlertingConfig, defect: Option<Defect>) -> Self {
        if defect == Some(Defect::NoLimit) {
            config.rules.iter_mut().for_each(|rule| rule.limit = usize::MAX);
        }
        Self { inner: Alerting::new(config), defect }
    }

    fn now(&self, now: Now) -> Now {
        if self.defect == Some(Defect::WallClock) {
            let since = u64::try_from(now.wall.unix_ms()).expect("after the epoch");
            return Now { mono: MonoTime::from_start(std::time::Duration::from_millis(since)), ..now };
        }
        now
    }

    pub(crate) fn book(&self) -> &Book {
        self.inner.book()
    }

    pub(crate) fn is_in_charge(&self, now: Now) -> bool {
        self.inner.is_in_charge(self.now(now).mono)
    }

    pub(crate) fn is_stored(&self) -> bool {
        self.inner.is_stored()
    }

    pub(crate) fn observe(&mut self, counts: &Counts, now: Now) {
        let is_partial = counts.is_partial && self.defect != Some(Defect::PartialIsWhole);
        let seen = Observation { is_partial, ..Observation::of(&counts.snapshot) };
        self.inner.observe(&seen, self.now(now));
    }

    pub(crate) fn could_not_observe(&mut self, blank: impl FnOnce() -> Arc<Snapshot>, now: Now) {
        if self.defect == Some(Defect::ErrorIsZero) {
            self.inner.observe(&Observation::of(&blank()), now);
        } else {
            self.inner.could_not_observe(self.now(now));
        }
    }

    pub(crate) fn leased(&mut self, answer: Result<Leased, StoreError>, now: Now) {
        self.inner.leased(answer, self.now(now));
    }

    pub(crate) fn loaded(&mut self, answer: Result<Loaded, StoreError>, now: Now) {
        self.inner.loaded(answer, self.now(now));
    }

    pub(crate) fn saved(&mut self, answer: &Result<Saved, StoreError>, now: Now) {
        self.inner.saved(answer, self.now(now));
    }

    pub(crate) fn delivered(&mut self, delivery: &Delivery, result: &Result<(), DeliveryError>, now: Now) {
        match self.defect {
            Some(Defect::ToldBeforeAccepted) => {}
            Some(Defect::NeverTriedAgain) => self.inner.delivered(delivery, &Ok(()), now),
            _ => self.inner.delivered(delivery, result, self.now(now)),
        }
    }

    pub(crate) fn not_tried(&mut self, delivery: &Delivery) {
        self.inner.not_tried(delivery);
    }

    pub(crate) fn poll(&mut self, now: Now) -> Vec<Effect> {
        let mut effects = self.inner.poll(self.now(now));
        for effect in &mut effects {
            match (self.defect, effect) {
                (Some(Defect::ToldBeforeAccepted), Effect::Deliver(delivery)) => {
                    self.inner.delivered(delivery, &Ok(()), now);
                }
                (Some(Defect::ToldInMemory), Effect::Save(_, changes)) => {
                    for (_, record) in &mut changes.put {
                        *record = forgotten(record);
                    }
                }
                _ => {}
            }
        }
        effects
    }

    /// How long until it is to be asked again.
    pub(crate) fn next_wake(&self, now: Now) -> std::time::Duration {
        let now = self.now(now);
        self.inner.next_wake(now).since(now.mono)
    }

    pub(crate) fn begin_to_stop(&mut self) {
        self.inner.begin_to_stop();
    }

    pub(crate) fn release(&mut self) -> Option<Effect> {
        self.inner.release()
    }

    pub(crate) fn valid(&self, delivery: &Delivery, now: Now) -> bool {
        delivery.valid_until.is_none_or(|until| self.now(now).mono < until)
    }

    pub(crate) fn unusable(&self) -> Option<&str> {
        self.inner.unusable()
    }

    pub(crate) fn judged_at(&self) -> Option<WallTime> {
        self.inner.outcomes().filter_map(|(_, outcome)| outcome.judged_at).max()
    }
}

/// A record without what its receivers have been told.
fn forgotten(record: &[u8]) -> Vec<u8> {
    let mut value: serde_json::Value = serde_json::from_slice(record).expect("a record");
    value["told"] = serde_json::json!({});
    serde_json::to_vec(&value).expect("a record")
}
