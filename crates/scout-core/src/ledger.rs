//! The ledger: every message counted by slot, system and severity, within a budget of bytes.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::cells::{CELL_BYTES, CellKey, Cells};
use crate::names::{MAX_NAME_BYTES, NameId, Names, name_cost};
use crate::tier::{Grid, Place, Slot};
use crate::{Facts, Severity, WallTime};

/// Distinct severities that keep their name, [`Severity::KNOWN`] among them; producers use about a dozen.
pub const MAX_SEVERITIES: usize = 64;

/// The longest retention a ledger is kept for.
pub const MAX_RETENTION: Duration = Duration::from_secs(366 * 24 * 3600);

/// What a slot costs beside its cells.
const SLOT_BYTES: usize = 128;

/// Cells beside the slots: older, ahead, undated, and the totals.
const CELLS_BESIDE: usize = 4;

/// How long a ledger looks back, and how much memory it may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LedgerConfig {
    retention: Duration,
    budget_bytes: usize,
    /// Kept free for the cells that take in what no longer gets one of its own.
    reserve_bytes: usize,
}

/// Why a ledger cannot be kept as configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerConfigError {
    /// Slots alone, folded to one system, would exceed the budget.
    #[error("a ledger over this retention needs a budget of at least {needed} bytes, not {budget}")]
    BudgetTooSmall {
        /// What would do, in bytes.
        needed: usize,
        /// What was given, in bytes.
        budget: usize,
    },
    /// Beyond [`MAX_RETENTION`].
    #[error("retention is longer than 366 days")]
    RetentionTooLong,
}

impl LedgerConfig {
    /// A ledger over `retention`, in at most `budget_bytes`.
    ///
    /// # Errors
    /// [`LedgerConfigError`] if the retention is too long, or the budget too small for it.
    pub fn new(retention: Duration, budget_bytes: usize) -> Result<Self, LedgerConfigError> {
        if retention > MAX_RETENTION {
            return Err(LedgerConfigError::RetentionTooLong);
        }
        let needed = Self::needed_bytes(retention);
        if budget_bytes < needed {
            return Err(LedgerConfigError::BudgetTooSmall { needed, budget: budget_bytes });
        }
        Ok(Self { retention, budget_bytes, reserve_bytes: Self::reserve_bytes(retention) })
    }

    /// The least budget of a ledger over so long a retention.
    pub(crate) fn needed_bytes(retention: Duration) -> usize {
        2 * Self::reserve_bytes(retention)
    }

    /// What every slot takes once all is folded to one system of every severity.
    fn reserve_bytes(retention: Duration) -> usize {
        let slots = Grid::max_slots(retention.min(MAX_RETENTION)) + CELLS_BESIDE;
        slots * (SLOT_BYTES + (MAX_SEVERITIES + 1) * CELL_BYTES)
            + MAX_SEVERITIES * (MAX_NAME_BYTES + name_cost(""))
    }

    /// How far back slots reach.
    pub fn retention(&self) -> Duration {
        self.retention
    }

    /// The most memory the ledger may use.
    pub fn budget_bytes(&self) -> usize {
        self.budget_bytes
    }
}

/// Counts of messages by slot of event time, system and severity.
///
/// ```
/// use scout_core::{Ledger, LedgerConfig, Row, WallTime};
/// use std::time::Duration;
///
/// let now = WallTime::parse_rfc3339("2026-03-01T12:00:00Z").unwrap();
/// let config = LedgerConfig::new(Duration::from_secs(48 * 3600), 48 << 20)?;
/// let mut ledger = Ledger::new(config, now);
/// let row = Row { severity: Some("ERROR"), timestamp: Some("2026-03-01T12:59:30+01:00"), ..Row::default() };
/// if let Some(facts) = row.facts() {
///     ledger.record(&facts);
/// }
/// assert_eq!(ledger.window(Duration::from_secs(60), now).total(), 1);
/// # Ok::<(), scout_core::LedgerConfigError>(())
/// ```
/// A clone shares everything with the original; what is recorded afterwards copies only the slots it falls into.
#[derive(Clone, Debug)]
pub struct Ledger {
    config: LedgerConfig,
    grid: Grid,
    systems: Arc<Names>,
    severities: Arc<Names>,
    slots: BTreeMap<Slot, Arc<Cells>>,
    older: Arc<Cells>,
    ahead: Arc<Cells>,
    undated: Arc<Cells>,
    totals: Arc<Cells>,
    used_bytes: usize,
}

