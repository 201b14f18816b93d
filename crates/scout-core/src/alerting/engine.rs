//! Alerting as a machine without hands: it is told what happened, and says what is to be done.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::alert::Shift;
use super::delivery::{Dispatch, Kept, LastDelivery};
use super::judge::{Judge, Outcome};
use super::lease_keeper::{LeaseKeeper, LeaseNews};
use super::outbox::Receivers;
use super::source::{self, SourceWatch};
use super::{
    Book, Changes, Delivery, DeliveryError, Expects, LeaseToken, Leased, Loaded, Observation, ReceiverLimits,
    Record, Rule, Saved, SourceRules, StateError,
};
use crate::{MonoTime, Now, StoreError, WallTime};

/// A clock that goes so far apart from the other one was set.
const STEP: Duration = Duration::from_secs(5);

/// Nobody judged for so long: what waits goes on as after a restart.
const GAP: Duration = Duration::from_secs(60);

/// How often it is written down that rules have been judged, while something waits.
const JUDGED_WRITTEN: Duration = Duration::from_secs(10);

/// How often those who do not judge read what is stored.
const READ_EVERY: Duration = Duration::from_secs(2);

/// How soon it is written again after an error.
const WRITTEN_AGAIN: Duration = Duration::from_millis(500);

/// How soon it is read again after an error, or where it cannot be used.
const READ_AGAIN: Duration = Duration::from_secs(1);

/// How long a replica that cannot use what is stored leaves the lease to others.
const UNUSABLE_FOR: Duration = Duration::from_secs(60);

/// How often is looked whether time owes something.
const SETTLED_EVERY: Duration = Duration::from_millis(500);

/// What alerting works by.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertingConfig {
    /// The rules, at most [`MAX_RULES`](super::MAX_RULES).
    pub rules: Vec<Rule>,
    /// Who can be told.
    pub receivers: BTreeMap<Arc<str>, ReceiverLimits>,
    /// What is told of the store itself.
    pub source: SourceRules,
    /// Stands for the receivers' settings: where it changes, what was refused is tried again.
    pub receivers_revision: u64,
    /// Tells this process from every other one.
    pub owner: String,
    /// What chance is drawn from.
    pub seed: u64,
}

/// Something that is to be done.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Effect {
    /// Ask for the lease; then [`Alerting::leased`].
    Lease(LeaseToken, Duration, Expects),
    /// Give the lease back. Nobody waits for the answer.
    Release(LeaseToken),
    /// Read what is stored, unless the meta is that; then [`Alerting::loaded`].
    Load(Option<Vec<u8>>),
    /// Write; then [`Alerting::saved`].
    Save(LeaseToken, Changes),
    /// Tell a receiver; then [`Alerting::delivered`], or [`Alerting::not_tried`].
    Deliver(Box<Delivery>),
}

/// What the store holds, as far as this replica knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Knowledge {
    /// It has not been read since the lease was taken.
    Unread,
    /// The book is what is stored, and what is to be written.
    Current,
}

/// Writes of the book.
#[derive(Debug, Default)]
struct Writing {
    /// Under which lease one is under way.
    under: Option<LeaseToken>,
    /// Whether the last one failed, as far as that matters to this time of holding the lease.
    has_failed: bool,
    /// The store has lost what it held, and none of it has been written back yet.
    is_rewriting: bool,
    next: MonoTime,
}

/// Reads of it.
#[derive(Debug, Default)]
struct Reading {
    is_under_way: bool,
    /// What is being read may be from before the lease was taken.
    is_old: bool,
    next: MonoTime,
    /// Whether what has been read under this lease cannot be used, so that the lease is of no use either.
    is_unusable: bool,
    /// What was read last.
    known_meta: Option<Vec<u8>>,
}

