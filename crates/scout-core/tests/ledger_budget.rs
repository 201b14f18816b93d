//! Whatever is counted, the ledger keeps to its budget, and counts it all the same.
#![expect(clippy::expect_used, reason = "tests show behaviour by failing loudly")]

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use scout_core::{
    Facts, Label, Ledger, LedgerConfig, LedgerConfigError, MAX_SEVERITIES, Row, Severity, Snapshot, WallTime,
};

const NOW: WallTime = WallTime::from_unix_ms(1_775_030_400_250);

/// The least budget that a retention can have, and so much more.
fn config(retention: Duration, more_bytes: usize) -> LedgerConfig {
    let needed = match LedgerConfig::new(retention, 0) {
        Err(LedgerConfigError::BudgetTooSmall { needed, .. }) => needed,
        other => unreachable!("{other:?}"),
    };
    LedgerConfig::new(retention, needed + more_bytes).expect("at least what is needed")
}

fn facts<'a>(severity: &'a str, system: &'a str, event_time: Option<WallTime>) -> Facts<'a> {
    let mut facts =
        Row { severity: Some(severity), system: Some(system), ..Row::default() }.facts().expect("a message");
    facts.event_time = event_time;
    facts
}

/// Spreads a number over all values of 64 bits.
fn scatter(number: u64) -> u64 {
    (number ^ 0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9).rotate_left(31)
}

fn share(ledger: &Ledger, label: &Label) -> u64 {
    ledger
        .total()
        .cells()
        .filter(|(system, severity, _)| system == label || severity == label)
        .map(|cell| cell.2)
        .sum()
}

#[test]
fn invariant_8_a_million_systems_severities_and_odd_times_stay_within_the_budget() {
    let config = config(Duration::from_secs(48 * 3600), 8 << 20);
    let mut ledger = Ledger::new(config, NOW);
    let messages = 1_000_000_u64;
    for number in 0..messages {
        let odd = scatter(number);
        let event_time = match odd % 7 {
            0 => None,
            1 => Some(WallTime::from_unix_ms(odd.cast_signed())),
            2 => Some(NOW.plus(Duration::from_millis(odd >> 40))),
            _ => Some(NOW.minus(Duration::from_millis(odd >> 36))),
        };
        let system = format!("system {odd:x}");
        let severity = format!("severity {}", odd % 1000);
        ledger.record(&facts(if odd.is_multiple_of(3) { &severity } else { "info" }, &system, event_time));
        if number % 1000 == 0 {
            assert!(ledger.used_bytes() <= config.budget_bytes(), "after {number} messages");
        }
    }
    assert!(ledger.used_bytes() <= config.budget_bytes());
    assert_eq!(ledger.total().total(), messages);
    assert!(ledger.folded() > 0);
    assert_eq!(ledger.folded(), share(&ledger, &Label::Folded));
    let slots = ledger.window(Duration::from_secs(48 * 3600), NOW).total();
    assert_eq!(slots + ledger.older() + ledger.ahead() + ledger.undated(), messages);
}

#[test]
fn invariant_8_every_slot_with_every_severity_fits_into_what_is_kept_free() {
    let retention = Duration::from_secs(2 * 3600);
    let config = config(retention, 0);
    let mut ledger = Ledger::new(config, NOW);
    // Systems first, until no more get a name; then every cell that there can be.
    for number in 0..200_000 {
        ledger.record(&facts("info", &format!("system {number}"), None));
    }
    let long = "s".repeat(1000);
    for severity in (0..=MAX_SEVERITIES).map(|number| format!("{long} {number}")) {
        for age in (0..660).chain((660..7200).step_by(10)) {
            ledger.record(&facts(&severity, "one system more", Some(NOW.minus(Duration::from_secs(age)))));
        }
    }
    assert!(
        ledger.used_bytes() <= config.budget_bytes(),
        "{} of {}",
        ledger.used_bytes(),
        config.budget_bytes()
    );
}

#[test]
fn invariant_8_merging_and_advancing_stay_within_the_budget() {
    let config = config(Duration::from_secs(48 * 3600), 1 << 20);
    let mut sum = Ledger::new(config, NOW);
    let mut messages = 0;
    for round in 0..10_u64 {
        let now = NOW.plus(Duration::from_secs(5 * 3600 * round));
        let mut ledger = Ledger::new(config, now);
        for number in 0..10_000 {
            let odd = scatter(round * 10_000 + number);
            let event_time = now.minus(Duration::from_millis(odd >> 37));
            ledger.record(&facts("info", &format!("system {}", odd % 20_000), Some(event_time)));
            messages += 1;
        }
        sum.merge(&ledger);
        assert!(sum.used_bytes() <= config.budget_bytes());
        assert_eq!(sum.total().total(), messages);
        sum.advance(now.plus(Duration::from_secs(3600)));
        assert!(sum.used_bytes() <= config.budget_bytes());
        assert_eq!(sum.total().total(), messages);
    }
}