impl Ledger {
    /// An empty ledger whose slots are laid out as of `now`.
    pub fn new(config: LedgerConfig, now: WallTime) -> Self {
        let mut ledger = Self {
            config,
            grid: Grid::new(now, config.retention),
            systems: Arc::default(),
            severities: Arc::default(),
            slots: BTreeMap::new(),
            older: Arc::default(),
            ahead: Arc::default(),
            undated: Arc::default(),
            totals: Arc::default(),
            used_bytes: 0,
        };
        // Before anybody else can take their places.
        for name in Severity::KNOWN {
            ledger.severity_id(name);
        }
        ledger
    }

    /// Counts one message.
    pub fn record(&mut self, facts: &Facts<'_>) {
        let severity = self.severity_id(facts.severity.as_str());
        let system = facts.system.map_or(NameId::NONE, |system| self.system_id(system));
        let place = facts.event_time.map(|time| self.grid.place(time));
        self.add(Region::of(place), CellKey::new(system, severity), 1);
    }

    /// Adds all that another ledger has counted, laid out as of the later present of the two.
    pub fn merge(&mut self, other: &Self) {
        self.advance(other.grid.now());
        for (region, cells) in other.regions() {
            self.take_in(other, region, cells);
        }
    }

    fn take_in(&mut self, other: &Self, region: Region, cells: &Cells) {
        for (key, count) in cells.iter() {
            let severity = self.translate(key.severity(), &other.severities, Self::severity_id);
            let system = self.translate(key.system(), &other.systems, Self::system_id);
            self.add(self.settled(region), CellKey::new(system, severity), count);
        }
    }

    /// Lays the slots out as of `now`: what has aged moves to coarser tiers, and out of them to *older*.
    ///
    /// A present before the one the ledger has been laid out for changes nothing.
    pub fn advance(&mut self, now: WallTime) {
        if now <= self.grid.now() {
            return;
        }
        self.grid = Grid::new(now, self.config.retention);
        let aged: Vec<Slot> = self
            .slots
            .keys()
            .copied()
            .filter(|slot| self.settled(Region::Slot(*slot)) != Region::Slot(*slot))
            .collect();
        for slot in aged {
            let Some(cells) = self.slots.remove(&slot) else { continue };
            self.used_bytes = self.used_bytes.saturating_sub(SLOT_BYTES + cells.len() * CELL_BYTES);
            let region = self.settled(Region::Slot(slot));
            for (key, count) in cells.iter() {
                self.add_to_region(region, key, count);
            }
        }
    }

