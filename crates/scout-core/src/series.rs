//! Counts over time: a window in steps.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hashbrown::HashMap;
use serde::Serialize;

use crate::cells::Cells;
use crate::ledger::Label;
use crate::names::NameId;
use crate::query::Selection;
use crate::snapshot::LISTED_ALERTING;
use crate::sums::{Limits, Sums};
use crate::view::is_zero;
use crate::{Found, GoDuration, Query, QueryError, Snapshot, Span, TimeOf, WallTime};

/// The most points of one series.
pub const MAX_POINTS: usize = 1000;

/// Into how many points a window is divided where no step is asked for, at most.
const USUAL_POINTS: u32 = 60;

/// The window where none is asked for.
const USUAL_WINDOW: Duration = Duration::from_secs(3600);

/// Steps that people count in, in seconds; days beyond. Each is a multiple of every width of slots that is not longer.
const USUAL_STEPS: [u64; 17] =
    [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 10_800, 21_600, 43_200];
const DAY: u64 = 86_400;

/// What the points of a series are divided by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// Not at all.
    #[default]
    None,
    /// By folded severity.
    Severity,
    /// By system: those with the most messages in the window.
    System,
}

/// What is asked of a snapshot over time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeriesQuery {
    /// What is counted. Without a window, the last hour; without a limit, ten systems.
    pub query: Query,
    /// From one point to the next; `None` for one that gives about sixty points.
    pub step: Option<Span>,
    /// What the points are divided by.
    pub by: By,
}

/// The answer to it.
#[derive(Clone, Debug)]
pub struct Series {
    pub(crate) found: Found,
    pub(crate) by: By,
    pub(crate) step: GoDuration,
    /// The step as it was asked for, where it is finer than the slots.
    pub(crate) requested_step: Option<Box<str>>,
    /// Messages of named systems that are not listed.
    pub(crate) other: u64,
    pub(crate) points: Vec<Point>,
}

/// The messages from `time` to the next point, as far as they lie in the window.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Point {
    time: WallTime,
    count: u64,
    /// Zeros are left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    severities: Option<BTreeMap<Arc<str>, u64>>,
    /// Zeros are left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    systems: Option<BTreeMap<Arc<str>, u64>>,
    #[serde(skip_serializing_if = "is_zero")]
    other: u64,
    #[serde(skip_serializing_if = "is_zero")]
    without_system: u64,
    #[serde(skip_serializing_if = "is_zero")]
    folded_messages: u64,
}

impl SeriesQuery {
    /// Sums up what is asked for, as of `present`.
    ///
    /// # Errors
    /// [`QueryError`] if the snapshot does not reach back as far, or the points would be too many.
    pub fn find(&self, snapshot: &Snapshot, present: WallTime) -> Result<Series, QueryError> {
        let window = self.query.window.clone().unwrap_or_else(|| self.usual_window(snapshot));
        let length = window.length();
        let query = Query { window: Some(window), ..self.query.clone() };
        let selection = Selection::new(&query, snapshot, present)?;
        let step = self.step(&selection, length, present)?;
        Ok(self.count(selection, step))
    }

    /// The last hour, or what is kept where that is less.
    fn usual_window(&self, snapshot: &Snapshot) -> Span {
        let kept = match self.query.time {
            TimeOf::Event => snapshot.ledger.retention(),
            TimeOf::Arrival => USUAL_WINDOW,
        };
        if kept < USUAL_WINDOW { kept.into() } else { USUAL_WINDOW.into() }
    }

    /// The step in effect, in milliseconds: whole slots of the widest kind that the window reaches into.
    fn step(
        &self,
        selection: &Selection<'_>,
        window: Duration,
        present: WallTime,
    ) -> Result<i64, QueryError> {
        let width = selection.ledger.grid().width_ms_at(present.minus(window));
        let Some(step) = &self.step else {
            let about = window.as_secs().div_ceil(USUAL_POINTS.into()).max(width.unsigned_abs() / 1000);
            let usual = USUAL_STEPS.into_iter().find(|step| *step >= about);
            return Ok(millis(Duration::from_secs(usual.unwrap_or(about.div_ceil(DAY) * DAY))));
        };
        let slots = (millis_up(step.length()) - 1) / width + 1;
        let in_effect = slots.saturating_mul(width);
        // A window begins and ends within a point, and slots reach a minute ahead.
        let points = (millis(window) / in_effect).saturating_add(3);
        if usize::try_from(points).is_ok_and(|points| points > MAX_POINTS) {
            return Err(QueryError::TooManyPoints {
                step: step.text().into(),
                window: GoDuration::from(window).to_string().into(),
            });
        }
        Ok(in_effect)
    }

