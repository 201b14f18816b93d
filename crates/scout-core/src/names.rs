//! Names of systems and severities, each held once and counted by a small number.

use std::sync::Arc;

use hashbrown::HashMap;

/// A name's number. What could not be given a name of its own is [`NameId::FOLDED`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct NameId(u32);

impl NameId {
    /// Names beyond the budget, together. Not a name, so no message can claim to be it.
    pub(crate) const FOLDED: Self = Self(u32::MAX);
    /// No name at all: a message without a system.
    pub(crate) const NONE: Self = Self(u32::MAX - 1);

    pub(crate) fn bits(self) -> u32 {
        self.0
    }

    /// Names that a table may hold, so that each fits a cell's key beside the two that are none.
    pub(crate) const MOST: u32 = (1 << 24) - 2;

    /// The number in a part of a key that ends at `end`, the two that are no names at its end.
    pub(crate) fn within(self, end: u32) -> u32 {
        let from_end = u32::MAX - self.0;
        if from_end < 2 { end - from_end } else { self.0 }
    }

    /// The name of such a number.
    pub(crate) fn of(number: u32, end: u32) -> Self {
        let from_end = end - number;
        Self(if from_end < 2 { u32::MAX - from_end } else { number })
    }
}

/// Longer names are folded: they are text in the wrong field, and each would cost as much as many names.
pub(crate) const MAX_NAME_BYTES: usize = 1024;

/// What a name costs beside its bytes: its places in a list and a table that may be half empty, and its `Arc`.
pub(crate) const NAME_BYTES: usize = 128;

/// A table of names, numbered in the order in which they came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    list: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, u32>,
}

impl Names {
    pub(crate) fn find(&self, name: &str) -> Option<NameId> {
        self.numbers.get(name).copied().map(NameId)
    }

    /// Adds a name that [`Self::find`] has not found; what it costs is the caller's to account for.
    pub(crate) fn add(&mut self, name: &str) -> NameId {
        let number = u32::try_from(self.list.len()).ok().filter(|number| *number < NameId::MOST);
        let Some(number) = number else { return NameId::FOLDED };
        let name: Arc<str> = name.into();
        self.list.push(Arc::clone(&name));
        self.numbers.insert(name, number);
        NameId(number)
    }

    /// The name of a number; `None` for the numbers that are not names.
    pub(crate) fn get(&self, id: NameId) -> Option<&Arc<str>> {
        self.list.get(id.0 as usize)
    }

    /// Whether each name of an earlier table has the same number here.
    pub(crate) fn continues(&self, earlier: &Self) -> bool {
        std::ptr::eq(self, earlier)
            || self.list.len() >= earlier.list.len()
                && self.list.iter().zip(&earlier.list).all(|(name, before)| Arc::ptr_eq(name, before))
    }

    /// Every name, in the order of the numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<str>> {
        self.list.iter()
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }
}

/// What a name costs in bytes.
pub(crate) fn name_cost(name: &str) -> usize {
    name.len() + NAME_BYTES
}
