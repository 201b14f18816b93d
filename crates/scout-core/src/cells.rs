//! Counts by (system, severity).

use hashbrown::HashMap;

use crate::names::NameId;

/// What a cell costs: 16 bytes and its control byte, in a table that may be half empty after it has grown.
pub(crate) const CELL_BYTES: usize = 40;

/// A cell's address within a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct CellKey(u64);

impl CellKey {
    pub(crate) fn new(system: NameId, severity: NameId) -> Self {
        Self(u64::from(system.bits()) << 32 | u64::from(severity.bits()))
    }

    pub(crate) fn system(self) -> NameId {
        NameId::from_bits((self.0 >> 32) as u32)
    }

    #[expect(clippy::cast_possible_truncation, reason = "the lower half is meant")]
    pub(crate) fn severity(self) -> NameId {
        NameId::from_bits(self.0 as u32)
    }
}

/// The cells of one slot.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cells(HashMap<CellKey, u64>);

impl Cells {
    pub(crate) fn contains(&self, key: CellKey) -> bool {
        self.0.contains_key(&key)
    }

    /// Adds to a cell; true if it is new.
    pub(crate) fn add(&mut self, key: CellKey, count: u64) -> bool {
        let before = self.0.len();
        *self.0.entry(key).or_insert(0) += count;
        self.0.len() > before
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (CellKey, u64)> + '_ {
        self.0.iter().map(|(key, count)| (*key, *count))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn sum(&self) -> u64 {
        self.0.values().sum()
    }
}
