//! What of a snapshot is asked for: a window, a time that it is measured by, a system, a severity.

use std::time::Duration;

use serde::Serialize;

use crate::cells::{CellKey, Cells};
use crate::names::NameId;
use crate::sums::{Limits, Sums};
use crate::tier::Slot;
use crate::{AHEAD, ARRIVALS_REACH, GoDuration, Ledger, Severity, Snapshot, Span, WallTime};

/// Which time of a message counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TimeOf {
    /// When it happened, as the message says.
    #[default]
    Event,
    /// When it arrived; kept for an hour.
    Arrival,
}

/// What is asked of a snapshot. The default is everything that is retained.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// How far back from the present; `None` for everything, or for all arrivals that are kept.
    pub window: Option<Span>,
    /// Which time the window is measured by.
    pub time: TimeOf,
    /// Messages of this system alone, exactly as its producers write it.
    pub system: Option<Box<str>>,
    /// Messages of this severity alone.
    pub severity: Option<Severity<'static>>,
    /// How many systems are listed at most; `None` for as many as each view lists by itself.
    pub limit: Option<usize>,
}

/// Why a query has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// Slots do not reach back as far.
    #[error("invalid window {text:?}: messages are kept for {}", GoDuration::from(*.kept))]
    BeyondRetention {
        /// The window as it was asked for.
        text: Box<str>,
        /// How far back slots reach.
        kept: Duration,
    },
    /// Arrivals do not reach back as far.
    #[error("invalid window {text:?}: arrivals are kept for {}", GoDuration::from(ARRIVALS_REACH))]
    BeyondArrivals {
        /// The window as it was asked for.
        text: Box<str>,
    },
    /// The steps over the window are too many.
    #[error("invalid step {step:?}: a window of {window} would have more than {limit} points", limit = crate::MAX_POINTS)]
    TooManyPoints {
        /// The step as it was asked for.
        step: Box<str>,
        /// The window as it was asked for.
        window: Box<str>,
    },
    /// Only recent events have been counted so far.
    #[error("the store is still being counted: until then windows reach back to {from} at most")]
    StillCounting {
        /// From when on events have been counted.
        from: WallTime,
    },
    /// The snapshot has no arrivals.
    #[error("arrivals are not counted")]
    NoArrivals,
}

/// What was counted, as the answers name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Range {
    pub(crate) window: Box<str>,
    pub(crate) time: TimeOf,
    /// The first moment that was counted.
    pub(crate) from: WallTime,
    /// The first one that was not: the present, or the end of the newest slot where that lies beyond.
    pub(crate) to: WallTime,
    /// From when on nothing is missing, where that is later than `from`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) covered_from: Option<WallTime>,
}

/// The answer to a query.
#[derive(Clone, Debug)]
pub struct Found {
    pub(crate) sums: Sums,
    pub(crate) range: Option<Range>,
    pub(crate) unattributed: u64,
}

impl Query {
    /// Sums up what is asked for, as of `present` where there is a window.
    ///
    /// # Errors
    /// [`QueryError`] if the snapshot does not reach back as far.
    pub fn find(&self, snapshot: &Snapshot, present: WallTime) -> Result<Found, QueryError> {
        let selection = Selection::new(self, snapshot, present)?;
        let limits =
            self.limit.map_or_else(Limits::default, |limit| Limits { systems: limit, alerting: limit });
        let mut cells = Cells::default();
        let unattributed = selection.each(|_, key, count| {
            cells.add(key, count);
        });
        let tally = selection.ledger.tally(cells, None);
        let mut sums = Sums::of(&tally, limits);
        if selection.is_everything() {
            // As in the answer without a query, where systems count whose messages have all been folded in their slots.
            sums.systems_total = tally.named_systems();
        }
        Ok(Found { sums, range: selection.range, unattributed })
    }
}

/// The cells that a query asks for.
#[derive(Debug)]
pub(crate) struct Selection<'a> {
    pub(crate) ledger: &'a Ledger,
    pub(crate) range: Option<Range>,
    system: Wanted,
    severity: Wanted,
}

