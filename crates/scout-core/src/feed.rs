//! Feeds that announce messages, and how far they have been read.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::WallTime;

/// A place in a feed. Grows with what is announced; what it is made of is the store's business.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Offset(u128);

impl Offset {
    /// Before everything that a feed can announce.
    pub const START: Self = Self(0);

    /// The place that a store calls so.
    pub const fn from_bits(bits: u128) -> Self {
        Self(bits)
    }

    /// What the store called it.
    pub const fn bits(self) -> u128 {
        self.0
    }
}

/// How far each feed has been read, by the feed's name. A feed that is not named is at its start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Position(BTreeMap<Arc<str>, Offset>);

impl Position {
    /// Where a feed is.
    pub fn of(&self, feed: &str) -> Offset {
        self.0.get(feed).copied().unwrap_or(Offset::START)
    }

    /// Puts a feed there, whether that is further on or back.
    pub fn set(&mut self, feed: &str, offset: Offset) {
        match self.0.get_mut(feed) {
            Some(at) => *at = offset,
            None => {
                self.0.insert(feed.into(), offset);
            }
        }
    }

    /// Every feed that is not at its start.
    pub fn iter(&self) -> impl Iterator<Item = (&Arc<str>, Offset)> {
        self.0.iter().map(|(feed, offset)| (feed, *offset))
    }
}

/// What a feed says about itself at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FeedMark {
    /// The last entry.
    pub last: Offset,
    /// Entries that were ever announced on it, those included that it no longer holds.
    pub announced: u64,
    /// When the oldest entry arrived that the feed still holds; `None` if it holds every one it ever had.
    pub lost_before: Option<WallTime>,
}

impl FeedMark {
    /// A feed that ends at `last`, after so many entries, of which it still holds all.
    pub fn new(last: Offset, announced: u64) -> Self {
        Self { last, announced, lost_before: None }
    }
}

/// A store at one moment: everything here was true at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Moment {
    /// When that was, on the store's clock.
    pub at: WallTime,
    /// Documents that the index holds.
    pub documents: u64,
    /// Grows with each document that the index takes in; falls only when the index is made anew.
    pub writes: u64,
    /// Differs after a restart, between the servers of a failover, and where a replica follows another master.
    pub server: Arc<str>,
    /// How the index is made; differs once it is made otherwise.
    pub index: Arc<str>,
    /// The feeds. One that does not exist yet is at its start.
    pub feeds: BTreeMap<Arc<str>, FeedMark>,
}

impl Moment {
    /// A moment on the store's clock, at which nothing is known of it yet.
    pub fn new(at: WallTime) -> Self {
        Self { at, ..Self::default() }
    }

    /// A feed as it was then.
    pub fn feed(&self, name: &str) -> FeedMark {
        self.feeds.get(name).copied().unwrap_or_default()
    }

    /// Where the feeds ended.
    pub fn position(&self) -> Position {
        Position(self.feeds.iter().map(|(feed, mark)| (Arc::clone(feed), mark.last)).collect())
    }
}

/// An entry of a feed, with what counts of the document that it announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Announced<'a> {
    /// The feed's name.
    pub feed: &'a str,
    /// The entry's place in it.
    pub offset: Offset,
    /// When it was announced, but never later than it was read.
    pub arrived: WallTime,
    /// The document's key.
    pub key: &'a str,
    /// The document; `None` where the index has none of that key: deleted since, or refused.
    pub row: Option<crate::Row<'a>>,
}

impl<'a> Announced<'a> {
    /// The entry at that place of that feed.
    pub fn new(
        (feed, offset): (&'a str, Offset),
        arrived: WallTime,
        key: &'a str,
        row: Option<crate::Row<'a>>,
    ) -> Self {
        Self { feed, offset, arrived, key, row }
    }
}
