//! A service on made-up time: the counts and the machine of the real one, and a store that holds what it is given.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::slice::Iter;
use std::sync::Arc;
use std::time::Duration;

use scout_core::alerting::{
    Alerting, AlertingConfig, Changes, Effect, Fingerprint, Leased, Loaded, Notification, Observation,
    ReceiverLimits, Rule, Saved, SourceRules, Stored,
};
use scout_core::{
    Announced, FeedMark, LiveConfig, LiveLedger, Moment, MonoTime, Now, Offset, Row, ScanCount,
    ScanSink as _, Snapshot, WallTime,
};

use super::alerts::FoundAlert;
use super::suite::TestMessage;

/// The start of every test, on the hour: 2026-01-01T00:00:00Z.
const START: WallTime = WallTime::from_unix_ms(1_767_225_600_000);

/// How long there has been nothing before: so far back arrivals are known of, and it is known that there were none.
const QUIET: Duration = Duration::from_secs(3600);

/// The lease lives longer.
const TICK: Duration = Duration::from_secs(2);

const FEED: &str = "messages";

/// Who is told where a rule names nobody.
const SOMEBODY: &str = "somebody";

/// What goes on.
#[derive(Debug)]
pub(super) struct World {
    live: LiveLedger,
    machine: Alerting,
    stored: Stored,
    /// What has been told last of alerts that are over.
    over: BTreeMap<Fingerprint, Notification>,
    /// Since the start of the test.
    now: Duration,
    next_judging: Duration,
    announced: u128,
    generation: u64,
}

impl World {
    /// A quiet one, with these rules.
    pub(super) fn new(rules: &[Rule], config: LiveConfig) -> Self {
        let rules: Vec<Rule> = rules.iter().cloned().map(told_to_somebody).collect();
        let names = rules.iter().flat_map(|rule| rule.text.receivers.iter().cloned());
        let limits = ReceiverLimits { max_per_minute: u32::MAX };
        let receivers = names.map(|name| (name, limits)).collect();
        let mut live = quiet(config);
        for (index, rule) in rules.iter().enumerate().filter(|(_, rule)| !rule.select.tags.is_empty()) {
            live.count_tagged(index, &rule.select);
        }
        let machine = Alerting::new(AlertingConfig {
            rules,
            receivers,
            source: SourceRules { unreachable_for: QUIET, repeat_interval: QUIET, receivers: Vec::new() },
            receivers_revision: 0,
            owner: "test".to_owned(),
            seed: 0,
        });
        let mut world = Self {
            live,
            machine,
            stored: Stored::default(),
            over: BTreeMap::new(),
            now: Duration::ZERO,
            next_judging: Duration::ZERO,
            announced: 0,
            generation: 0,
        };
        world.settle();
        world
    }

    /// Goes on until then, judging every `step` and at the end. Takes in the messages that arrive meanwhile.
    pub(super) fn go_on(
        &mut self,
        messages: &mut Peekable<Iter<'_, TestMessage>>,
        step: Duration,
        until: Duration,
    ) {
        loop {
            if self.now >= self.next_judging || self.now >= until {
                while let Some(message) = messages.next_if(|message| message.arrives <= self.now) {
                    self.take_in(message);
                }
                self.live.advance(self.wall());
                self.judge();
                while self.next_judging <= self.now {
                    self.next_judging += step;
                }
            }
            self.settle();
            if self.now >= until {
                return;
            }
            self.now = (self.now + TICK).min(self.next_judging).min(until);
        }
    }

    /// What there is now, those that are over among it.
    pub(super) fn alerts(&self) -> Vec<FoundAlert> {
        let records = self.machine.book().records();
        let holding: Vec<(Fingerprint, FoundAlert)> = records
            .filter_map(|(fingerprint, record)| {
                Some((fingerprint, FoundAlert::that_holds(fingerprint, &record.alert, self.wall())?))
            })
            .collect();
        let is_over = |fingerprint: &Fingerprint| !holding.iter().any(|(holding, _)| holding == fingerprint);
        let over: Vec<FoundAlert> = self
            .over
            .iter()
            .filter(|(fingerprint, _)| is_over(fingerprint))
            .map(|(_, told)| FoundAlert::that_is_over(told.clone()))
            .collect();
        holding.into_iter().map(|(_, found)| found).chain(over).collect()
    }

