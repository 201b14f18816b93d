//! Whether rules moved for a reason: invariants 5 and 10.

use std::time::Duration;

use scout_core::TimeOf;
use scout_core::alerting::{AlertPhase, Book, Ended, Record, Rule, RuleKind, RuleWindow};

use super::{Checks, Invariant, ProcessId, Sketch};
use crate::feed::Burst;
use crate::plan::{Moment, SEVERITIES, SYSTEMS};

/// How far clocks of one world may show different times, and a slot's width.
const CLOCKS: Moment = 900;
const SLOT: Moment = 1_100;

/// How far ahead of the clock arrivals may be stamped, and count.
const AHEAD: Moment = 62_000;

/// What there is to know at the moment at which counts were judged.
pub(crate) struct Scene<'a> {
    pub(crate) process: ProcessId,
    pub(crate) at: Moment,
    pub(crate) bursts: &'a [Burst],
    pub(crate) is_partial: bool,
    pub(crate) rules: &'a [Rule],
    /// When this process saw that the clock had been set.
    pub(crate) noticed: Option<Moment>,
    /// When this process first saw the clock.
    pub(crate) began: Moment,
    /// Whether others believe that they are in charge as well.
    pub(crate) is_alone: bool,
}

fn millis(span: Duration) -> Moment {
    u64::try_from(span.as_millis()).expect("a span of a world")
}

impl Checks {
    /// Rules were judged.
    pub(crate) fn judged(&mut self, scene: &Scene<'_>, before: &Sketch, after: &Sketch, book: &Book) {
        let judged_before = std::mem::replace(&mut self.judge, scene.process);
        if judged_before != scene.process && self.have_unstored.contains(&judged_before) {
            self.forget_waits();
        }
        for (fingerprint, line) in after {
            let Some(rule) = scene.rules.iter().find(|rule| *rule.name() == *line.rule) else { continue };
            let was = before.get(fingerprint);
            let was_firing = was.is_some_and(|was| was.phase == Some(AlertPhase::Firing));
            let is_firing = line.phase == Some(AlertPhase::Firing);
            let record = book.get(*fingerprint);
            let has_fired =
                line.generation.is_some() && line.generation != was.and_then(|was| was.generation);
            if has_fired {
                self.has_fired(scene, rule, record);
                self.has_waited(scene, rule, *fingerprint, rule.hold_for, "fired");
            }
            let is_over = line.is_over && !was.is_some_and(|was| was.is_over);
            let has_ended = line.ended.is_some() && was_firing && !is_firing;
            if has_ended && matches!(line.ended, Some(Ended::Cleared | Ended::NoData)) {
                self.has_waited(scene, rule, *fingerprint, rule.keep_firing_for, "ended");
            }
            if is_over || has_ended {
                self.is_over(scene, rule, record);
            }
            let is_news = was.is_none_or(|was| was.phase != line.phase || was.is_over != line.is_over);
            if is_news {
                self.was_judged_on_the_whole(scene, rule, has_ended || is_over);
            }
        }
        self.remember(scene, before, after);
    }

    fn remember(&mut self, scene: &Scene<'_>, before: &Sketch, after: &Sketch) {
        if !scene.is_alone {
            return self.forget_waits();
        }
        let known: Vec<_> = self.not_pending.keys().copied().collect();
        for fingerprint in known.into_iter().filter(|fingerprint| !after.contains_key(fingerprint)) {
            self.not_pending.insert(fingerprint, scene.at);
        }
        for (fingerprint, line) in after {
            if line.phase == Some(AlertPhase::Pending) {
                let was = before.get(fingerprint).is_some_and(|was| was.phase == Some(AlertPhase::Pending));
                // What others made of it is not known.
                self.not_pending.entry(*fingerprint).or_insert(if was { 0 } else { scene.at });
            } else {
                self.not_pending.insert(*fingerprint, scene.at);
            }
            if line.phase == Some(AlertPhase::Firing) && !line.is_over {
                self.holding.insert(*fingerprint, scene.at);
            }
        }
    }