/// Rules, alerts, and what is owed, of one replica.
///
/// It does no I/O and reads no clock. Whoever owns it hands in observations, answers of the store and results of
/// deliveries, and carries out what [`Alerting::poll`] says. What it decides depends on nothing else, so that the running
/// service, simulations and tests of rules are one.
#[derive(Debug)]
pub struct Alerting {
    config: AlertingConfig,
    receivers: Receivers,
    judge: Judge,
    book: Book,
    knowledge: Knowledge,
    lease: LeaseKeeper,
    dispatch: Dispatch,
    source: SourceWatch,
    writing: Writing,
    reading: Reading,
    unusable: Option<String>,
    clock: Option<Now>,
    last_judged: Option<Now>,
    last_judged_written: MonoTime,
    next_settle: MonoTime,
    counts: AlertingCounts,
    is_stopping: bool,
}

/// What has been done since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AlertingCounts {
    /// Rules judged.
    pub evaluations: u64,
    /// Groups whose condition held and that got no instance, since there are as many as may be.
    pub without_instance: u64,
    /// Entries dropped since their receiver has been gone for too long.
    pub dropped_for_removed: u64,
    /// Times that the store came back without the state that it had.
    pub resets: u64,
    /// Times that another replica had taken the lease.
    pub leases_lost: u64,
}

impl Alerting {
    /// Nothing known yet.
    pub fn new(config: AlertingConfig) -> Self {
        Self {
            receivers: config.receivers.keys().cloned().collect(),
            judge: Judge::new(config.rules.clone()),
            book: Book::default(),
            knowledge: Knowledge::Unread,
            lease: LeaseKeeper::new(config.owner.clone()),
            dispatch: Dispatch::new(&config.receivers, config.seed),
            source: SourceWatch::default(),
            writing: Writing::default(),
            reading: Reading::default(),
            unusable: None,
            clock: None,
            last_judged: None,
            last_judged_written: MonoTime::default(),
            next_settle: MonoTime::default(),
            counts: AlertingCounts::default(),
            is_stopping: false,
            config,
        }
    }

    /// All alerts, as they were last known.
    pub fn book(&self) -> &Book {
        &self.book
    }

    /// The alert about the store, if there is one.
    pub fn aside(&self) -> &Book {
        &self.source.book
    }

    /// Each rule, and how it was last judged.
    pub fn outcomes(&self) -> impl Iterator<Item = (&Rule, &Outcome)> {
        self.judge.outcomes()
    }

    /// The last delivery to each receiver by this process.
    pub fn last_deliveries(&self) -> impl Iterator<Item = (&Arc<str>, Option<&LastDelivery>)> {
        self.dispatch.last()
    }

    /// Whether this replica judges.
    pub fn is_in_charge(&self, now: MonoTime) -> bool {
        self.lease.held_until(now).is_some() && self.knowledge == Knowledge::Current
    }

    /// Whether this replica holds the lease.
    pub fn holds_lease(&self, now: MonoTime) -> bool {
        self.lease.held_until(now).is_some()
    }

    /// Why what is stored cannot be used, if it cannot.
    pub fn unusable(&self) -> Option<&str> {
        self.unusable.as_deref()
    }

    /// What has been done since the start.
    pub fn counts(&self) -> AlertingCounts {
        self.counts
    }

    /// New counts. They are judged if it is for this replica to judge.
    pub fn observe(&mut self, seen: &Observation<'_>, now: Now) {
        self.note_clock(now);
        self.source.read(true, now.mono);
        if !self.is_in_charge(now.mono) || self.is_stopping {
            return;
        }
        self.restore_after_gap(now);
        let judged = self.judge.judge(seen, &mut self.book, &self.receivers, now);
        self.counts.evaluations += judged as u64;
        self.counts.without_instance +=
            self.judge.outcomes().map(|(_, outcome)| outcome.without_instance).sum::<u64>();
        self.write_down_judged(now);
    }

    /// The store could not be read.
    pub fn could_not_observe(&mut self, now: Now) {
        self.note_clock(now);
        self.source.read(false, now.mono);
    }

