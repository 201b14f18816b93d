//! When two findings are one that has lasted.

use scout_core::{Finding, FindingKind};

#[test]
fn a_finding_stays_the_same_while_only_its_numbers_change() {
    let of = |kind, count, text: &str| Finding::new(kind, count, text);
    let first = of(FindingKind::Server, 1, "away for 3 s");
    assert!(first.is_same_as(&of(FindingKind::Server, 9, "away for 64 s")));
    assert!(!first.is_same_as(&of(FindingKind::Server, 1, "cannot write for 3 s")));
    assert!(!first.is_same_as(&of(FindingKind::MasterLost, 1, "away for 3 s")));
}
