//! The place of a message in the order of arrival.

use std::fmt;

use scout_core::WallTime;

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
