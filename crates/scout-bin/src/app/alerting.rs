//! Runs the alerting machine: tells it what happens, and does what it says.

mod beat;
mod meters;
mod notices;
mod setup;

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use scout_core::alerting::{
    AlertStore, Alerting, AlertingConfig, AlertsView, Delivery, DeliveryError, DeliveryErrorKind, Effect,
    Leased, Loaded, Observation, Receiver, RulesView, Saved, Selector,
};
use scout_core::{Arrivals, Clock, MonoTime, Now, Snapshot, StoreError, WallTime};
use scout_http::{Publisher, Telemetry};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::{debug, error, info};

use super::feeds::guarded;
pub(super) use beat::Beat;
use meters::AlertingMeters;
use notices::Notices;
pub(super) use setup::Setup;

/// How often alerts are rendered for readers, at most.
const SHOWN_EVERY: Duration = Duration::from_millis(250);

/// How long the end of the process waits for deliveries under way and for what is still to be written.
const FINISHES_WITHIN: Duration = Duration::from_secs(5);

/// How fresh what is judged must be for the heartbeat to go on.
const JUDGED_WITHIN: Duration = Duration::from_secs(30);

/// What a cycle hands over to be judged.
#[derive(Clone, Debug)]
pub(super) enum Seen {
    /// Nothing yet.
    Nothing,
    /// Counts.
    Counts(Box<Counts>),
    /// The store could not be read.
    Failure,
}

/// Where cycles hand over what they have counted, and what of it is to be counted apart.
#[derive(Debug)]
pub(super) struct Judging {
    pub(super) seen: watch::Sender<Seen>,
    /// Rules that ask for tags, by their position.
    pub(super) tagged: Vec<(usize, Selector)>,
}

/// The counts of a cycle.
#[derive(Clone, Debug)]
pub(super) struct Counts {
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) tagged: Arc<BTreeMap<usize, Arrivals>>,
    pub(super) is_partial: bool,
    /// What the store's clock showed at a moment of ours.
    pub(super) store_clock: Now,
    /// When the last message arrived that is counted.
    pub(super) last_arrival: Option<WallTime>,
}

/// Who is told, and where alerts are kept.
pub(super) struct Surroundings {
    pub(super) store: Arc<dyn AlertStore>,
    pub(super) receivers: BTreeMap<Arc<str>, Arc<dyn Receiver>>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) publisher: Publisher,
    pub(super) beat: Option<Beat>,
}

/// Something that was begun has ended.
enum Done {
    Lease(Result<Leased, StoreError>),
    Load(Result<Loaded, StoreError>),
    Save(Result<Saved, StoreError>),
    Released,
    Delivered(Box<Delivery>, Result<(), DeliveryError>),
    NotTried(Box<Delivery>),
    Beat(Result<(), DeliveryError>),
}

/// The machine and its hands.
pub(super) struct AlertingTask {
    machine: Alerting,
    around: Surroundings,
    seen: watch::Receiver<Seen>,
    meters: AlertingMeters,
    jobs: JoinSet<Done>,
    store_clock: Option<Now>,
    judged_at: Option<MonoTime>,
    notices: Notices,
    next_show: MonoTime,
    is_news: bool,
}

impl AlertingTask {
    pub(super) fn new(
        config: AlertingConfig,
        around: Surroundings,
        seen: watch::Receiver<Seen>,
        telemetry: &Telemetry,
    ) -> Self {
        let meters = AlertingMeters::new(telemetry.recorder(), around.receivers.keys());
        Self {
            machine: Alerting::new(config),
            around,
            seen,
            meters,
            jobs: JoinSet::new(),
            store_clock: None,
            judged_at: None,
            notices: Notices::default(),
            next_show: MonoTime::default(),
            is_news: true,
        }
    }

