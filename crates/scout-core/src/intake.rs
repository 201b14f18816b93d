//! From the rows of a scan to a ledger.

use std::collections::VecDeque;

use crate::keys::KeyHash;
use crate::names::MAX_NAME_BYTES;
use crate::{Finding, FindingKind, Ledger, LedgerConfig, MAX_SEVERITIES, Moment, Row, ScanSink, Severity};

/// How many of the keys that came last are remembered: those were written last, perhaps before they are announced.
const LAST_KEYS: usize = 10_000;

/// Counts the rows of a scan.
#[derive(Debug)]
pub struct ScanCount {
    config: LedgerConfig,
    ledger: Ledger,
    joined: Moment,
    foreign: u64,
    last_keys: VecDeque<KeyHash>,
}

impl ScanCount {
    /// Nothing counted yet.
    pub fn new(config: LedgerConfig) -> Self {
        let joined = Moment::default();
        let ledger = Ledger::new(config, joined.at);
        Self { config, ledger, joined, foreign: 0, last_keys: VecDeque::new() }
    }

    /// What has been counted.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// What the store was like when the scan began.
    pub fn joined(&self) -> &Moment {
        &self.joined
    }

    /// Documents that are no messages.
    pub fn foreign(&self) -> u64 {
        self.foreign
    }

    /// The last keys that were given, at most 10,000.
    pub(crate) fn last_keys(&self) -> impl Iterator<Item = KeyHash> + '_ {
        self.last_keys.iter().copied()
    }

    pub(crate) fn into_ledger(self) -> Ledger {
        self.ledger
    }

    /// What the rows gave to notice.
    pub fn findings(&self) -> Vec<Finding> {
        findings(&self.ledger, self.foreign)
    }
}

/// What a count gives to notice.
pub(crate) fn findings(ledger: &Ledger, foreign: u64) -> Vec<Finding> {
    let found = |kind, count, text: String| (count > 0).then(|| Finding::new(kind, count, text));
    let (systems, severities) = (ledger.folded_systems(), ledger.folded_severities());
    let foreign = found(
        FindingKind::ForeignDocuments,
        foreign,
        format!(
            "{foreign} documents of the index have none of severity, system and timestamp and are not counted; \
             if they are another program's, give the index a prefix or that program another database"
        ),
    );
    let systems = found(
        FindingKind::Folded,
        systems,
        format!(
            "{systems} messages are counted under no system of their own: there are more systems than the ledger's \
             budget has room for, or their names are longer than {MAX_NAME_BYTES} bytes; raise \
             SCOUT_LEDGER_BUDGET_BYTES, or look at who writes such names"
        ),
    );
    let severities = found(
        FindingKind::Folded,
        severities,
        format!(
            "{severities} messages are counted under no severity of their own: beside the platform's own, the first \
             {} are kept apart, if they are no longer than {MAX_NAME_BYTES} bytes; look at who writes so many",
            MAX_SEVERITIES - Severity::KNOWN.len()
        ),
    );
    [foreign, systems, severities].into_iter().flatten().collect()
}

impl ScanSink for ScanCount {
    fn begin(&mut self, joined: &Moment) {
        self.ledger = Ledger::new(self.config, joined.at);
        self.joined = joined.clone();
        self.foreign = 0;
        self.last_keys.clear();
    }

    fn row(&mut self, key: &str, row: &Row<'_>) {
        if self.last_keys.len() == LAST_KEYS {
            self.last_keys.pop_front();
        }
        self.last_keys.push_back(KeyHash::of(key));
        match row.facts() {
            Some(facts) => self.ledger.record(&facts),
            None => self.foreign += 1,
        }
    }
}