#[test]
fn what_has_a_name_keeps_it_when_the_budget_is_used_up() {
    let mut ledger = Ledger::new(config(Duration::from_secs(48 * 3600), 0), NOW);
    ledger.record(&facts("error", "first", Some(NOW)));
    for number in 0..100_000 {
        ledger.record(&facts("info", &format!("system {number}"), Some(NOW)));
    }
    ledger.record(&facts("error", "first", Some(NOW)));
    ledger.record(&facts("error", "too late", Some(NOW)));
    assert_eq!(share(&ledger, &Label::Named("first".into())), 2);
    assert_eq!(share(&ledger, &Label::Named("too late".into())), 0);
}

#[test]
fn a_system_that_gets_a_name_is_counted_under_it() {
    for left_bytes in (400..1400).step_by(40) {
        let config = config(Duration::from_secs(600), 0);
        let mut ledger = Ledger::new(config, NOW);
        let mut numbers = 0..;
        // Half of the least budget is kept free for what has no name of its own.
        while ledger.used_bytes() + left_bytes < config.budget_bytes() / 2 {
            ledger.record(&facts("info", &format!("system {}", numbers.next().unwrap_or(0)), None));
        }
        for (age, number) in (0..100).zip(numbers) {
            let event_time = NOW.minus(Duration::from_secs(age));
            ledger.record(&facts("info", &format!("system {number}"), Some(event_time)));
        }
        let systems: BTreeSet<Label> = ledger.total().cells().map(|(system, ..)| system).collect();
        let named = systems.iter().filter(|system| matches!(system, Label::Named(_))).count();
        assert_eq!(Snapshot::new(&ledger, 1, NOW, 0).systems_total, named);
    }
}

#[test]
fn a_system_cannot_pose_as_the_folded_ones() {
    let mut ledger = Ledger::new(config(Duration::from_secs(48 * 3600), 0), NOW);
    for name in ["folded", "Folded", "other", "unknown"] {
        ledger.record(&facts("info", name, None));
        assert_eq!(share(&ledger, &Label::Named(name.into())), 1);
    }
    assert_eq!(ledger.folded(), 0);
}

#[test]
fn severities_beyond_the_bound_fold_and_those_before_it_do_not() {
    let mut ledger = Ledger::new(config(Duration::from_secs(48 * 3600), 0), NOW);
    for number in 0..=MAX_SEVERITIES - Severity::KNOWN.len() {
        ledger.record(&facts(&format!("severity {number}"), "a", None));
    }
    ledger.record(&facts("severity 0", "a", None));
    assert_eq!(share(&ledger, &Label::Named("severity 0".into())), 2);
    assert_eq!((ledger.folded(), ledger.folded_severities(), ledger.folded_systems()), (1, 1, 0));
}

#[test]
fn the_platforms_severities_keep_their_names_whatever_came_before_them() {
    let mut ledger = Ledger::new(config(Duration::from_secs(48 * 3600), 0), NOW);
    for number in 0..100 {
        ledger.record(&facts(&format!("junk{number}"), "a", None));
    }
    for severity in Severity::KNOWN {
        ledger.record(&facts(severity, "a", None));
    }
    let snapshot = Snapshot::new(&ledger, 1, NOW, 0);
    for severity in Severity::KNOWN {
        assert_eq!(snapshot.severities.get(severity), Some(&1), "{severity}");
    }
    assert_eq!(snapshot.total_alerts(), 2);
}

#[test]
fn alerts_of_folded_systems_are_counted_apart_from_the_rest() {
    let mut ledger = Ledger::new(config(Duration::from_secs(600), 0), NOW);
    for number in 0..100_000 {
        ledger.record(&facts("info", &format!("system {number}"), None));
    }
    ledger.record(&facts("error", "late", None));
    let snapshot = Snapshot::new(&ledger, 1, NOW, 0);
    assert_eq!((snapshot.total_alerts(), snapshot.folded_alerts), (1, 1));
    assert!(snapshot.folded_systems > 1);
}

#[test]
fn a_name_beyond_a_kilobyte_is_text_in_the_wrong_field_and_folds() {
    let mut ledger = Ledger::new(config(Duration::from_secs(48 * 3600), 0), NOW);
    let (longest, longer) = ("x".repeat(1024), "x".repeat(1025));
    ledger.record(&facts("info", &longest, None));
    assert_eq!(ledger.folded(), 0);
    ledger.record(&facts("info", &longer, None));
    ledger.record(&Facts { severity: Severity::fold(Some(&longer)), system: Some("a"), event_time: None });
    assert_eq!(ledger.folded(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn invariant_8_any_names_and_times_stay_within_the_budget(
        retention_s in 0_u64..100_000,
        messages in prop::collection::vec((".{0,40}", ".{0,40}", any::<Option<i64>>()), 0..300),
    ) {
        let config = config(Duration::from_secs(retention_s), 0);
        let mut ledger = Ledger::new(config, NOW);
        for (severity, system, event_ms) in &messages {
            ledger.record(&facts(severity, system, event_ms.map(WallTime::from_unix_ms)));
        }
        prop_assert!(ledger.used_bytes() <= config.budget_bytes());
        prop_assert_eq!(ledger.total().total(), messages.len() as u64);
    }
}
