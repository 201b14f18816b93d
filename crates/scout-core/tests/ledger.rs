//! The ledger counts every message once, in the place that its event time gives it.
#![expect(clippy::expect_used, reason = "tests show behaviour by failing loudly")]

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use scout_core::{
    AHEAD, Label, Ledger, LedgerConfig, LedgerConfigError, MAX_RETENTION, Row, Tally, WallTime,
};

/// 2026-04-01T08:00:00.250Z
const NOW: WallTime = WallTime::from_unix_ms(1_775_030_400_250);
const DAY: Duration = Duration::from_secs(24 * 3600);

fn config(retention: Duration) -> LedgerConfig {
    LedgerConfig::new(retention, 100 << 20).expect("a budget that is large enough")
}

fn ledger() -> Ledger {
    Ledger::new(config(2 * DAY), NOW)
}

fn record(ledger: &mut Ledger, severity: &str, system: &str, event_time: Option<WallTime>) {
    let timestamp = event_time.map(|time| time.to_string());
    let row = Row {
        severity: Some(severity),
        system: (!system.is_empty()).then_some(system),
        timestamp: timestamp.as_deref(),
        ..Row::default()
    };
    ledger.record(&row.facts().expect("a message"));
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

type Cells = BTreeMap<(Label, Label), u64>;

fn cells(tally: &Tally<'_>) -> Cells {
    tally.cells().map(|(system, severity, count)| ((system, severity), count)).collect()
}

fn named(name: &str) -> Label {
    Label::Named(name.into())
}

#[test]
fn a_message_counts_in_every_window_that_reaches_back_to_it() {
    let mut ledger = ledger();
    record(&mut ledger, "error", "flux", Some(NOW.minus(seconds(100))));
    assert_eq!(ledger.window(seconds(99), NOW).total(), 0);
    assert_eq!(ledger.window(seconds(100), NOW).total(), 1);
    assert_eq!(ledger.window(2 * DAY, NOW).total(), 1);
    assert_eq!(ledger.total().total(), 1);
}

#[test]
fn a_window_by_severity_is_the_window_whatever_the_systems() {
    let mut ledger = ledger();
    for (severity, system, age) in
        [("error", "a", 5), ("ERROR", "b", 50), ("info", "a", 50), ("error", "a", 500)]
    {
        record(&mut ledger, severity, system, Some(NOW.minus(seconds(age))));
    }
    let (counts, folded) = ledger.window_by_severity(seconds(60), NOW);
    assert_eq!(counts, BTreeMap::from([("error".into(), 2), ("info".into(), 1)]));
    assert_eq!(folded, 0);
    for number in 0..100 {
        record(&mut ledger, &format!("odd {number}"), "a", Some(NOW));
    }
    let (counts, folded) = ledger.window_by_severity(seconds(60), NOW);
    assert_eq!(counts.values().sum::<u64>() + folded, ledger.window(seconds(60), NOW).total());
    assert!(folded > 0);
}

#[test]
fn a_window_says_from_when_on_it_counts() {
    let ledger = ledger();
    assert_eq!(ledger.window(seconds(60), NOW).from(), Some(WallTime::from_unix_ms(1_775_030_340_000)));
    assert_eq!(ledger.window(30 * DAY, NOW).from(), Some(WallTime::from_unix_ms(1_774_857_600_000)));
    assert_eq!(ledger.total().from(), None);
}

#[test]
fn what_is_up_to_a_minute_ahead_counts_in_every_window() {
    let mut ledger = ledger();
    record(&mut ledger, "info", "a", Some(NOW.plus(AHEAD)));
    record(&mut ledger, "info", "a", Some(NOW.plus(AHEAD).plus(seconds(1))));
    assert_eq!(ledger.window(seconds(1), NOW).total(), 1);
    assert_eq!(ledger.ahead(), 1);
    assert_eq!(ledger.total().total(), 2);
}

#[test]
fn what_is_older_than_retention_or_undated_counts_in_the_total_only() {
    let mut ledger = ledger();
    record(&mut ledger, "info", "a", Some(NOW.minus(3 * DAY)));
    record(&mut ledger, "info", "a", None);
    assert_eq!(ledger.window(2 * DAY, NOW).total(), 0);
    assert_eq!((ledger.older(), ledger.undated(), ledger.ahead()), (1, 1, 0));
    assert_eq!(ledger.total().total(), 2);
}

#[test]
fn cells_keep_system_and_severity_apart() {
    let mut ledger = ledger();
    for (severity, system) in [("WARN", "a"), ("warning", "a"), ("warning", "b"), ("info", ""), ("info", "A")]
    {
        record(&mut ledger, severity, system, Some(NOW));
    }
    let expected = Cells::from([
        ((named("a"), named("warning")), 2),
        ((named("b"), named("warning")), 1),
        ((named("A"), named("info")), 1),
        ((Label::Missing, named("info")), 1),
    ]);
    assert_eq!(cells(&ledger.total()), expected);
    assert_eq!(cells(&ledger.window(seconds(1), NOW)), expected);
}

#[test]
fn what_ages_out_of_the_retention_is_older_and_not_lost() {
    let mut ledger = ledger();
    record(&mut ledger, "info", "a", Some(NOW));
    ledger.advance(NOW.plus(DAY));
    assert_eq!(ledger.window(2 * DAY, NOW.plus(DAY)).total(), 1);
    ledger.advance(NOW.plus(4 * DAY));
    assert_eq!(ledger.window(2 * DAY, NOW.plus(4 * DAY)).total(), 0);
    assert_eq!((ledger.older(), ledger.total().total()), (1, 1));
}

#[test]
fn a_present_before_the_last_one_changes_nothing() {
    let mut ledger = ledger();
    record(&mut ledger, "info", "a", Some(NOW));
    let before = contents(&ledger, NOW);
    ledger.advance(NOW.minus(DAY));
    assert_eq!(contents(&ledger, NOW), before);
}

#[test]
fn what_was_ahead_stays_so_until_it_is_counted_anew() {
    let mut ledger = ledger();
    record(&mut ledger, "info", "a", Some(NOW.plus(DAY)));
    ledger.advance(NOW.plus(2 * DAY));
    assert_eq!((ledger.ahead(), ledger.window(2 * DAY, NOW.plus(2 * DAY)).total()), (1, 0));
}

#[test]
fn a_retention_beyond_a_year_is_refused() {
    assert!(LedgerConfig::new(MAX_RETENTION, 1 << 30).is_ok());
    let error = LedgerConfig::new(MAX_RETENTION + seconds(1), 1 << 30).unwrap_err();
    assert_eq!(error, LedgerConfigError::RetentionTooLong);
}

#[test]
fn a_budget_too_small_for_the_retention_is_refused_with_what_would_do() {
    let error = LedgerConfig::new(2 * DAY, 1 << 20).unwrap_err();
    let LedgerConfigError::BudgetTooSmall { needed, budget } = error else { panic!("{error}") };
    assert_eq!(budget, 1 << 20);
    assert!(LedgerConfig::new(2 * DAY, needed - 1).is_err());
    let config = LedgerConfig::new(2 * DAY, needed).expect("what would do");
    assert_eq!((config.retention(), config.budget_bytes()), (2 * DAY, needed));
}

#[test]
fn a_ledger_without_retention_still_counts() {
    let mut ledger = Ledger::new(config(Duration::ZERO), NOW);
    record(&mut ledger, "info", "a", Some(NOW));
    record(&mut ledger, "info", "a", Some(NOW.minus(seconds(2))));
    assert_eq!((ledger.older(), ledger.total().total()), (1, 2));
}

#[derive(Clone, Debug)]
struct Event {
    severity: String,
    system: String,
    at: Option<WallTime>,
}

/// Few names, so that cells are met again; times around the present, the tiers' ends and the retention's.
fn any_event() -> impl Strategy<Value = Event> {
    let age_ms = prop_oneof![
        -120_000_i64..120_000,
        0_i64..3_700_000,
        0_i64..200_000_000,
        prop::sample::select(vec![600_000, 3_600_000, 32_400_000, 172_800_000, i64::from(i32::MAX)]),
    ];
    let at = prop::option::weighted(0.9, age_ms.prop_map(|age| WallTime::from_unix_ms(NOW.unix_ms() - age)));
    let severity = prop::sample::select(vec!["info", "ERROR", "warn", "", "page"]);
    let system = prop::sample::select(vec!["", "a", "b", "org/repo", "Küche"]);
    (severity, system, at).prop_map(|(severity, system, at)| Event {
        severity: severity.to_owned(),
        system: system.to_owned(),
        at,
    })
}

fn any_events() -> impl Strategy<Value = Vec<Event>> {
    prop::collection::vec(any_event(), 0..60)
}

fn counted(events: &[Event], now: WallTime) -> Ledger {
    let mut ledger = Ledger::new(config(2 * DAY), now);
    for Event { severity, system, at } in events {
        record(&mut ledger, severity, system, *at);
    }
    ledger
}

/// Everything that a ledger can say.
fn contents(ledger: &Ledger, now: WallTime) -> (Vec<Cells>, [u64; 3]) {
    let windows = [1, 60, 300, 601, 3600, 9000, 40_000, 100_000, 172_800];
    let mut tallies: Vec<Cells> = windows.map(|span| cells(&ledger.window(seconds(span), now))).into();
    tallies.push(cells(&ledger.total()));
    (tallies, [ledger.older(), ledger.ahead(), ledger.undated()])
}

fn merged(into: &Ledger, other: &Ledger) -> Ledger {
    let mut sum = into.clone();
    sum.merge(other);
    sum
}

proptest! {
    #[test]
    fn invariant_9_window_totals_equal_the_messages_since_their_beginning(events in any_events(), span in 1_u64..180_000) {
        let ledger = counted(&events, NOW);
        let window = ledger.window(seconds(span), NOW);
        let from = window.from().expect("the beginning of a window");
        let inside = |time: WallTime| from <= time && time <= NOW.plus(AHEAD);
        let expected = events.iter().filter(|event| event.at.is_some_and(inside)).count();
        prop_assert_eq!(window.total(), expected as u64);
        prop_assert_eq!(cells(&window).values().sum::<u64>(), window.total());
    }

    #[test]
    fn invariant_9_the_total_is_the_slots_and_what_lies_beside_them(
        events in any_events(), steps in prop::collection::vec(0_u64..100_000, 0..4),
    ) {
        let mut ledger = counted(&events, NOW);
        let mut now = NOW;
        for step in steps {
            now = now.plus(seconds(step));
            ledger.advance(now);
            let slots = ledger.window(3 * DAY, now).total();
            prop_assert_eq!(slots + ledger.older() + ledger.ahead() + ledger.undated(), events.len() as u64);
            prop_assert_eq!(ledger.total().total(), events.len() as u64);
        }
    }

    #[test]
    fn invariant_9_advancing_by_steps_is_advancing_at_once(
        events in any_events(), steps in prop::collection::vec(0_u64..100_000, 0..5),
    ) {
        let mut stepwise = counted(&events, NOW);
        let mut now = NOW;
        for step in steps {
            now = now.plus(seconds(step));
            stepwise.advance(now);
        }
        let mut at_once = counted(&events, NOW);
        at_once.advance(now);
        prop_assert_eq!(contents(&stepwise, now), contents(&at_once, now));
    }

    #[test]
    fn invariant_9_merging_is_commutative(a in any_events(), b in any_events(), apart in 0_u64..100_000) {
        let later = NOW.plus(seconds(apart));
        let (a, b) = (counted(&a, NOW), counted(&b, later));
        prop_assert_eq!(contents(&merged(&a, &b), later), contents(&merged(&b, &a), later));
    }

    #[test]
    fn invariant_9_merging_is_associative(
        a in any_events(), b in any_events(), c in any_events(), apart in 0_u64..100_000,
    ) {
        let later = NOW.plus(seconds(apart));
        let (a, b, c) = (counted(&a, later), counted(&b, NOW), counted(&c, NOW.plus(seconds(apart / 2))));
        let (left, right) = (merged(&merged(&a, &b), &c), merged(&a, &merged(&b, &c)));
        prop_assert_eq!(contents(&left, later), contents(&right, later));
    }

    #[test]
    fn invariant_9_a_merged_ledger_is_one_that_counted_both(a in any_events(), b in any_events()) {
        let both: Vec<Event> = a.iter().chain(&b).cloned().collect();
        let sum = merged(&counted(&a, NOW), &counted(&b, NOW));
        prop_assert_eq!(contents(&sum, NOW), contents(&counted(&both, NOW), NOW));
    }

    #[test]
    fn invariant_9_the_order_of_arrival_does_not_matter(events in any_events(), seed in any::<u64>()) {
        let mut shuffled = events.clone();
        shuffled.sort_by_cached_key(|event| {
            format!("{event:?}").bytes().fold(seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
        });
        prop_assert_eq!(contents(&counted(&shuffled, NOW), NOW), contents(&counted(&events, NOW), NOW));
    }

    #[test]
    fn merging_an_empty_ledger_changes_nothing(events in any_events()) {
        let ledger = counted(&events, NOW);
        prop_assert_eq!(contents(&merged(&ledger, &counted(&[], NOW)), NOW), contents(&ledger, NOW));
        prop_assert_eq!(contents(&merged(&counted(&[], NOW), &ledger), NOW), contents(&ledger, NOW));
    }
}