impl<'a> Selection<'a> {
    pub(crate) fn new(query: &Query, snapshot: &'a Snapshot, present: WallTime) -> Result<Self, QueryError> {
        let (ledger, covered_from) = match (query.time, &snapshot.arrivals) {
            (TimeOf::Event, _) => (&snapshot.ledger, WallTime::from_unix_ms(i64::MIN)),
            // As long as it is not known from when on they are whole, any may be missing.
            (TimeOf::Arrival, Some(arrivals)) => {
                (arrivals.ledger(), arrivals.whole_from().unwrap_or(present))
            }
            (TimeOf::Arrival, None) => return Err(QueryError::NoArrivals),
        };
        let all_arrivals = (query.time == TimeOf::Arrival).then(|| Span::from(ARRIVALS_REACH));
        let window = query.window.as_ref().or(all_arrivals.as_ref());
        let range = window.map(|window| {
            if window.length() > ledger.retention() {
                let text = window.text().into();
                return Err(match query.time {
                    TimeOf::Event => QueryError::BeyondRetention { text, kept: ledger.retention() },
                    TimeOf::Arrival => QueryError::BeyondArrivals { text },
                });
            }
            let from = ledger.grid().covered_from(present.minus(window.length()));
            let to =
                if snapshot.is_behind { ledger.grid().covered_from(present) } else { end(ledger, present) };
            Ok(Range {
                window: window.text().into(),
                time: query.time,
                from,
                to,
                covered_from: Some(covered_from).filter(|covered_from| *covered_from > from),
            })
        });
        let range = range.transpose()?;
        if let (TimeOf::Event, Some(counted_from)) = (query.time, snapshot.counted_from)
            && range.as_ref().is_none_or(|range| range.from < counted_from)
        {
            return Err(QueryError::StillCounting { from: counted_from });
        }
        Ok(Self {
            ledger,
            range,
            system: Wanted::name(query.system.as_deref(), |name| ledger.find_system(name)),
            severity: Wanted::severity(query.severity.as_ref(), ledger),
        })
    }

    /// Hands out every cell that is asked for, each with its slot where there is a window.
    ///
    /// Returns how many messages beside these are of a folded name that may be the one asked for.
    pub(crate) fn each(&self, mut take: impl FnMut(Option<Slot>, CellKey, u64)) -> u64 {
        let mut unattributed = 0;
        let mut sift = |slot, key: CellKey, count| match (
            self.system.is(key.system()),
            self.severity.is(key.severity()),
        ) {
            (Is::Not, _) | (_, Is::Not) => {}
            (Is::Meant, Is::Meant) => take(slot, key, count),
            _ => unattributed += count,
        };
        match &self.range {
            Some(range) => {
                let slots = self.ledger.slots_since(range.from);
                // Beyond it lies only what has come in part.
                for (slot, cells) in slots.filter(|(slot, _)| slot.start() < range.to) {
                    cells.iter().for_each(|(key, count)| sift(Some(slot), key, count));
                }
            }
            None => self.ledger.total().keys().for_each(|(key, count)| sift(None, key, count)),
        }
        unattributed
    }

    fn is_everything(&self) -> bool {
        self.range.is_none() && self.system == Wanted::Any && self.severity == Wanted::Any
    }
}

/// Up to when is counted: to the present, or to the end of the newest slot, which may reach or lie beyond it.
fn end(ledger: &Ledger, present: WallTime) -> WallTime {
    let newest = ledger.slots_since(present).next().map(|(slot, _)| slot.end());
    // Up to it, itself included, there are slots.
    let limit = ledger.grid().now().plus(AHEAD).plus(Duration::from_millis(1));
    newest.map_or(present, |end| end.min(limit).max(present))
}

/// Which name is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Any,
    /// A name, and whether some of its messages may be counted without it.
    Name {
        id: Option<NameId>,
        may_be_folded: bool,
    },
}

/// Whether a cell is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Is {
    Meant,
    Not,
    Perhaps,
}

impl Wanted {
    fn name(name: Option<&str>, find: impl FnOnce(&str) -> Option<NameId>) -> Self {
        name.map_or(Self::Any, |name| Self::Name { id: find(name), may_be_folded: true })
    }

    /// The severities that the platform knows keep their names whatever happens.
    fn severity(severity: Option<&Severity<'_>>, ledger: &Ledger) -> Self {
        match Self::name(severity.map(Severity::as_str), |name| ledger.find_severity(name)) {
            Self::Name { id, .. }
                if severity.is_some_and(|name| Severity::KNOWN.contains(&name.as_str())) =>
            {
                Self::Name { id, may_be_folded: false }
            }
            wanted => wanted,
        }
    }

    fn is(self, found: NameId) -> Is {
        match self {
            Self::Any => Is::Meant,
            Self::Name { id, .. } if id == Some(found) => Is::Meant,
            Self::Name { may_be_folded: true, .. } if found == NameId::FOLDED => Is::Perhaps,
            Self::Name { .. } => Is::Not,
        }
    }
}
