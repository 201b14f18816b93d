//! Counts by time of arrival, for the last hour.

use std::time::Duration;

use crate::{Facts, Ledger, LedgerConfig, LedgerConfigError, Tally, WallTime};

/// How far back arrivals are kept.
pub const ARRIVALS_REACH: Duration = Duration::from_secs(3600);

/// How often names that no arrival of the last hour has are let go of.
const TIDIED_EVERY: Duration = Duration::from_secs(600);

/// What arrived in the last hour, whenever it happened: event times may be missing, late or junk.
///
/// Filled by the tail alone, so it begins where the tail has been reading without a gap.
#[derive(Clone, Debug)]
pub struct Arrivals {
    ledger: Ledger,
    covered_from: Option<WallTime>,
    tidied_at: WallTime,
}

impl Arrivals {
    /// No arrivals yet, in a ledger of at most `budget_bytes`.
    pub(crate) fn new(config: LedgerConfig) -> Self {
        let never = WallTime::default();
        Self { ledger: Ledger::new(config, never), covered_from: None, tidied_at: never }
    }

    /// The settings of a ledger for arrivals in at most so many bytes.
    pub(crate) fn config(budget_bytes: usize) -> Result<LedgerConfig, LedgerConfigError> {
        LedgerConfig::new(ARRIVALS_REACH, budget_bytes)
    }

    /// The counts, with arrivals in place of event times.
    pub(crate) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    pub(crate) fn record(&mut self, facts: &Facts<'_>, arrived: WallTime) {
        self.ledger.advance(arrived);
        self.ledger.record(&Facts { event_time: Some(arrived), ..facts.clone() });
    }

    pub(crate) fn advance(&mut self, now: WallTime) {
        self.ledger.advance(now);
        if now >= self.tidied_at.plus(TIDIED_EVERY) {
            self.ledger = self.ledger.without_older();
            self.tidied_at = now;
        }
    }

    /// Nothing is missing of what arrived from then on.
    pub(crate) fn cover_from(&mut self, from: WallTime) {
        self.covered_from = Some(from);
    }

    /// Whether the clock was set back since the last arrival, so that new ones would be taken for old.
    pub(crate) fn is_ahead_of(&self, now: WallTime) -> bool {
        self.ledger.now() > now.plus(crate::AHEAD)
    }

    /// From when on nothing is missing; `None` while that is not known.
    pub fn covered_from(&self) -> Option<WallTime> {
        self.covered_from.map(|from| from.max(self.ledger.now().minus(ARRIVALS_REACH)))
    }

    /// The same, however long ago that is: slots that have aged out since were whole, and so is the one that is about to.
    pub(crate) fn whole_from(&self) -> Option<WallTime> {
        self.covered_from
    }

    /// What arrived within the last `span` before `now`, an hour at most.
    pub fn window(&self, span: Duration, now: WallTime) -> Tally<'_> {
        self.ledger.window(span.min(ARRIVALS_REACH), now)
    }
}