    /// The answer to [`Effect::Lease`].
    pub fn leased(&mut self, answer: Result<Leased, StoreError>, now: Now) {
        self.note_clock(now);
        if answer.is_err() || !self.writing.has_failed {
            // Asking for it is a write as well.
            self.source.wrote(answer.is_ok(), now.mono);
        }
        match self.lease.answered(answer.ok(), now.mono) {
            LeaseNews::Nothing => {}
            LeaseNews::Taken => {
                self.writing.has_failed = false;
                self.knowledge = Knowledge::Unread;
                self.reading.is_unusable = false;
                self.reading.is_old = self.reading.is_under_way;
                self.reading.next = now.mono;
            }
            LeaseNews::StateLost if self.writing.is_rewriting && self.knowledge == Knowledge::Current => {}
            LeaseNews::StateLost => self.was_reset(now),
            LeaseNews::Lost => {
                self.counts.leases_lost += 1;
                self.writing.has_failed = false;
                self.knowledge = Knowledge::Unread;
            }
        }
    }

    /// The answer to [`Effect::Load`].
    pub fn loaded(&mut self, answer: Result<Loaded, StoreError>, now: Now) {
        self.note_clock(now);
        self.reading.is_under_way = false;
        if std::mem::take(&mut self.reading.is_old) {
            // Whoever held the lease before may have written since.
            self.reading.next = now.mono;
            return;
        }
        self.reading.next = now.mono.plus(READ_EVERY);
        let holds_lease = self.lease.held_until(now.mono).is_some();
        let is_unread = self.knowledge == Knowledge::Unread;
        match answer {
            Err(_) => self.reading.next = now.mono.plus(READ_AGAIN),
            Ok(Loaded::Same) if holds_lease && is_unread => self.take_charge(now),
            Ok(Loaded::Nothing) if holds_lease && is_unread => {
                if self.has_known_state() {
                    self.was_reset(now);
                } else {
                    self.book = Book::default();
                    self.take_charge(now);
                }
            }
            Ok(Loaded::State(stored)) if is_unread || !holds_lease => {
                let read = Book::read(&stored);
                self.reading.known_meta = Some(stored.meta);
                match read {
                    Ok(read) => self.take_over(read, holds_lease, now),
                    Err(error) => self.cannot_use(&error, now),
                }
            }
            // Others are to show what they last knew.
            Ok(Loaded::Nothing | Loaded::Same | Loaded::State(_)) => {}
        }
    }

    fn take_over(&mut self, read: Book, holds_lease: bool, now: Now) {
        self.unusable = None;
        let (found, known) = (read.meta(), self.book.meta());
        // Where nobody else has written since, what is known here is newer than what is stored.
        let is_own =
            self.lease.is_own(&found.writer) && found.revision <= known.revision && self.lease.was_last();
        if !is_own {
            let last_judged = read.meta().judged_at;
            self.book = read;
            self.last_judged = None;
            if holds_lease {
                self.restore(last_judged, now.wall);
                for fingerprint in self.book.fingerprints() {
                    let bring_back = |record: &mut Record| record.bring_back(now.wall);
                    self.book.change(fingerprint, &self.receivers, now.wall, bring_back);
                }
            }
        }
        if holds_lease {
            self.take_charge(now);
        }
    }

    fn take_charge(&mut self, now: Now) {
        self.knowledge = Knowledge::Current;
        self.unusable = None;
        self.restore_after_gap(now);
        self.judge.adopt(&mut self.book, &self.receivers, now.wall);
        if self.book.meta().receivers != self.config.receivers_revision {
            for fingerprint in self.book.fingerprints() {
                self.book
                    .change(fingerprint, &self.receivers, now.wall, |record| record.retry_refused(now.wall));
            }
            let revision = self.config.receivers_revision;
            self.book.change_meta(|meta| meta.receivers = revision);
        }
        self.counts.dropped_for_removed += self.book.settle(&self.receivers, now.wall);
    }

    /// The store has lost the state that is known here: it is written back.
    fn was_reset(&mut self, now: Now) {
        self.counts.resets += 1;
        self.writing.is_rewriting = true;
        self.book.rewrite();
        self.take_charge(now);
        source::was_reset(&mut self.book, &self.config.source, &self.receivers, now.wall);
        self.judge.warm_up(now.mono);
    }

    fn cannot_use(&mut self, error: &StateError, now: Now) {
        self.unusable = Some(error.to_string());
        self.reading.is_unusable = true;
        // It may be mended without the meta being another.
        self.reading.known_meta = None;
        self.reading.next = now.mono.plus(UNUSABLE_FOR);
    }

