//! Sums of windows, each made once for all rules that look at it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::alerting::{Group, Rule, RuleWindow, Selector};
use crate::names::{NameId, Names};
use crate::{Ledger, WallTime};

/// The messages of one system and severity within a window.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell {
    pub(super) system: NameId,
    pub(super) severity: NameId,
    pub(super) count: u64,
}

/// Sums of the windows of one ledger.
#[derive(Debug, Default)]
pub(super) struct Windows {
    systems: Arc<Names>,
    severities: Arc<Names>,
    /// Grows when the names are not those of before with more behind them.
    edition: u64,
    sums: BTreeMap<RuleWindow, Vec<Cell>>,
    spare: Vec<Vec<Cell>>,
}

impl Windows {
    /// Forgets the sums, and looks at the names of new ones.
    pub(super) fn follow(&mut self, ledger: &Ledger) {
        let (systems, severities) = ledger.names();
        if !systems.continues(&self.systems) || !severities.continues(&self.severities) {
            self.edition += 1;
        }
        self.systems = Arc::clone(systems);
        self.severities = Arc::clone(severities);
        while let Some((_, mut cells)) = self.sums.pop_first() {
            cells.clear();
            self.spare.push(cells);
        }
    }

    /// Sums a window up, unless that has been done.
    pub(super) fn sum(&mut self, ledger: &Ledger, window: RuleWindow, at: WallTime) {
        if self.sums.contains_key(&window) {
            return;
        }
        let tally = match window {
            RuleWindow::Last(span) => ledger.window(span, at),
            RuleWindow::Retained => ledger.total(),
        };
        let mut cells = self.spare.pop().unwrap_or_default();
        cells.extend(tally.keys().map(|(key, count)| Cell {
            system: key.system(),
            severity: key.severity(),
            count,
        }));
        self.sums.insert(window, cells);
    }

    pub(super) fn cells(&self, window: RuleWindow) -> &[Cell] {
        self.sums.get(&window).map(Vec::as_slice).unwrap_or_default()
    }

    pub(super) fn system(&self, id: NameId) -> Option<&Arc<str>> {
        self.systems.get(id)
    }

    pub(super) fn find_system(&self, name: &str) -> Option<NameId> {
        self.systems.find(name)
    }

    /// The group that a rule puts these messages into; `None` where they have no name to be told apart by.
    pub(super) fn group(&self, rule: &Rule, cell: &Cell) -> Option<Group> {
        let mut group = Group::default();
        if rule.group_by.system {
            group.system = Some(Arc::clone(self.systems.get(cell.system)?));
        }
        if rule.group_by.severity {
            group.severity = Some(Arc::clone(self.severities.get(cell.severity)?));
        }
        Some(group)
    }
}

/// Which names a rule is about.
#[derive(Debug, Default)]
pub(super) struct Filter {
    edition: u64,
    systems: Bits,
    severities: Bits,
}

impl Filter {
    /// Looks at names that have come since.
    pub(super) fn follow(&mut self, select: &Selector, windows: &Windows) {
        if self.edition != windows.edition {
            *self = Self { edition: windows.edition, ..Self::default() };
        }
        for name in windows.systems.iter().skip(self.systems.len) {
            self.systems.push(select.wants_system(Some(name)));
        }
        for name in windows.severities.iter().skip(self.severities.len) {
            self.severities.push(select.wants_severity(name));
        }
    }

    /// Messages without a name, or whose name is not kept apart, are meant where no name is asked for.
    pub(super) fn wants_system(&self, select: &Selector, id: NameId) -> bool {
        self.systems.get(id).unwrap_or(select.systems.is_empty())
    }

    pub(super) fn wants_severity(&self, select: &Selector, id: NameId) -> bool {
        self.severities.get(id).unwrap_or(select.severities.is_empty())
    }
}

/// A yes or no for each name.
#[derive(Debug, Default)]
struct Bits {
    words: Vec<u64>,
    len: usize,
}

impl Bits {
    fn push(&mut self, bit: bool) {
        if self.len.is_multiple_of(64) {
            self.words.push(0);
        }
        if let Some(word) = self.words.last_mut() {
            *word |= u64::from(bit) << (self.len % 64);
        }
        self.len += 1;
    }

    /// `None` for what is not a name.
    fn get(&self, id: NameId) -> Option<bool> {
        let at = id.bits();
        self.words.get(at as usize / 64).map(|word| word >> (at % 64) & 1 == 1)
    }
}