    /// Runs until it is told to stop; then writes down what has been done, and gives the lease back.
    pub(super) async fn run(mut self, stop: impl Future<Output = ()>) {
        let mut stopping = std::pin::pin!(stop);
        loop {
            self.act();
            let wait = self.next_wake().since(self.around.clock.now().mono);
            tokio::select! {
                biased;
                () = &mut stopping => break,
                changed = self.seen.changed() => {
                    if changed.is_err() {
                        break;
                    }
                    self.observe();
                }
                Some(done) = self.jobs.join_next() => self.take_in(done),
                () = tokio::time::sleep(wait) => {}
            }
        }
        self.finish().await;
        info!("alerting stopped");
    }

    async fn finish(&mut self) {
        self.machine.begin_to_stop();
        let until = self.around.clock.now().mono.plus(FINISHES_WITHIN);
        loop {
            self.act();
            let left = until.since(self.around.clock.now().mono);
            let is_done = self.jobs.is_empty() && (self.machine.is_stored() || !self.is_in_charge());
            if is_done || left.is_zero() {
                break;
            }
            let wake = self.next_wake().since(self.around.clock.now().mono).min(left);
            tokio::select! {
                Some(done) = self.jobs.join_next() => self.take_in(done),
                () = tokio::time::sleep(wake.max(Duration::from_millis(1))) => {}
            }
        }
        if let Some(Effect::Release(token)) = self.machine.release() {
            let released = tokio::time::timeout(FINISHES_WITHIN, self.around.store.release(&token)).await;
            if let Ok(Err(error)) = released {
                debug!(error = %error, "the lease could not be given back; it runs out by itself");
            }
        }
    }

    fn is_in_charge(&self) -> bool {
        self.machine.is_in_charge(self.around.clock.now().mono)
    }

    /// The present by the store's clock, which all replicas share.
    fn now(&self) -> Now {
        let now = self.around.clock.now();
        let wall = self.store_clock.map_or(now.wall, |known| known.wall.plus(now.mono.since(known.mono)));
        Now { wall, mono: now.mono }
    }

    fn next_wake(&self) -> MonoTime {
        if self.store_clock.is_none() {
            // Without the store's clock there is no time to go by; it comes with the first counts.
            return MonoTime::from_start(Duration::MAX);
        }
        let now = self.now();
        let beat = self.around.beat.as_ref().map(Beat::next).filter(|next| *next > now.mono);
        let wake = self.machine.next_wake(now);
        let wake = beat.map_or(wake, |beat| wake.min(beat));
        if self.is_news { wake.min(self.next_show) } else { wake }
    }

    fn observe(&mut self) {
        let seen = self.seen.borrow_and_update().clone();
        match seen {
            Seen::Nothing => {}
            Seen::Failure => {
                if self.store_clock.is_some() {
                    self.machine.could_not_observe(self.now());
                }
            }
            Seen::Counts(counts) => {
                self.store_clock = Some(counts.store_clock);
                let now = self.now();
                let began = self.around.clock.now().mono;
                self.meters.last_arrival(counts.last_arrival, now.wall);
                self.machine.observe(
                    &Observation {
                        snapshot: &counts.snapshot,
                        tagged: &counts.tagged,
                        is_partial: counts.is_partial,
                    },
                    now,
                );
                self.judged_at = Some(now.mono);
                self.meters.judged(self.machine.counts(), self.around.clock.now().mono.since(began));
            }
        }
        self.is_news = true;
    }

    /// Begins what is to be done now, and shows what is new.
    fn act(&mut self) {
        if self.store_clock.is_none() {
            return;
        }
        let now = self.now();
        for effect in self.machine.poll(now) {
            self.begin(effect);
        }
        self.note_charge(now);
        self.beat(now);
        if self.is_news && now.mono >= self.next_show {
            self.is_news = false;
            self.next_show = now.mono.plus(SHOWN_EVERY);
            self.meters.show(&self.machine, now);
            let alerts = AlertsView::of(&self.machine, now.mono);
            let rules = RulesView::of(&self.machine, now.mono);
            self.around.publisher.publish_alerting(&alerts, &rules);
        }
    }

