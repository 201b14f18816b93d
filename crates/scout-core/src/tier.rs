//! Slots of event time, in tiers: the newer, the finer.

use std::time::Duration;

use crate::WallTime;

/// How far ahead of the present slots reach; what lies beyond waits in a cell of its own.
pub const AHEAD: Duration = Duration::from_secs(60);

/// A tier: slots of `width_ms`, for events up to `reach_ms` old.
///
/// A window that begins in a tier begins at one of its slots, so it is longer than asked for by less than one
/// width. Each tier is entered at an age of fifty widths or more, which keeps that below 2 %.
struct Tier {
    width_ms: i64,
    reach_ms: i64,
}

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

const TIERS: [Tier; 5] = [
    Tier { width_ms: SECOND, reach_ms: 10 * MINUTE },
    Tier { width_ms: 10 * SECOND, reach_ms: HOUR },
    Tier { width_ms: MINUTE, reach_ms: 9 * HOUR },
    Tier { width_ms: 10 * MINUTE, reach_ms: 84 * HOUR },
    // Retention is bounded to a year by the ledger's configuration.
    Tier { width_ms: HOUR, reach_ms: i64::MAX },
];

/// An interval of event time, aligned to the epoch: from `start`, as wide as its tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Slot {
    start_ms: i64,
    width_ms: i64,
}

impl Slot {
    /// The first moment of the slot.
    pub(crate) fn start(self) -> WallTime {
        WallTime::from_unix_ms(self.start_ms)
    }

    /// How long the slot is, in milliseconds.
    pub(crate) fn width_ms(self) -> i64 {
        self.width_ms
    }

    /// The first moment after the slot.
    pub(crate) fn end(self) -> WallTime {
        WallTime::from_unix_ms(self.start_ms.saturating_add(self.width_ms))
    }
}

/// Where an event belongs at a given present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Before the retention time.
    Older,
    /// In a slot.
    Slot(Slot),
    /// Further ahead of the present than [`AHEAD`].
    Ahead,
}

/// The slots that exist at one present: contiguous from the start of retention to [`AHEAD`] of now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Grid {
    now_ms: i64,
    /// Where each tier begins; each is the end of the next coarser one, aligned to the width of that one.
    starts_ms: [i64; TIERS.len()],
}

impl Grid {
    /// The grid at `now` for events up to `retention` old.
    pub(crate) fn new(now: WallTime, retention: Duration) -> Self {
        let now_ms = now.unix_ms();
        let retained_from_ms = now.minus(retention).unix_ms();
        let from_ms = |tier: &Tier| now_ms.saturating_sub(tier.reach_ms);
        let oldest_ms = TIERS
            .iter()
            .find(|tier| from_ms(tier) <= retained_from_ms)
            .map_or(retained_from_ms, |tier| align(retained_from_ms, tier.width_ms));
        let mut starts_ms = [0; TIERS.len()];
        for (index, tier) in TIERS.iter().enumerate() {
            let coarser = TIERS.get(index + 1).unwrap_or(tier);
            starts_ms[index] = align(from_ms(tier), coarser.width_ms).max(oldest_ms);
        }
        Self { now_ms, starts_ms }
    }

    /// Where an event of that time belongs.
    pub(crate) fn place(&self, event: WallTime) -> Place {
        let event_ms = event.unix_ms();
        if event_ms > self.now_ms.saturating_add(millis(AHEAD)) {
            return Place::Ahead;
        }
        TIERS.iter().zip(self.starts_ms).find(|(_, start)| event_ms >= *start).map_or(
            Place::Older,
            |(tier, _)| {
                Place::Slot(Slot { start_ms: align(event_ms, tier.width_ms), width_ms: tier.width_ms })
            },
        )
    }

    /// The start of the slot that a window beginning at `from` begins with; no earlier than the first slot.
    pub(crate) fn covered_from(&self, from: WallTime) -> WallTime {
        match self.place(from) {
            Place::Slot(slot) => slot.start(),
            Place::Older => WallTime::from_unix_ms(self.starts_ms[TIERS.len() - 1]),
            Place::Ahead => from,
        }
    }

    /// How wide slots are at `from`, in milliseconds; those of what follows divide it.
    pub(crate) fn width_ms_at(&self, from: WallTime) -> i64 {
        match self.place(from.max(WallTime::from_unix_ms(self.starts_ms[TIERS.len() - 1]))) {
            Place::Slot(slot) => slot.width_ms(),
            // Only what lies ahead has no slot here, and the next to it are those of the finest tier.
            Place::Older | Place::Ahead => TIERS[0].width_ms,
        }
    }

    /// The present that this grid is laid out for.
    pub(crate) fn now(&self) -> WallTime {
        WallTime::from_unix_ms(self.now_ms)
    }

    /// How many slots a grid over so long a retention can have at most, whatever the present.
    pub(crate) fn max_slots(retention: Duration) -> usize {
        let grid = Self::new(WallTime::from_unix_ms(0), retention);
        let mut end = millis(AHEAD);
        let mut slots = 0;
        for (index, (tier, start)) in TIERS.iter().zip(grid.starts_ms).enumerate() {
            // A tier begins at a slot of the next coarser one, so it may be longer by nearly one of those.
            let coarser = TIERS.get(index + 1).unwrap_or(tier);
            slots += ((end - start).max(0) + coarser.width_ms) / tier.width_ms + 1;
            end = end.min(start);
        }
        usize::try_from(slots).unwrap_or(usize::MAX)
    }
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

fn align(ms: i64, width_ms: i64) -> i64 {
    ms.saturating_sub(ms.rem_euclid(width_ms))
}

#[cfg(test)]
mod tests;