    /// What lasts has really lasted, whatever clocks have shown meanwhile.
    fn has_waited(
        &mut self,
        scene: &Scene<'_>,
        rule: &Rule,
        fingerprint: scout_core::alerting::Fingerprint,
        wait: Duration,
        what: &str,
    ) {
        let wait = millis(wait);
        let since = if what == "fired" { &self.not_pending } else { &self.holding };
        let Some(since) = since.get(&fingerprint).copied().filter(|_| scene.is_alone && wait > 0) else {
            return;
        };
        let waited = scene.at - since;
        self.must(waited + CLOCKS >= wait, Invariant::ClocksChangeNothing, scene.at, || {
            format!("{} {what} after {waited} ms, and was to wait {wait}", rule.name())
        });
    }

    fn has_fired(&mut self, scene: &Scene<'_>, rule: &Rule, record: Option<&Record>) {
        let Some(record) = record else { return };
        if let Some(window) = counted(scene, rule, self.stepped) {
            let from = scene.at.saturating_sub(window + SLOT);
            let count = count(scene, rule, record, from);
            self.must(count as f64 >= rule.text.threshold, Invariant::ClocksChangeNothing, scene.at, || {
                format!("{} fired on {}, and there were {count}", rule.name(), record.alert.value)
            });
        }
        self.was_not_held(scene, rule, "fired");
    }

    fn is_over(&mut self, scene: &Scene<'_>, rule: &Rule, record: Option<&Record>) {
        let Some(record) = record else { return };
        if let Some(window) = counted(scene, rule, self.stepped) {
            let count = count(scene, rule, record, scene.at.saturating_sub(window) + 1);
            self.must((count as f64) < rule.clear_below, Invariant::ErrorsChangeNothing, scene.at, || {
                format!("{} is over, and there were {count}", rule.name())
            });
        }
        self.was_not_held(scene, rule, "is over");
    }

    /// Rules wait for one window after a clock was set.
    fn was_not_held(&mut self, scene: &Scene<'_>, rule: &Rule, what: &str) {
        let RuleWindow::Last(reach) = rule.reach() else { return };
        let is_held = scene.noticed.is_some_and(|noticed| scene.at < noticed + millis(reach));
        self.must(!is_held, Invariant::ClocksChangeNothing, scene.at, || {
            format!("{} {what} within a window after the clock was set", rule.name())
        });
    }

    fn was_judged_on_the_whole(&mut self, scene: &Scene<'_>, rule: &Rule, is_over: bool) {
        if rule.kind == RuleKind::Count && !is_over {
            return;
        }
        let from = match (rule.reach(), rule.time) {
            (RuleWindow::Last(reach), TimeOf::Arrival) if !scene.is_misled(self.stepped, millis(reach)) => {
                scene.at.saturating_sub(millis(reach))
            }
            // What was lost of the past the next scan finds.
            _ => Moment::MAX,
        };
        let is_whole =
            !scene.is_partial && !scene.bursts.iter().any(|burst| burst.is_lost && burst.at >= from);
        self.must(is_whole, Invariant::WholeOrNotJudged, scene.at, || {
            format!("{} was judged on what is not whole", rule.name())
        });
    }
}

/// The window of a rule whose count can be told from the messages.
fn counted(scene: &Scene<'_>, rule: &Rule, stepped: Option<Moment>) -> Option<Moment> {
    let RuleWindow::Last(window) = rule.window else { return None };
    let window = millis(window);
    let is_simple = rule.kind == RuleKind::Count && rule.time == TimeOf::Arrival;
    (is_simple && !scene.is_misled(stepped, window)).then_some(window)
}

impl Scene<'_> {
    /// Who comes after a step does not know of it, and takes stamps from before for what they say.
    fn is_misled(&self, stepped: Option<Moment>, window: Moment) -> bool {
        stepped.is_some_and(|stepped| stepped <= self.began && stepped + window + AHEAD >= self.at)
    }
}

fn count(scene: &Scene<'_>, rule: &Rule, record: &Record, from: Moment) -> u64 {
    let is_meant = |burst: &&Burst| {
        let (system, severity) = (SYSTEMS[burst.system], SEVERITIES[burst.severity]);
        let group = &record.alert.group;
        burst.at >= from
            && !burst.is_lost
            && rule.select.wants_system(Some(system))
            && rule.select.wants_severity(severity)
            && group.system.as_deref().is_none_or(|of| of == system)
            && group.severity.as_deref().is_none_or(|of| of == severity)
    };
    scene.bursts.iter().filter(is_meant).map(|burst| burst.count).sum()
}
