//! Ids of entries in feeds that number what they announce by its time, as the streams of Redis do.

use std::fmt;

use crate::{Offset, WallTime};

/// When an entry was announced, in milliseconds since the epoch, and its number within that millisecond. Grows with
/// each entry, also when the clock steps back.
///
/// ```
/// use scout_core::{EntryId, WallTime};
///
/// let first = EntryId::parse("1700000000000-0").unwrap();
/// let next = first.next(WallTime::from_unix_ms(1_700_000_000_000));
/// assert_eq!(next.to_string(), "1700000000000-1");
/// assert!(next.offset() > first.offset());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId {
    ms: u64,
    number: u64,
}

impl EntryId {
    /// The entry of that number of that millisecond.
    pub const fn new(ms: u64, number: u64) -> Self {
        Self { ms, number }
    }

    /// The millisecond, and the number within it.
    pub const fn parts(self) -> (u64, u64) {
        (self.ms, self.number)
    }

    /// Reads `<ms>-<number>`.
    pub fn parse(text: &str) -> Option<Self> {
        let (ms, number) = text.split_once('-')?;
        Some(Self { ms: ms.parse().ok()?, number: number.parse().ok()? })
    }

    /// The last id before all that come at `at` or later.
    pub fn before(at: WallTime) -> Self {
        match u64::try_from(at.unix_ms()).unwrap_or_default().checked_sub(1) {
            Some(ms) => Self { ms, number: u64::MAX },
            None => Self::default(),
        }
    }

    /// The id of the entry after this one, announced now.
    pub fn next(self, now: WallTime) -> Self {
        let ms = u64::try_from(now.unix_ms()).unwrap_or_default();
        if ms > self.ms { Self { ms, number: 0 } } else { Self { ms: self.ms, number: self.number + 1 } }
    }

    /// The entry's place in its feed.
    pub fn offset(self) -> Offset {
        Offset::from_bits(u128::from(self.ms) << 64 | u128::from(self.number))
    }

    /// The entry at that place.
    #[expect(clippy::cast_possible_truncation, reason = "each half is meant")]
    pub fn at(offset: Offset) -> Self {
        Self { ms: (offset.bits() >> 64) as u64, number: offset.bits() as u64 }
    }

    /// When the entry was announced, by the feed's clock.
    pub fn arrived(self) -> WallTime {
        WallTime::from_unix_ms(i64::try_from(self.ms).unwrap_or(i64::MAX))
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
        let ids =
            ["0-0", "0-1", "1-0", "1-18446744073709551615", "1700000000000-3", "18446744073709551615-0"];
        let parsed = ids.map(|text| EntryId::parse(text).unwrap());
        assert!(parsed.is_sorted());
        assert!(parsed.map(EntryId::offset).is_sorted());
        assert_eq!(parsed.map(|id| EntryId::at(id.offset()).to_string()), ids);
        assert_eq!(EntryId::parse("0-0").map(EntryId::offset), Some(Offset::START));
    }

    #[test]
    fn what_comes_at_a_moment_comes_after_the_id_before_it() {
        let before = EntryId::before(WallTime::from_unix_ms(1_000));
        assert!(before < EntryId::new(1_000, 0));
        assert!(before >= EntryId::new(999, 5));
        assert_eq!(EntryId::before(WallTime::from_unix_ms(-5)), EntryId::default());
        assert_eq!(EntryId::before(WallTime::from_unix_ms(0)), EntryId::default());
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
    }

    #[test]
    fn other_texts_are_no_ids() {
        for text in ["", "1", "-", "1-", "-1", "1-x", "1-2-3", "-1-0", "18446744073709551616-0"] {
            assert_eq!(EntryId::parse(text), None, "{text}");
        }
    }
}
