//! From counts to what rules measure.

mod windows;

use std::collections::BTreeMap;
use std::time::Duration;

use hashbrown::HashMap;

use super::{Group, Rule, RuleKind, RuleWindow};
use crate::{Arrivals, Ledger, Snapshot};
use windows::{Cell, Filter, Windows};

/// What a rule reads off for one group.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Reading {
    /// So much.
    Value(f64),
    /// So much, and perhaps more.
    AtLeast(f64),
    /// There is too little to measure.
    Missing,
}

/// What rules are judged on.
#[derive(Clone, Copy, Debug)]
pub struct Observation<'a> {
    /// The counts.
    pub snapshot: &'a Snapshot,
    /// Arrivals of messages with the tags that a rule asks for, by the rule's position.
    pub tagged: &'a BTreeMap<usize, Arrivals>,
    /// Whether messages are known to be missing from all counts, so that each is a lower bound.
    pub is_partial: bool,
}

impl<'a> Observation<'a> {
    /// The counts of a snapshot, as whole as it says.
    pub fn of(snapshot: &'a Snapshot) -> Self {
        static NONE: BTreeMap<usize, Arrivals> = BTreeMap::new();
        Self { snapshot, tagged: &NONE, is_partial: false }
    }

    /// The arrivals that a rule looks at; `None` where they are not kept.
    fn arrivals(&self, index: usize, rule: &Rule) -> Option<&'a Arrivals> {
        if rule.select.tags.is_empty() { self.snapshot.arrivals.as_ref() } else { self.tagged.get(&index) }
    }

    /// Whether nothing is missing of what a rule looks at.
    fn covers(&self, index: usize, rule: &Rule) -> bool {
        let counted_from = self.snapshot.counted_from;
        let needs_all = matches!(rule.kind, RuleKind::Absence | RuleKind::NewSystem);
        let RuleWindow::Last(span) = rule.reach() else { return !self.is_partial && counted_from.is_none() };
        let from = self.snapshot.taken_at.minus(span);
        let is_covered = if rule.looks_at_arrivals() {
            let whole_from = self.snapshot.arrivals.as_ref().and_then(Arrivals::whole_from);
            self.arrivals(index, rule).is_some() && whole_from.is_some_and(|whole_from| whole_from <= from)
        } else {
            counted_from.is_none_or(|counted_from| counted_from <= from)
        };
        is_covered && !self.is_partial && !(needs_all && counted_from.is_some())
    }
}

/// Measures rules on the counts of one observation after the other.
#[derive(Debug, Default)]
pub(crate) struct Measurer {
    events: Windows,
    arrivals: Windows,
    tagged: BTreeMap<usize, Windows>,
    sights: Vec<Sight>,
}

/// Which names a rule is about, among those of what it looks at and among those of all that is retained.
#[derive(Debug, Default)]
struct Sight {
    present: Filter,
    past: Filter,
}

/// What measuring needs room for.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    sums: HashMap<Group, [u64; 2]>,
    systems: HashMap<u32, u64>,
}

impl Measurer {
    /// Looks at new counts, and sums up what these rules look at.
    pub(crate) fn prepare(&mut self, rules: &[Rule], seen: &Observation<'_>) {
        let at = seen.snapshot.taken_at;
        self.events.follow(&seen.snapshot.ledger);
        if let Some(arrivals) = &seen.snapshot.arrivals {
            self.arrivals.follow(arrivals.ledger());
        }
        self.sights.resize_with(rules.len(), Sight::default);
        for (index, (rule, sight)) in rules.iter().zip(&mut self.sights).enumerate() {
            let windows = if !rule.looks_at_arrivals() {
                &mut self.events
            } else if rule.select.tags.is_empty() {
                &mut self.arrivals
            } else {
                let windows = self.tagged.entry(index).or_default();
                if let Some(arrivals) = seen.tagged.get(&index) {
                    windows.follow(arrivals.ledger());
                }
                windows
            };
            let ledger = ledger(seen, index, rule);
            sight.present.follow(&rule.select, windows);
            if let Some(ledger) = ledger {
                windows.sum(ledger, rule.window, at);
                windows.sum(ledger, rule.reach(), at);
            }
            if matches!(rule.kind, RuleKind::Absence | RuleKind::NewSystem) {
                self.events.sum(&seen.snapshot.ledger, RuleWindow::Retained, at);
                sight.past.follow(&rule.select, &self.events);
            }
        }
    }

    /// What a rule reads off for each group of which there is something. Returns whether the others have none: if not,
    /// nothing is known of them.
    pub(crate) fn measure(
        &self,
        index: usize,
        rule: &Rule,
        seen: &Observation<'_>,
        scratch: &mut Scratch,
        readings: &mut Vec<(Group, Reading)>,
    ) -> bool {
        readings.clear();
        let is_covered = seen.covers(index, rule);
        let Some(sight) = self.sights.get(index) else { return false };
        if !is_covered && rule.kind != RuleKind::Count {
            return false;
        }
        let windows = if !rule.looks_at_arrivals() {
            &self.events
        } else if rule.select.tags.is_empty() {
            &self.arrivals
        } else {
            let Some(windows) = self.tagged.get(&index) else { return false };
            windows
        };
        let view = View { rule, windows, filter: &sight.present };
        match rule.kind {
            RuleKind::Count => {
                let reading = if is_covered { Reading::Value } else { Reading::AtLeast };
                view.sums(rule.window, scratch);
                readings.extend(drain(scratch).map(|(group, [count, _])| (group, reading(count as f64))));
            }
            RuleKind::Ratio => {
                view.sums(rule.window, scratch);
                readings.extend(drain(scratch).map(|(group, [part, all])| {
                    let is_enough = all >= rule.minimum.max(1);
                    let reading =
                        if is_enough { Reading::Value(part as f64 / all as f64) } else { Reading::Missing };
                    (group, reading)
                }));
            }
            RuleKind::Spike { windows: earlier } => view.spike(f64::from(earlier.max(1)), scratch, readings),
            RuleKind::Absence | RuleKind::NewSystem => {
                let past = View { rule, windows: &self.events, filter: &sight.past };
                view.systems(&past, scratch, readings);
            }
        }
        // Which groups get an alert where not all may must not hang on chance.
        readings.sort_unstable_by(|(group, _), (other, _)| group.cmp(other));
        is_covered
    }
}