    fn count(&self, selection: Selection<'_>, step_ms: i64) -> Series {
        let limits = Limits { systems: self.query.limit.unwrap_or(LISTED_ALERTING), alerting: 0 };
        let mut cells = Cells::default();
        let unattributed = selection.each(|_, key, count| {
            cells.add(key, count);
        });
        let ledger = selection.ledger;
        let tally = ledger.tally(cells, None);
        let sums = Sums::of(&tally, limits);
        let mut points = self.empty_points(&selection, step_ms);
        let first_ms = points.first().map_or(0, |point| point.time.unix_ms());
        let listed: HashMap<NameId, &Arc<str>> = sums
            .systems
            .iter()
            .filter_map(|of| Some((ledger.find_system(&of.system)?, &of.system)))
            .collect();
        selection.each(|slot, key, count| {
            let at = slot.map_or(0, |slot| slot.start().unix_ms().saturating_sub(first_ms) / step_ms);
            let Some(point) = usize::try_from(at).ok().and_then(|at| points.get_mut(at)) else { return };
            point.count += count;
            match self.by {
                By::None => {}
                By::Severity => point.add_severity(tally.severity(key.severity()), count),
                By::System => match listed.get(&key.system()) {
                    Some(system) => point.add_system(system, count),
                    None => point.add_unlisted(&tally.system(key.system()), count),
                },
            }
        });
        drop(listed);
        let other = points.iter().map(|point| point.other).sum();
        let requested_step = self.step.as_ref().filter(|step| millis_up(step.length()) != step_ms);
        Series {
            by: self.by,
            step: Duration::from_millis(step_ms.unsigned_abs()).into(),
            requested_step: requested_step.map(|step| step.text().into()),
            other,
            points,
            found: Found { sums, range: selection.range, unattributed },
        }
    }

    /// A point for every step of the range, the ones that it begins and ends in among them.
    fn empty_points(&self, selection: &Selection<'_>, step_ms: i64) -> Vec<Point> {
        let Some(range) = &selection.range else { return Vec::new() };
        let first = range.from.unix_ms().div_euclid(step_ms);
        // What ends where a step begins does not reach into it.
        let last = range.to.unix_ms().saturating_sub(1).div_euclid(step_ms).max(first);
        let empty = Point {
            severities: (self.by == By::Severity).then(BTreeMap::new),
            systems: (self.by == By::System).then(BTreeMap::new),
            ..Point::default()
        };
        let at = |step: i64| WallTime::from_unix_ms(step.saturating_mul(step_ms));
        (first..=last).map(|step| Point { time: at(step), ..empty.clone() }).collect()
    }
}

impl Point {
    fn add_severity(&mut self, severity: Label, count: u64) {
        match (severity, &mut self.severities) {
            (Label::Named(name), Some(severities)) => *severities.entry(name).or_insert(0) += count,
            _ => self.folded_messages += count,
        }
    }

    fn add_system(&mut self, system: &Arc<str>, count: u64) {
        let systems = self.systems.get_or_insert_default();
        *systems.entry(Arc::clone(system)).or_insert(0) += count;
    }

    fn add_unlisted(&mut self, system: &Label, count: u64) {
        match system {
            Label::Named(_) => self.other += count,
            Label::Missing => self.without_system += count,
            Label::Folded => self.folded_messages += count,
        }
    }
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

/// Rounded up, so that a step of a fraction of a millisecond is none that is kept.
fn millis_up(span: Duration) -> i64 {
    i64::try_from(span.as_nanos().div_ceil(1_000_000)).unwrap_or(i64::MAX)
}
