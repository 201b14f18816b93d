//! Rules are judged: from what they measure to alerts that begin and end.

use std::sync::Arc;
use std::time::Duration;

use hashbrown::HashMap;

use super::alert::{Step, Waits};
use super::measure::{Measurer, Reading, Scratch, warm_up};
use super::outbox::Receivers;
use super::source::BUILT_IN;
use super::{Alert, Book, Ended, Fingerprint, Group, Observation, OnMissing, Record, Rule, RuleKind};
use crate::{MonoTime, Now, WallTime};

/// Judges rules, each observation once.
#[derive(Debug, Default)]
pub(crate) struct Judge {
    rules: Vec<Rule>,
    states: Vec<RuleState>,
    measurer: Measurer,
    scratch: Scratch,
    readings: Vec<(Group, Reading)>,
    round: u64,
}

/// What is known of a rule beside its alerts.
#[derive(Debug, Default)]
struct RuleState {
    instances: HashMap<Group, Instance>,
    /// Not judged before then.
    held_until: MonoTime,
    outcome: Outcome,
}

#[derive(Clone, Copy, Debug)]
struct Instance {
    fingerprint: Fingerprint,
    /// When it was last among the readings.
    round: u64,
}

/// How the last judging of a rule went.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Outcome {
    /// What it measured at most, over all groups; `None` if it was not judged or there was too little.
    pub value: Option<f64>,
    /// Whether all that it looks at was covered.
    pub is_covered: bool,
    /// Groups whose condition held, and that got no instance since there are as many as may be.
    pub without_instance: u64,
    /// When it was judged last.
    pub judged_at: Option<WallTime>,
}

/// What a reading means for an alert.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Meaning {
    Holds { value: f64, is_lower_bound: bool },
    Over(Ended),
    Unknown,
}

impl Judge {
    pub(crate) fn new(rules: Vec<Rule>) -> Self {
        let states = rules.iter().map(|_| RuleState::default()).collect();
        Self { rules, states, ..Self::default() }
    }

    pub(crate) fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// How the last judging of each rule went, in the order of the rules.
    pub(crate) fn outcomes(&self) -> impl Iterator<Item = (&Rule, &Outcome)> {
        self.rules.iter().zip(self.states.iter().map(|state| &state.outcome))
    }

    /// The rules are to judge the alerts of this book. Ends those that no rule gives any more.
    pub(crate) fn adopt(&mut self, book: &mut Book, receivers: &Receivers, now: WallTime) {
        for state in &mut self.states {
            state.instances.clear();
        }
        for fingerprint in book.fingerprints() {
            let Some(record) = book.get(fingerprint) else { continue };
            let alert = &record.alert;
            if BUILT_IN.contains(&&*alert.rule.name) {
                continue;
            }
            let of_rule = self.rules.iter().zip(&mut self.states).find(|(rule, _)| {
                rule.name() == &*alert.rule.name && rule.alert_labels(&alert.group) == alert.labels
            });
            match of_rule {
                Some((rule, state)) => {
                    let instance = Instance { fingerprint, round: self.round };
                    state.instances.insert(alert.group.clone(), instance);
                    let text = Arc::clone(&rule.text);
                    book.change(fingerprint, receivers, now, |record| {
                        let is_news = record.alert.rule != text;
                        record.alert.rule = text;
                        is_news
                    });
                }
                None => book.change(fingerprint, receivers, now, |record| {
                    record.alert.end(Ended::RuleRemoved, now) != Step::Nothing
                }),
            }
        }
    }

    /// Rules wait for one window, since time has made a step, and for as long as stamps from before it lie in the future.
    pub(crate) fn hold(&mut self, ahead: Duration, now: MonoTime) {
        for (rule, state) in self.rules.iter().zip(&mut self.states) {
            let waits = warm_up(rule);
            let waits = if waits.is_zero() { waits } else { waits.saturating_add(ahead) };
            state.held_until = state.held_until.max(now.plus(waits));
        }
    }

    /// Rules that need a past wait until there is one again.
    pub(crate) fn warm_up(&mut self, now: MonoTime) {
        for (rule, state) in
            self.rules.iter().zip(&mut self.states).filter(|(rule, _)| rule.kind.needs_past())
        {
            state.held_until = state.held_until.max(now.plus(warm_up(rule)));
        }
    }

