//! The place of a message in the order of arrival.

use std::fmt;

use scout_core::{Offset, WallTime};

/// When a message arrived, in milliseconds since the epoch, and its number within that millisecond: what a Redis
/// stream calls an entry's id. Grows with each message, also when the clock steps back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct EntryId {
    ms: u64,
    number: u64,
}

impl EntryId {
    pub(crate) fn from_key((ms, number): (u64, u64)) -> Self {
        Self { ms, number }
    }

    /// As the key of a table.
    pub(crate) fn key(self) -> (u64, u64) {
        (self.ms, self.number)
    }

    /// The last id before all that arrive at `at` or later.
    pub(crate) fn before(at: WallTime) -> Self {
        match u64::try_from(at.unix_ms()).unwrap_or_default().checked_sub(1) {
            Some(ms) => Self { ms, number: u64::MAX },
            None => Self::default(),
        }
    }

    /// As the core knows it.
    pub(crate) fn offset(self) -> Offset {
        Offset::from_bits(u128::from(self.ms) << 64 | u128::from(self.number))
    }

    #[expect(clippy::cast_possible_truncation, reason = "each half is meant")]
    pub(crate) fn at(offset: Offset) -> Self {
        Self { ms: (offset.bits() >> 64) as u64, number: offset.bits() as u64 }
    }

    pub(crate) fn arrived(self) -> WallTime {
        WallTime::from_unix_ms(i64::try_from(self.ms).unwrap_or(i64::MAX))
    }

    /// The id of the message after this one, arriving now.
    pub(crate) fn next(self, now: WallTime) -> Self {
        let ms = u64::try_from(now.unix_ms()).unwrap_or_default();
        if ms > self.ms { Self { ms, number: 0 } } else { Self { ms: self.ms, number: self.number + 1 } }
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}-{}", self.ms, self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_offsets_are_in_the_same_order() {
        let ids = [(0, 0), (0, 1), (5, 0), (5, u64::MAX), (6, 0)].map(EntryId::from_key);
        assert!(ids.map(EntryId::offset).is_sorted());
        assert_eq!(ids.map(|id| EntryId::at(id.offset())), ids);
        let before = EntryId::before(WallTime::from_unix_ms(6));
        assert!(ids[3] <= before && before < ids[4]);
    }

    #[test]
    fn ids_grow_while_the_clock_stands_or_steps_back() {
        let at = WallTime::from_unix_ms;
        let first = EntryId::default().next(at(1_000));
        let second = first.next(at(1_000));
        let stepped_back = second.next(at(500));
        let later = stepped_back.next(at(1_001));
        assert_eq!(
            [first, second, stepped_back, later].map(|id| id.to_string()),
            ["1000-0", "1000-1", "1000-2", "1001-0"]
        );
        assert!(first < second && second < stepped_back && stepped_back < later);
    }
}