    fn has_known_state(&self) -> bool {
        self.book.was_stored()
    }

    /// What waits for a time has not waited while nobody judged.
    fn restore(&mut self, last_judged: WallTime, now: WallTime) {
        let hold_for: BTreeMap<Arc<str>, Duration> =
            self.judge.rules().iter().map(|rule| (Arc::clone(&rule.text.name), rule.hold_for)).collect();
        for fingerprint in self.book.fingerprints() {
            self.book.change(fingerprint, &self.receivers, now, |record| {
                let hold_for = hold_for.get(&record.alert.rule.name);
                hold_for.is_some_and(|hold_for| record.alert.restore(*hold_for, last_judged, now))
            });
        }
    }

    /// The same where it is this replica that has not judged for a while.
    fn restore_after_gap(&mut self, now: Now) {
        if let Some(last) = self.last_judged.filter(|last| now.mono.since(last.mono) > GAP) {
            self.restore(last.wall, now.wall);
        }
        self.last_judged = Some(now);
    }

    /// The answer to [`Effect::Save`].
    pub fn saved(&mut self, answer: &Result<Saved, StoreError>, now: Now) {
        self.note_clock(now);
        let is_of_this_lease = self.writing.under.take().is_some_and(|token| token == self.lease.token());
        match answer {
            Ok(Saved::Written) => {
                self.writing.has_failed = false;
                self.source.wrote(true, now.mono);
                self.book.written();
                self.writing.is_rewriting = false;
            }
            Ok(Saved::Fenced) => {
                self.writing.has_failed = false;
                self.source.wrote(true, now.mono);
                self.book.not_written();
                // What was sent under an earlier lease says nothing of this one.
                if is_of_this_lease {
                    self.lease.fenced(now.mono);
                    self.knowledge = Knowledge::Unread;
                }
            }
            Err(_) => {
                self.writing.has_failed = true;
                self.source.wrote(false, now.mono);
                self.book.not_written();
                self.writing.next = now.mono.plus(WRITTEN_AGAIN);
            }
        }
    }

    /// How [`Effect::Deliver`] ended.
    pub fn delivered(&mut self, delivery: &Delivery, result: &Result<(), DeliveryError>, now: Now) {
        self.note_clock(now);
        let book = match delivery.kept {
            Kept::Stored => &mut self.book,
            Kept::Aside => &mut self.source.book,
        };
        self.dispatch.ended(delivery, result, book, &self.receivers, now);
    }

    /// [`Effect::Deliver`] came too late to be tried.
    pub fn not_tried(&mut self, delivery: &Delivery) {
        self.dispatch.not_tried(delivery);
    }

    /// The process ends: nothing is judged or begun to be delivered any more, but what has been is written down.
    pub fn begin_to_stop(&mut self) {
        self.is_stopping = true;
    }

    /// Gives the lease back, last of all.
    pub fn release(&mut self) -> Option<Effect> {
        self.lease.give_back(MonoTime::from_start(Duration::MAX)).map(Effect::Release)
    }

    /// Whether all that is known is stored.
    pub fn is_stored(&self) -> bool {
        self.writing.under.is_none() && !self.book.has_changes()
    }