    /// Judges every rule. Returns how many were.
    pub(crate) fn judge(
        &mut self,
        seen: &Observation<'_>,
        book: &mut Book,
        receivers: &Receivers,
        now: Now,
    ) -> usize {
        self.round += 1;
        self.measurer.prepare(&self.rules, seen);
        let mut readings = std::mem::take(&mut self.readings);
        let mut judged = 0;
        for (index, (rule, state)) in self.rules.iter().zip(&mut self.states).enumerate() {
            if state.held_until > now.mono {
                continue;
            }
            let is_covered = self.measurer.measure(index, rule, seen, &mut self.scratch, &mut readings);
            let mut bench = Bench { book, receivers, now: now.wall, waits: Waits::of(rule) };
            state.take(rule, is_covered, &mut readings, &mut bench, self.round);
            judged += 1;
        }
        self.readings = readings;
        judged
    }
}

impl RuleState {
    fn take(
        &mut self,
        rule: &Rule,
        is_covered: bool,
        readings: &mut Vec<(Group, Reading)>,
        bench: &mut Bench<'_>,
        round: u64,
    ) {
        self.outcome = Outcome { is_covered, judged_at: Some(bench.now), value: None, without_instance: 0 };
        // What has been told of in full is gone from the book.
        self.instances.retain(|_, instance| bench.book.get(instance.fingerprint).is_some());
        for (group, reading) in readings.drain(..) {
            if let Reading::Value(value) | Reading::AtLeast(value) = reading {
                self.outcome.value = Some(self.outcome.value.map_or(value, |most| most.max(value)));
            }
            let known = self.instances.get_mut(&group).map(|instance| {
                instance.round = round;
                instance.fingerprint
            });
            let is_firing =
                known.and_then(|known| bench.book.get(known)).is_some_and(|record| record.alert.is_firing());
            let meaning = meaning(rule, reading, is_firing);
            match (known, meaning) {
                (Some(fingerprint), meaning) => bench.step(fingerprint, meaning),
                (None, Meaning::Holds { .. }) if self.instances.len() >= rule.limit => {
                    self.outcome.without_instance += 1;
                }
                (None, Meaning::Holds { .. }) => {
                    let labels = rule.alert_labels(&group);
                    let fingerprint = Fingerprint::of(&labels);
                    let alert = Alert::new(Arc::clone(&rule.text), group.clone(), labels);
                    bench.book.insert(fingerprint, Record::new(alert));
                    bench.step(fingerprint, meaning);
                    self.instances.insert(group, Instance { fingerprint, round });
                }
                (None, _) => {}
            }
        }
        if !is_covered {
            return;
        }
        // Of the others there is nothing.
        for instance in self.instances.values().filter(|instance| instance.round != round) {
            let meaning = match rule.kind {
                RuleKind::Ratio => missing(rule),
                // A system of which no message is left has not spoken.
                RuleKind::Absence => Meaning::Unknown,
                _ => Meaning::Over(Ended::Cleared),
            };
            bench.step(instance.fingerprint, meaning);
        }
    }
}

fn meaning(rule: &Rule, reading: Reading, is_firing: bool) -> Meaning {
    match reading {
        Reading::Value(value) if rule.holds(value, is_firing) => {
            Meaning::Holds { value, is_lower_bound: false }
        }
        Reading::AtLeast(value) if rule.holds(value, is_firing) => {
            Meaning::Holds { value, is_lower_bound: true }
        }
        Reading::Value(_) => Meaning::Over(Ended::Cleared),
        Reading::AtLeast(_) => Meaning::Unknown,
        Reading::Missing => missing(rule),
    }
}

fn missing(rule: &Rule) -> Meaning {
    match rule.missing {
        OnMissing::Keep => Meaning::Unknown,
        OnMissing::Ok => Meaning::Over(Ended::NoData),
        OnMissing::Alert => Meaning::Holds { value: 0.0, is_lower_bound: false },
    }
}

/// What a rule is judged with.
struct Bench<'a> {
    book: &'a mut Book,
    receivers: &'a Receivers,
    now: WallTime,
    waits: Waits,
}

impl Bench<'_> {
    fn step(&mut self, fingerprint: Fingerprint, meaning: Meaning) {
        let (now, waits) = (self.now, self.waits);
        let generation = self.book.next_generation(now);
        let mut has_fired = false;
        self.book.change(fingerprint, self.receivers, now, |record| {
            let alert = &mut record.alert;
            let step = match meaning {
                Meaning::Unknown => return false,
                Meaning::Over(why) => alert.is_over(waits, why, now),
                Meaning::Holds { value, is_lower_bound } => {
                    let step = alert.holds(waits, now, generation);
                    // Not worth a write: it is stored with the next step, and told as it is then.
                    (alert.value, alert.is_lower_bound) = (value, is_lower_bound);
                    step
                }
            };
            has_fired = step == Step::Fired;
            step != Step::Nothing
        });
        if has_fired {
            self.book.change_meta(|meta| meta.generation = generation);
        }
    }
}
