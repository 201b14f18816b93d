//! How the memory of the live count is divided.

use std::time::Duration;

use crate::arrivals::Arrivals;
use crate::{LedgerConfig, LedgerConfigError};

/// Memory for both feeds, divided so that the whole stays within one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveConfig {
    pub(super) ledger: LedgerConfig,
    pub(super) arrivals: LedgerConfig,
}

impl LiveConfig {
    /// Arrivals take a sixth, or what they need at least; what is published and the scan that is to replace it share the
    /// rest.
    const OF_ARRIVALS: usize = 6;

    /// Ledgers over `retention` that take `budget_bytes` together.
    ///
    /// # Errors
    /// [`LedgerConfigError`] if the retention is too long, or the budget too small for it.
    pub fn new(retention: Duration, budget_bytes: usize) -> Result<Self, LedgerConfigError> {
        let least_arrivals = LedgerConfig::needed_bytes(crate::ARRIVALS_REACH);
        let least_ledger = LedgerConfig::needed_bytes(retention);
        let needed = (2 * least_ledger + least_arrivals)
            .max((2 * least_ledger * Self::OF_ARRIVALS).div_ceil(Self::OF_ARRIVALS - 1) + 2);
        if budget_bytes < needed && retention <= crate::MAX_RETENTION {
            return Err(LedgerConfigError::BudgetTooSmall { needed, budget: budget_bytes });
        }
        let arrivals = (budget_bytes / Self::OF_ARRIVALS).max(least_arrivals);
        Ok(Self {
            ledger: LedgerConfig::new(retention, budget_bytes.saturating_sub(arrivals) / 2)?,
            arrivals: Arrivals::config(arrivals)?,
        })
    }

    /// The ledger that a scan fills.
    pub fn ledger(&self) -> LedgerConfig {
        self.ledger
    }
}
