//! From the rows of a scan to a ledger.

use crate::{Finding, FindingKind, Ledger, LedgerConfig, Row, ScanSink, WallTime};

/// Counts the rows of a scan.
#[derive(Debug)]
pub struct ScanCount {
    config: LedgerConfig,
    ledger: Ledger,
    at: WallTime,
    foreign: u64,
}

impl ScanCount {
    /// Nothing counted yet.
    pub fn new(config: LedgerConfig) -> Self {
        let at = WallTime::default();
        Self { config, ledger: Ledger::new(config, at), at, foreign: 0 }
    }

    /// What has been counted.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The moment that the scan began, on the store's clock.
    pub fn at(&self) -> WallTime {
        self.at
    }

    /// Documents that are no messages.
    pub fn foreign(&self) -> u64 {
        self.foreign
    }

    /// What the rows gave to notice.
    pub fn findings(&self) -> Vec<Finding> {
        let folded: u64 = self.ledger.folded();
        let foreign = (self.foreign > 0).then(|| {
            let text = format!(
                "{} documents of the index have none of severity, system and timestamp and are not counted; \
                 if they are another program's, give the index a prefix or that program another database",
                self.foreign
            );
            Finding::new(FindingKind::ForeignDocuments, self.foreign, text)
        });
        let folded = (folded > 0).then(|| {
            let text = format!(
                "{folded} messages have a system or severity beyond what the ledger's budget keeps apart; they count in \
                 the totals only; raise SCOUT_LEDGER_BUDGET_BYTES, or look at who writes so many names"
            );
            Finding::new(FindingKind::Folded, folded, text)
        });
        foreign.into_iter().chain(folded).collect()
    }
}

impl ScanSink for ScanCount {
    fn begin(&mut self, at: WallTime) {
        *self = Self { ledger: Ledger::new(self.config, at), at, foreign: 0, config: self.config };
    }

    fn row(&mut self, _key: &str, row: &Row<'_>) {
        match row.facts() {
            Some(facts) => self.ledger.record(&facts),
            None => self.foreign += 1,
        }
    }
}
