//! Ids of a stream's entries: a time in milliseconds, and a number within it.

use std::fmt;

use scout_core::{Offset, WallTime};

/// The id of an entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct EntryId {
    ms: u64,
    number: u64,
}

impl EntryId {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (ms, number) = text.split_once('-')?;
        Some(Self { ms: ms.parse().ok()?, number: number.parse().ok()? })
    }

    /// The last id before all that come at `at` or later.
    pub(crate) fn before(at: WallTime) -> Self {
        match u64::try_from(at.unix_ms()).unwrap_or_default().checked_sub(1) {
            Some(ms) => Self { ms, number: u64::MAX },
            None => Self::default(),
        }
    }

    pub(crate) fn offset(self) -> Offset {
        Offset::from_bits(u128::from(self.ms) << 64 | u128::from(self.number))
    }

    #[expect(clippy::cast_possible_truncation, reason = "each half is meant")]
    pub(crate) fn at(offset: Offset) -> Self {
        Self { ms: (offset.bits() >> 64) as u64, number: offset.bits() as u64 }
    }

    /// When the entry was added, by the clock of Redis.
    pub(crate) fn arrived(self) -> WallTime {
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
        assert!(before < EntryId::parse("1000-0").unwrap());
        assert!(before >= EntryId::parse("999-5").unwrap());
        assert_eq!(EntryId::before(WallTime::from_unix_ms(-5)), EntryId::default());
        assert_eq!(EntryId::before(WallTime::from_unix_ms(0)), EntryId::default());
    }

    #[test]
    fn other_texts_are_no_ids() {
        for text in ["", "1", "-", "1-", "-1", "1-x", "1-2-3", "-1-0", "18446744073709551616-0"] {
            assert_eq!(EntryId::parse(text), None, "{text}");
        }
    }
}