    /// What is to be done now.
    pub fn poll(&mut self, now: Now) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.note_clock(now);
        self.settle_if_due(now);
        if self.reading.is_unusable && self.lease.held_until(now.mono).is_some() {
            effects.extend(self.lease.give_back(now.mono.plus(UNUSABLE_FOR)).map(Effect::Release));
            self.knowledge = Knowledge::Unread;
        }
        effects.extend(self.lease.left_over().map(Effect::Release));
        let has_known_state = self.has_known_state();
        if !self.is_stopping
            && let Some((token, expects)) = self.lease.ask(has_known_state, now.mono)
        {
            effects.push(Effect::Lease(token, super::LEASE_TTL, expects));
        }
        let held_until = self.lease.held_until(now.mono);
        let must_read = held_until.is_none() || self.knowledge == Knowledge::Unread;
        if must_read && !self.reading.is_under_way && now.mono >= self.reading.next {
            self.reading.is_under_way = true;
            // Whoever takes charge must not take what it knows for what is stored.
            effects.push(Effect::Load(self.reading.known_meta.clone().filter(|_| held_until.is_none())));
        }
        if held_until.is_some() && self.knowledge == Knowledge::Current {
            let token = self.lease.token();
            if self.writing.under.is_none()
                && now.mono >= self.writing.next
                && let Some(changes) = self.book.begin_write(token.as_str())
            {
                self.writing.under = Some(token.clone());
                self.reading.known_meta = None;
                effects.push(Effect::Save(token, changes));
            }
        }
        let mut deliveries = Vec::new();
        if self.is_in_charge(now.mono) && !self.is_stopping {
            self.dispatch.take(Kept::Stored, &self.book, now, held_until, &mut deliveries);
        }
        if !self.is_stopping {
            self.dispatch.take(Kept::Aside, &self.source.book, now, None, &mut deliveries);
        }
        effects.extend(deliveries.into_iter().map(|delivery| Effect::Deliver(Box::new(delivery))));
        effects
    }

    /// When to [`Self::poll`] next if nothing happens before.
    pub fn next_wake(&self, now: Now) -> MonoTime {
        let mut wake = self.next_settle;
        let mut sooner = |at: Option<MonoTime>| wake = at.map_or(wake, |at| wake.min(at));
        sooner(self.lease.next_ask().filter(|_| !self.is_stopping));
        if self.is_in_charge(now.mono) {
            sooner(self.dispatch.next_try(Kept::Stored, &self.book, now));
            sooner((self.book.has_changes() && self.writing.under.is_none()).then_some(self.writing.next));
        } else {
            sooner((!self.reading.is_under_way).then_some(self.reading.next));
        }
        sooner(self.dispatch.next_try(Kept::Aside, &self.source.book, now));
        wake.max(now.mono)
    }

    fn settle_if_due(&mut self, now: Now) {
        if now.mono < self.next_settle {
            return;
        }
        self.next_settle = now.mono.plus(SETTLED_EVERY);
        self.source.judge(&self.config.source, &self.receivers, self.lease.was_last(), now);
        self.source.book.settle(&self.receivers, now.wall);
        if self.is_in_charge(now.mono) {
            source::end_reset(&mut self.book, &self.receivers, now.wall);
            self.counts.dropped_for_removed += self.book.settle(&self.receivers, now.wall);
        }
    }

    fn write_down_judged(&mut self, now: Now) {
        let is_old = now.mono.since(self.last_judged_written) >= JUDGED_WRITTEN;
        let waits = |book: &Book| book.records().any(|(_, record)| record.alert.waits());
        if self.book.has_changes() || is_old && waits(&self.book) {
            self.last_judged_written = now.mono;
            self.book.change_meta(|meta| meta.judged_at = now.wall);
        }
    }

    /// Where wall time was set, what waits for a time waits for as long as before, and rules wait for one window.
    fn note_clock(&mut self, now: Now) {
        let Some(before) = self.clock.replace(now) else { return };
        let passed = now.mono.since(before.mono);
        let expected = before.wall.plus(passed);
        let shift = if now.wall >= expected {
            Shift::Ahead(now.wall.since(expected))
        } else {
            Shift::Back(expected.since(now.wall))
        };
        let (Shift::Ahead(by) | Shift::Back(by)) = shift;
        if by <= STEP {
            return;
        }
        // Arrivals that are further ahead are forgotten.
        let ahead = if matches!(shift, Shift::Back(_)) { by.min(crate::AHEAD) } else { Duration::ZERO };
        self.judge.hold(ahead, now.mono);
        shift.apply(self.last_judged.as_mut().map(|last| &mut last.wall));
        self.book.change_meta(|meta| shift.apply(Some(&mut meta.judged_at)));
        for book in [&mut self.book, &mut self.source.book] {
            for fingerprint in book.fingerprints() {
                book.change(fingerprint, &self.receivers, now.wall, |record| {
                    record.shift(shift);
                    true
                });
            }
        }
    }
}