    fn note_charge(&mut self, now: Now) {
        let (machine, alerts) = (&self.machine, self.machine.book().len());
        self.is_news |= self.notices.charge(machine.is_in_charge(now.mono), machine.unusable(), alerts);
    }

    /// Tells that rules are being judged, as long as they are.
    fn beat(&mut self, now: Now) {
        let is_judging = self.machine.is_in_charge(now.mono)
            && self.judged_at.is_some_and(|judged| now.mono.since(judged) <= JUDGED_WITHIN);
        let Some(beat) = self.around.beat.as_mut().filter(|_| is_judging) else { return };
        let Some(heartbeat) = beat.due(now.mono) else { return };
        self.jobs.spawn(async move {
            let sent = AssertUnwindSafe(heartbeat.beat(now.wall)).catch_unwind().await;
            Done::Beat(sent.unwrap_or_else(|_| Err(panicked())))
        });
    }

    fn begin(&mut self, effect: Effect) {
        let store = Arc::clone(&self.around.store);
        match effect {
            Effect::Lease(token, ttl, expects) => {
                self.jobs.spawn(async move { Done::Lease(guarded(store.lease(&token, ttl, expects)).await) });
            }
            Effect::Release(token) => {
                self.jobs.spawn(async move {
                    // If it is not given back it runs out.
                    drop(store.release(&token).await);
                    Done::Released
                });
            }
            Effect::Load(known) => {
                self.jobs.spawn(async move { Done::Load(guarded(store.load(known.as_deref())).await) });
            }
            Effect::Save(token, changes) => {
                self.jobs.spawn(async move { Done::Save(guarded(store.save(&token, &changes)).await) });
            }
            Effect::Deliver(delivery) => self.deliver(delivery),
            _ => {}
        }
    }

    fn deliver(&mut self, delivery: Box<Delivery>) {
        let receiver = self.around.receivers.get(&delivery.notification.receiver).map(Arc::clone);
        let clock = Arc::clone(&self.around.clock);
        self.jobs.spawn(async move {
            let Some(receiver) = receiver else { return Done::NotTried(delivery) };
            if delivery.valid_until.is_some_and(|until| clock.now().mono >= until) {
                return Done::NotTried(delivery);
            }
            let delivered = AssertUnwindSafe(receiver.deliver(&delivery.notification)).catch_unwind().await;
            let result = delivered.unwrap_or_else(|_| Err(panicked()));
            Done::Delivered(delivery, result)
        });
    }

    fn take_in(&mut self, done: Result<Done, tokio::task::JoinError>) {
        let now = self.now();
        self.is_news = true;
        match done {
            Ok(Done::Lease(answer)) => {
                self.notices.store(answer.as_ref().err());
                self.machine.leased(answer, now);
            }
            Ok(Done::Load(answer)) => {
                self.notices.store(answer.as_ref().err());
                self.machine.loaded(answer, now);
            }
            Ok(Done::Save(answer)) => {
                self.notices.store(answer.as_ref().err());
                self.machine.saved(&answer, now);
            }
            Ok(Done::Released) => {}
            Ok(Done::Beat(result)) => {
                self.meters.beat(result.is_ok());
                if let Some(beat) = &mut self.around.beat {
                    beat.ended(&result);
                }
            }
            Ok(Done::NotTried(delivery)) => self.machine.not_tried(&delivery),
            Ok(Done::Delivered(delivery, result)) => {
                notices::delivered(&delivery, &result);
                self.meters.delivered(&delivery, &result, now.wall);
                self.machine.delivered(&delivery, &result, now);
            }
            // What a job may panic in is caught within it.
            Err(error) => error!(error = %error, "a part of alerting has panicked"),
        }
    }
}

fn panicked() -> DeliveryError {
    let text = "the receiver panicked, which is a bug; standard error has the place";
    DeliveryError::new(DeliveryErrorKind::Unwritable, text)
}