    fn wall(&self) -> WallTime {
        START.plus(self.now)
    }

    fn both_clocks(&self) -> Now {
        Now { wall: self.wall(), mono: MonoTime::from_start(QUIET).plus(self.now) }
    }

    fn take_in(&mut self, message: &TestMessage) {
        let arrived = START.plus(message.arrives);
        let happened = arrived.minus(message.late).to_string();
        self.announced += 1;
        let row = Row {
            severity: message.severity.as_deref(),
            system: message.system.as_deref(),
            timestamp: Some(&happened),
            tags: message.tags.as_deref(),
            ..Row::default()
        };
        let place = (FEED, Offset::from_bits(self.announced));
        self.live.announce(&Announced::new(place, arrived, "message", Some(row)));
    }

    fn judge(&mut self) {
        self.generation += 1;
        let snapshot = Snapshot::new(self.live.ledger(), self.generation, self.wall(), 0)
            .with_arrivals(self.live.arrivals());
        let tagged = self.live.tagged();
        let seen = Observation { snapshot: &snapshot, tagged: &tagged, is_partial: false };
        self.machine.observe(&seen, self.both_clocks());
    }

    /// Does what the machine says, until it says no more.
    fn settle(&mut self) {
        let now = self.both_clocks();
        loop {
            let effects = self.machine.poll(now);
            if effects.is_empty() {
                return;
            }
            for effect in effects {
                self.carry_out(effect, now);
            }
        }
    }

    fn carry_out(&mut self, effect: Effect, now: Now) {
        let has_state = !self.stored.meta.is_empty();
        match effect {
            Effect::Lease(..) => self.machine.leased(Ok(Leased::Held { has_state }), now),
            Effect::Load(_) if has_state => {
                self.machine.loaded(Ok(Loaded::State(self.stored.clone())), now);
            }
            Effect::Load(_) => self.machine.loaded(Ok(Loaded::Nothing), now),
            Effect::Save(_, changes) => {
                self.write(changes);
                self.machine.saved(&Ok(Saved::Written), now);
            }
            Effect::Deliver(delivery) => {
                let told = &delivery.notification;
                if told.ended.is_some() {
                    self.over.insert(told.key.fingerprint, told.clone());
                }
                self.machine.delivered(&delivery, &Ok(()), now);
            }
            _ => {}
        }
    }

    fn write(&mut self, changes: Changes) {
        let Changes { meta, put, remove } = changes;
        let is_changed = |fingerprint: &Fingerprint| {
            remove.contains(fingerprint) || put.iter().any(|(changed, _)| changed == fingerprint)
        };
        self.stored.records.retain(|(fingerprint, _)| !is_changed(fingerprint));
        self.stored.records.extend(put);
        self.stored.meta = meta;
    }
}

/// An alert that nobody is told of is forgotten when it is over; here it is to be seen.
fn told_to_somebody(mut rule: Rule) -> Rule {
    if rule.text.receivers.is_empty() {
        Arc::make_mut(&mut rule.text).receivers.push(SOMEBODY.into());
    }
    rule
}

/// A count of nothing, of which all is known.
fn quiet(config: LiveConfig) -> LiveLedger {
    let mut moment = Moment::new(START.minus(QUIET));
    moment.feeds.insert(FEED.into(), FeedMark::new(Offset::START, 0));
    let mut live = LiveLedger::new(config);
    live.join(&moment);
    let mut count = ScanCount::new(config.ledger());
    count.begin(&moment);
    live.complete(count);
    live.caught_up();
    // The answer is that nothing is missing.
    let _replaced = live.ask(moment);
    let _verdict = live.verdict();
    live
}
