//! What the store and the receivers make of what they are sent.

use std::time::Duration;

use scout_core::alerting::{Changes, Delivery, DeliveryError, DeliveryErrorKind, Effect, Leased, Saved};

use super::{Answer, Event, StoreKind, World};
use crate::checks::{Call, ProcessId};
use crate::plan::{Moment, RECEIVERS, ReceiverMode, Step, StoreMode};
use crate::process::Process;

/// How long one waits for an answer that does not come.
const PATIENCE: Moment = 2_500;

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Answered,
    /// It does nothing.
    Lost,
    /// It does what it should, and nobody hears of it.
    AnswerLost,
}

impl World<'_> {
    /// A job begins; where its process was stopped, later than it was meant to.
    pub(super) fn begin(&mut self, replica: usize, process: &mut Process, effect: Effect) {
        let id = process.id;
        let Effect::Deliver(delivery) = effect else {
            if let Effect::Save(..) = effect {
                self.reached(replica, Step::SaveSent);
            }
            return self.travel(replica, id, effect);
        };
        let Some(now) = process.now(self.at) else { return };
        if !process.machine.valid(&delivery, now) {
            let answer = Answer::NotTried(*delivery);
            return self.queue(self.at, Event::Answer(replica, id, Box::new(answer)));
        }
        let key = delivery.notification.key;
        let receiver = delivery.notification.receiver.clone();
        self.say(|| format!("{replica} tells {receiver} {key}"));
        let has_been_told = process.told.contains(&(receiver, key));
        self.checks.sent(id, &delivery, has_been_told, self.at);
        let latency = self.chance.below(self.setting.latency) + 1;
        self.queue(self.at + latency, Event::AtReceiver(replica, id, delivery));
        self.reached(replica, Step::DeliverySent);
    }

    pub(super) fn travel(&mut self, replica: usize, id: ProcessId, effect: Effect) {
        let at = self.at + self.latency();
        self.queue(at, Event::AtStore(replica, id, Box::new(effect)));
    }

    fn latency(&mut self) -> Moment {
        let slow = match self.store_mode() {
            StoreMode::Slow(most) => self.chance.below(most),
            _ => 0,
        };
        slow + self.chance.below(self.setting.latency) + 1
    }

    fn fate(&mut self, effect: &Effect) -> Fate {
        match self.store_mode() {
            StoreMode::Well | StoreMode::Slow(_) => Fate::Answered,
            StoreMode::ReadOnly if matches!(effect, Effect::Load(_)) => Fate::Answered,
            StoreMode::Away | StoreMode::ReadOnly => Fate::Lost,
            StoreMode::Flaky => match self.chance.below(6) {
                0 => Fate::Lost,
                1 => Fate::AnswerLost,
                _ => Fate::Answered,
            },
        }
    }

    pub(super) fn at_store(&mut self, replica: usize, id: ProcessId, effect: Effect) {
        let fate = self.fate(&effect);
        let does = fate != Fate::Lost;
        let is_heard = fate == Fate::Answered;
        let wall = self.wall();
        let answer = match effect {
            Effect::Lease(token, ttl, expects) => {
                let leased = does.then(|| self.store.lease(&token, ttl, expects, wall));
                self.say(|| format!("{replica} asks for the lease as {token}: {leased:?}, {fate:?}"));
                Answer::Leased(leased.filter(|_| is_heard).ok_or(StoreKind))
            }
            Effect::Load(known) => {
                let loaded = is_heard.then(|| self.store.load(known.as_deref()));
                Answer::Loaded(loaded.ok_or(StoreKind))
            }
            Effect::Save(token, changes) => {
                let saved = does.then(|| self.store.save(&token, &changes, wall));
                self.say(|| format!("{replica} saves as {token}: {saved:?}, {fate:?}"));
                if saved == Some(Saved::Written) {
                    self.written(replica, id, &changes);
                }
                Answer::Saved(saved.filter(|_| is_heard).ok_or(StoreKind))
            }
            Effect::Release(token) => {
                if does {
                    self.store.release(&token);
                }
                Answer::Released
            }
            _ => return,
        };
        let wait = if is_heard { self.latency() } else { self.chance.below(PATIENCE) };
        self.queue(self.at + wait, Event::Answer(replica, id, Box::new(answer)));
    }

    /// Changes are stored, whether or not whoever sent them is still there.
    fn written(&mut self, replica: usize, id: ProcessId, changes: &Changes) {
        let variant = self.variants.get(&id).copied().unwrap_or_default();
        self.checks.saved(changes, &self.setting.variants[variant], self.at);
        self.reached(replica, Step::SaveDone);
    }

    fn receiver_mode(&mut self, name: &str) -> ReceiverMode {
        let index = RECEIVERS.iter().position(|known| *known == name).expect("one of them");
        let (mode, until) = self.receivers[index];
        match mode {
            _ if self.at >= until => ReceiverMode::Well,
            ReceiverMode::Flaky => *self.chance.pick(&[
                ReceiverMode::Well,
                ReceiverMode::Fails,
                ReceiverMode::LosesAnswers,
                ReceiverMode::Refuses,
            ]),
            mode => mode,
        }
    }

    pub(super) fn at_receiver(&mut self, replica: usize, id: ProcessId, delivery: Delivery) {
        let mode = self.receiver_mode(&delivery.notification.receiver);
        let error = |kind| Err(DeliveryError::new(kind, "it does not accept it"));
        let (accepts, result, wait) = match mode {
            ReceiverMode::Well | ReceiverMode::Flaky => (true, Ok(()), 1),
            ReceiverMode::Slow(wait) => (true, Ok(()), wait),
            ReceiverMode::Refuses => (false, error(DeliveryErrorKind::Rejected), 1),
            ReceiverMode::Fails => (false, error(DeliveryErrorKind::Unavailable), 1),
            ReceiverMode::Throttles(wait) => {
                let error = DeliveryError::new(DeliveryErrorKind::Throttled, "not so many");
                (false, Err(error.with_retry_after(Duration::from_millis(wait))), 1)
            }
            ReceiverMode::LosesAnswers => (true, error(DeliveryErrorKind::Timeout), PATIENCE),
        };
        let (key, receiver) = (delivery.notification.key, delivery.notification.receiver.clone());
        let reason = delivery.notification.reason;
        self.say(|| format!("{receiver} is told {key} ({}) by {replica}: {mode:?}", reason.as_str()));
        if accepts {
            self.checks.accepted(&delivery, result.is_err(), self.at);
            self.reached(replica, Step::DeliveryAccepted);
        }
        let wait = self.chance.below(wait) + 1;
        self.queue(self.at + wait, Event::Answer(replica, id, Box::new(Answer::Delivered(delivery, result))));
    }

    /// A process has an answer.
    pub(super) fn answer(&mut self, replica: usize, process: &mut Process, answer: Answer) {
        process.jobs = process.jobs.saturating_sub(1);
        let Some(now) = process.now(self.at) else { return };
        let before = Self::before(process);
        let call = |is_ok, otherwise| if is_ok { otherwise } else { Call::Error };
        let (call, step) = match answer {
            Answer::Leased(answer) => {
                let is_taken = matches!(answer, Ok(Leased::Held { .. })) && !process.was_in_charge;
                let call = call(answer.is_ok(), Call::Knowledge);
                process.machine.leased(answer.map_err(|_| StoreKind::error()), now);
                (call, is_taken.then_some(Step::LeaseTaken))
            }
            Answer::Loaded(answer) => {
                let call = call(answer.is_ok(), Call::Knowledge);
                process.machine.loaded(answer.map_err(|_| StoreKind::error()), now);
                (call, Some(Step::Loaded))
            }
            Answer::Saved(answer) => {
                let call = call(answer.is_ok(), Call::Other);
                process.machine.saved(&answer.map_err(|_| StoreKind::error()), now);
                (call, Some(Step::SaveAnswered))
            }
            Answer::Delivered(delivery, result) => {
                process.machine.delivered(&delivery, &result, now);
                self.checks.not_sent(process.id, &delivery);
                if result.is_ok() && process.was_in_charge {
                    let what = (delivery.notification.receiver.clone(), delivery.notification.key);
                    process.told.insert(what.clone());
                    process.unstored.push(what);
                }
                (call(result.is_ok(), Call::Other), Some(Step::DeliveryAnswered))
            }
            Answer::NotTried(delivery) => {
                process.machine.not_tried(&delivery);
                self.checks.not_sent(process.id, &delivery);
                (Call::Other, None)
            }
            Answer::Released => (Call::Other, None),
        };
        self.after(replica, process, call, &before);
        if let Some(step) = step {
            self.reached(replica, step);
        }
    }
}