    /// The messages of the last `span` before `now`, in whole slots: never less than asked for, at most one slot more.
    ///
    /// There is no upper end: what reached the slots from the near future is part of every window.
    pub fn window(&self, span: Duration, now: WallTime) -> Tally<'_> {
        let from = now.minus(span);
        let mut sum = Cells::default();
        for (_, cells) in self.slots_since(from) {
            for (key, count) in cells.iter() {
                sum.add(key, count);
            }
        }
        self.tally(sum, Some(self.grid.covered_from(from)))
    }

    /// The messages of the last `span` before `now` by severity, whatever their system; those without a name together.
    pub fn window_by_severity(&self, span: Duration, now: WallTime) -> (BTreeMap<Arc<str>, u64>, u64) {
        let (mut named, mut folded) = (vec![0_u64; self.severities.len()], 0);
        for (_, cells) in self.slots_since(now.minus(span)) {
            for (key, count) in cells.iter() {
                match named.get_mut(key.severity().bits() as usize) {
                    Some(sum) => *sum += count,
                    None => folded += count,
                }
            }
        }
        let counts = self.severities.iter().zip(named).filter(|(_, count)| *count > 0);
        (counts.map(|(name, count)| (Arc::clone(name), count)).collect(), folded)
    }

    /// The slots that reach beyond `from`, the newest first.
    pub(crate) fn slots_since(&self, from: WallTime) -> impl Iterator<Item = (Slot, &Cells)> {
        let reaching = self.slots.iter().rev().take_while(move |(slot, _)| slot.end() > from);
        reaching.map(|(slot, cells)| (*slot, &**cells))
    }

    /// Cells of this ledger, with its names.
    pub(crate) fn tally(&self, cells: Cells, from: Option<WallTime>) -> Tally<'_> {
        Tally { cells: Cow::Owned(cells), ledger: self, from }
    }

    /// The same counts without those of events before the retention time, and without the names that only they have.
    pub fn without_older(&self) -> Self {
        let mut kept = Self::new(self.config, self.grid.now());
        for (region, cells) in self.regions().filter(|(region, _)| *region != Region::Older) {
            kept.take_in(self, region, cells);
        }
        kept
    }

    /// All messages, dated or not.
    pub fn total(&self) -> Tally<'_> {
        Tally { cells: Cow::Borrowed(&self.totals), ledger: self, from: None }
    }

    /// How far back slots reach.
    pub fn retention(&self) -> Duration {
        self.config.retention
    }

    /// Where slots lie.
    pub(crate) fn grid(&self) -> &Grid {
        &self.grid
    }

    /// The names of systems, and those of severities.
    pub(crate) fn names(&self) -> (&Arc<Names>, &Arc<Names>) {
        (&self.systems, &self.severities)
    }

    /// The number of a system's name; `None` where no message is counted under it.
    pub(crate) fn find_system(&self, name: &str) -> Option<NameId> {
        self.systems.find(name)
    }

    /// The number of a folded severity's name; `None` where no message is counted under it.
    pub(crate) fn find_severity(&self, name: &str) -> Option<NameId> {
        self.severities.find(name)
    }

    /// Messages whose event lies before the retention time.
    pub fn older(&self) -> u64 {
        self.older.sum()
    }

    /// Messages whose event lies further in the future than slots reach.
    pub fn ahead(&self) -> u64 {
        self.ahead.sum()
    }

    /// Messages without a usable event time.
    pub fn undated(&self) -> u64 {
        self.undated.sum()
    }

    /// Messages whose system or severity is beyond what is kept apart.
    pub fn folded(&self) -> u64 {
        self.sum_where(|key| key.system() == NameId::FOLDED || key.severity() == NameId::FOLDED)
    }

    /// Messages whose system is beyond what the budget keeps apart, or too long for a name.
    pub fn folded_systems(&self) -> u64 {
        self.sum_where(|key| key.system() == NameId::FOLDED)
    }

    /// Messages whose severity is beyond the [`MAX_SEVERITIES`] that are kept apart, or too long for a name.
    pub fn folded_severities(&self) -> u64 {
        self.sum_where(|key| key.severity() == NameId::FOLDED)
    }

    fn sum_where(&self, is_meant: impl Fn(CellKey) -> bool) -> u64 {
        self.totals.iter().filter(|(key, _)| is_meant(*key)).map(|(_, count)| count).sum()
    }

    /// The present that slots are laid out for.
    pub fn now(&self) -> WallTime {
        self.grid.now()
    }

    /// Memory in use, estimated from above.
    pub fn used_bytes(&self) -> usize {
        self.used_bytes
    }

    fn severity_id(&mut self, name: &str) -> NameId {
        if let Some(id) = self.severities.find(name) {
            return id;
        }
        if self.severities.len() >= MAX_SEVERITIES || name.len() > MAX_NAME_BYTES {
            return NameId::FOLDED;
        }
        // Within the reserve, which has room for every severity.
        self.used_bytes += name_cost(name);
        Arc::make_mut(&mut self.severities).add(name)
    }

    fn system_id(&mut self, name: &str) -> NameId {
        if let Some(id) = self.systems.find(name) {
            return id;
        }
        // A name is of use only with cells to count it in: one in a slot, which may have to be made, and one in the totals.
        let needed = name_cost(name) + SLOT_BYTES + 2 * CELL_BYTES;
        if name.len() > MAX_NAME_BYTES || !self.has_room(needed) {
            return NameId::FOLDED;
        }
        self.used_bytes += name_cost(name);
        Arc::make_mut(&mut self.systems).add(name)
    }

    fn has_room(&self, bytes: usize) -> bool {
        self.used_bytes + bytes + self.config.reserve_bytes <= self.config.budget_bytes
    }

    fn add(&mut self, region: Region, key: CellKey, count: u64) {
        self.add_to_region(region, key, count);
        let key = self.admitted(&self.totals, key);
        if Arc::make_mut(&mut self.totals).add(key, count) {
            self.used_bytes += CELL_BYTES;
        }
    }

    fn add_to_region(&mut self, region: Region, key: CellKey, count: u64) {
        let key = match self.cells(region) {
            Some(cells) => self.admitted(cells, key),
            None => self.admitted(&Cells::default(), key),
        };
        let cells = match region {
            Region::Slot(slot) => self.slots.entry(slot).or_insert_with(|| {
                self.used_bytes += SLOT_BYTES;
                Arc::default()
            }),
            Region::Older => &mut self.older,
            Region::Ahead => &mut self.ahead,
            Region::Undated => &mut self.undated,
        };
        if Arc::make_mut(cells).add(key, count) {
            self.used_bytes += CELL_BYTES;
        }
    }

    /// The cell to count in: the asked one if it exists or there is room for it, else that of the folded systems.
    fn admitted(&self, cells: &Cells, key: CellKey) -> CellKey {
        if cells.contains(key) || self.has_room(CELL_BYTES) {
            key
        } else {
            CellKey::new(NameId::FOLDED, key.severity())
        }
    }

    fn cells(&self, region: Region) -> Option<&Cells> {
        match region {
            Region::Slot(slot) => self.slots.get(&slot).map(Arc::as_ref),
            Region::Older => Some(&self.older),
            Region::Ahead => Some(&self.ahead),
            Region::Undated => Some(&self.undated),
        }
    }

    fn regions(&self) -> impl Iterator<Item = (Region, &Cells)> {
        let beside =
            [(Region::Older, &*self.older), (Region::Ahead, &*self.ahead), (Region::Undated, &*self.undated)];
        self.slots.iter().map(|(slot, cells)| (Region::Slot(*slot), &**cells)).chain(beside)
    }

    /// Where a slot's messages belong in this ledger's layout.
    fn settled(&self, region: Region) -> Region {
        match region {
            Region::Slot(slot) => Region::of(Some(self.grid.place(slot.start()))),
            other => other,
        }
    }

    fn translate(&mut self, id: NameId, names: &Names, intern: fn(&mut Self, &str) -> NameId) -> NameId {
        match names.get(id) {
            Some(name) => intern(self, name),
            None => id,
        }
    }
}