fn ledger<'a>(seen: &Observation<'a>, index: usize, rule: &Rule) -> Option<&'a Ledger> {
    if rule.looks_at_arrivals() {
        seen.arrivals(index, rule).map(Arrivals::ledger)
    } else {
        Some(&seen.snapshot.ledger)
    }
}

fn drain(scratch: &mut Scratch) -> impl Iterator<Item = (Group, [u64; 2])> + '_ {
    scratch.sums.drain()
}

/// What a rule sees of a ledger.
struct View<'a> {
    rule: &'a Rule,
    windows: &'a Windows,
    filter: &'a Filter,
}

impl View<'_> {
    /// Every cell of a window of the systems that the rule is about, and whether its severity is meant as well.
    fn cells(&self, window: RuleWindow) -> impl Iterator<Item = (&Cell, bool)> {
        let select = &self.rule.select;
        let of_systems =
            self.windows.cells(window).iter().filter(|cell| self.filter.wants_system(select, cell.system));
        of_systems.map(|cell| (cell, self.filter.wants_severity(select, cell.severity)))
    }

    /// By group, how many messages are meant, and how many there are of all severities. Without groups there is one.
    fn sums(&self, window: RuleWindow, scratch: &mut Scratch) {
        scratch.sums.clear();
        let is_grouped = self.rule.group_by.system || self.rule.group_by.severity;
        if !is_grouped {
            let mut sums = [0, 0];
            for (cell, is_meant) in self.cells(window) {
                sums[0] += if is_meant { cell.count } else { 0 };
                sums[1] += cell.count;
            }
            scratch.sums.insert(Group::default(), sums);
            return;
        }
        for (cell, is_meant) in self.cells(window) {
            // A ratio is of all severities of a group that severities do not tell apart.
            if !is_meant && self.rule.kind != RuleKind::Ratio {
                continue;
            }
            let Some(group) = self.windows.group(self.rule, cell) else { continue };
            let sums = scratch.sums.entry(group).or_default();
            sums[0] += if is_meant { cell.count } else { 0 };
            sums[1] += cell.count;
        }
    }

    /// How many times as many there are as in the mean of the windows before. A past without any counts as one message,
    /// so that there is a number.
    fn spike(&self, earlier: f64, scratch: &mut Scratch, readings: &mut Vec<(Group, Reading)>) {
        self.sums(self.rule.reach(), scratch);
        let whole = std::mem::take(&mut scratch.sums);
        self.sums(self.rule.window, scratch);
        readings.extend(scratch.sums.drain().map(|(group, [count, _])| {
            let past = whole.get(&group).map_or(0, |[all, _]| all.saturating_sub(count));
            let mean = past.max(1) as f64 / earlier;
            let value = if count < self.rule.minimum { 0.0 } else { count as f64 / mean };
            (group, Reading::Value(value))
        }));
        scratch.sums = whole;
        scratch.sums.clear();
    }

    /// By system, how many messages there are in the window, for systems that a rule about their coming or going is about.
    fn systems(&self, past: &View<'_>, scratch: &mut Scratch, readings: &mut Vec<(Group, Reading)>) {
        let present = &mut scratch.systems;
        present.clear();
        for (cell, _) in self.cells(self.rule.window).filter(|(_, is_meant)| *is_meant) {
            *present.entry(cell.system.bits()).or_default() += cell.count;
        }
        let mut retained: HashMap<_, u64> = HashMap::new();
        for (cell, _) in past.cells(RuleWindow::Retained).filter(|(_, is_meant)| *is_meant) {
            *retained.entry(cell.system).or_default() += cell.count;
        }
        let minimum = self.rule.minimum.max(1);
        let all: u64 = retained.values().sum();
        let has_past = all > present.values().sum();
        for (id, retained) in retained {
            let Some(name) = past.windows.system(id) else { continue };
            let here = self.windows.find_system(name).and_then(|id| present.get(&id.bits()));
            let here = here.copied().unwrap_or_default();
            let is_listed = match self.rule.kind {
                RuleKind::Absence => here > 0 || retained >= minimum,
                // All that there is of it has come within the window, while there are others from before.
                _ => here >= minimum && retained <= here && has_past,
            };
            if is_listed {
                let group = Group { system: Some(name.clone()), severity: None };
                readings.push((group, Reading::Value(here as f64)));
            }
        }
    }
}

/// How long a rule's past takes to build up again.
pub(crate) fn warm_up(rule: &Rule) -> Duration {
    match rule.reach() {
        RuleWindow::Last(span) => span,
        RuleWindow::Retained => Duration::ZERO,
    }
}
