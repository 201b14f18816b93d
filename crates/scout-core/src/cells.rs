//! Counts by (system, severity).

use hashbrown::HashMap;

use crate::names::NameId;

/// What a cell costs: ten bytes and its control byte, in a table that may be half empty after it has grown.
pub(crate) const CELL_BYTES: usize = 26;

/// A cell's address within a slot: a system in the upper bits, a severity in the lowest eight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct CellKey([u8; 4]);

/// The numbers that are no names lie at the upper end of each part.
const SYSTEM: u32 = (1 << 24) - 1;
const SEVERITY: u32 = (1 << 8) - 1;

impl CellKey {
    pub(crate) fn new(system: NameId, severity: NameId) -> Self {
        Self((system.within(SYSTEM) << 8 | severity.within(SEVERITY)).to_ne_bytes())
    }

    pub(crate) fn system(self) -> NameId {
        NameId::of(u32::from_ne_bytes(self.0) >> 8, SYSTEM)
    }

    pub(crate) fn severity(self) -> NameId {
        NameId::of(u32::from_ne_bytes(self.0) & SEVERITY, SEVERITY)
    }
}

/// A number of messages, up to 281 million million: more than any store holds.
#[derive(Clone, Copy, Debug, Default)]
struct Count([u8; 6]);

impl Count {
    const MAX: u64 = (1 << 48) - 1;

    fn get(self) -> u64 {
        self.0.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    fn add(&mut self, more: u64) {
        let sum = self.get().saturating_add(more).min(Self::MAX).to_le_bytes();
        self.0.copy_from_slice(&sum[..6]);
    }
}

/// The cells of one slot.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cells(HashMap<CellKey, Count>);

impl Cells {
    pub(crate) fn contains(&self, key: CellKey) -> bool {
        self.0.contains_key(&key)
    }

    /// Adds to a cell; true if it is new.
    pub(crate) fn add(&mut self, key: CellKey, count: u64) -> bool {
        let before = self.0.len();
        self.0.entry(key).or_default().add(count);
        self.0.len() > before
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (CellKey, u64)> + '_ {
        self.0.iter().map(|(key, count)| (*key, count.get()))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn sum(&self) -> u64 {
        self.0.values().map(|count| count.get()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_takes_ten_bytes() {
        assert_eq!(size_of::<(CellKey, Count)>(), 10);
    }

    #[test]
    fn a_key_holds_both_names_and_what_is_none() {
        let last = NameId::MOST - 1;
        for system in [NameId::of(0, u32::MAX), NameId::of(last, u32::MAX), NameId::NONE, NameId::FOLDED] {
            for severity in [NameId::of(0, u32::MAX), NameId::of(63, u32::MAX), NameId::NONE, NameId::FOLDED]
            {
                let key = CellKey::new(system, severity);
                assert_eq!((key.system(), key.severity()), (system, severity));
            }
        }
    }

    #[test]
    fn counts_add_up_and_end_at_the_largest() {
        let mut cells = Cells::default();
        let key = CellKey::new(NameId::NONE, NameId::NONE);
        assert!(cells.add(key, u64::from(u32::MAX)) && !cells.add(key, 2));
        assert_eq!(cells.sum(), u64::from(u32::MAX) + 2);
        cells.add(key, u64::MAX);
        assert_eq!(cells.sum(), Count::MAX);
    }
}
