//! How much memory it may take.

use std::time::Duration;

use scout_core::{LedgerConfigError, LiveConfig};

#[test]
fn the_budget_is_shared_by_all_ledgers_and_told_as_a_whole() {
    for retention_s in [0, 60, 3600, 48 * 3600, 366 * 24 * 3600] {
        let retention = Duration::from_secs(retention_s);
        let error = LiveConfig::new(retention, 1 << 20).expect_err("too small");
        let LedgerConfigError::BudgetTooSmall { needed, budget } = error else { unreachable!("{error}") };
        assert_eq!(budget, 1 << 20);
        LiveConfig::new(retention, needed).expect("what is needed is enough");
        let less = LiveConfig::new(retention, needed - 3);
        assert!(less.is_err(), "{retention:?} needs less than {needed}");
    }
}