/// A part of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Region {
    Slot(Slot),
    Older,
    Ahead,
    Undated,
}

impl Region {
    fn of(place: Option<Place>) -> Self {
        match place {
            None => Self::Undated,
            Some(Place::Older) => Self::Older,
            Some(Place::Ahead) => Self::Ahead,
            Some(Place::Slot(slot)) => Self::Slot(slot),
        }
    }
}

/// Counts by system and severity over a window, or over everything.
#[derive(Debug)]
pub struct Tally<'a> {
    cells: Cow<'a, Cells>,
    ledger: &'a Ledger,
    from: Option<WallTime>,
}

/// What a count belongs to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Label {
    /// A name of its own.
    Named(Arc<str>),
    /// The message has none.
    Missing,
    /// Names beyond the budget, together.
    Folded,
}

impl Tally<'_> {
    /// From when on messages were counted; `None` for everything there is.
    pub fn from(&self) -> Option<WallTime> {
        self.from
    }

    /// The number of messages.
    pub fn total(&self) -> u64 {
        self.cells.sum()
    }

    /// Every cell: system, severity, count; in no order.
    pub fn cells(&self) -> impl Iterator<Item = (Label, Label, u64)> + '_ {
        self.cells.iter().map(|(key, count)| {
            let system = label(&self.ledger.systems, key.system());
            let severity = label(&self.ledger.severities, key.severity());
            (system, severity, count)
        })
    }

    /// The cells with numbers in place of names.
    pub(crate) fn keys(&self) -> impl Iterator<Item = (CellKey, u64)> + '_ {
        self.cells.iter()
    }

    pub(crate) fn severity(&self, id: NameId) -> Label {
        label(&self.ledger.severities, id)
    }

    pub(crate) fn system(&self, id: NameId) -> Label {
        label(&self.ledger.systems, id)
    }

    /// How many systems have a name.
    pub(crate) fn named_systems(&self) -> usize {
        self.ledger.systems.len()
    }
}

fn label(names: &Names, id: NameId) -> Label {
    match names.get(id) {
        Some(name) => Label::Named(Arc::clone(name)),
        None if id == NameId::NONE => Label::Missing,
        None => Label::Folded,
    }
}
