//! Alerting in worlds that a seed decides: messages, store, receivers, processes and clocks, and everything that may go
//! wrong with them. What the design promises is checked after each step.
//!
//! `SCOUT_SIM_WORLDS` says how many worlds there are, `SCOUT_SIM_SEED` which one alone.
#![expect(clippy::expect_used, reason = "tests show behaviour by failing loudly")]

mod chance;
mod checks;
mod feed;
mod machine;
mod plan;
mod process;
mod shrink;
mod store;
mod world;

use checks::Invariant;
use machine::Defect;
use shrink::Trial;
use world::Report;

/// Worlds of an ordinary run of the tests.
const WORLDS: u64 = 60;

#[expect(clippy::disallowed_methods, reason = "a test is told by its environment how long it may take")]
fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

#[test]
fn in_every_world_alerts_are_told_once_and_end_when_it_is_over() {
    let trial = Trial::default();
    let seeds = match number("SCOUT_SIM_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SCOUT_SIM_WORLDS").unwrap_or(WORLDS),
    };
    let mut sum = Report::default();
    for seed in seeds {
        match trial.run(seed) {
            Ok(report) => sum.add(report),
            Err(failure) => panic!("{failure}\n{}", trial.history(seed)),
        }
    }
    assert!(sum.firings > 0 && sum.deliveries > 0, "worlds in which nothing happens show nothing: {sum:?}");
}

/// Seeds in which each planted defect shows.
const SEEDS: u64 = 400;

#[track_caller]
fn fails(defect: Defect, invariant: Invariant) {
    let trial = Trial { defect: Some(defect), only: Some(invariant) };
    let failure = (0..SEEDS).find_map(|seed| trial.run(seed).err());
    assert_eq!(failure.map(|failure| failure.invariant), Some(invariant), "{defect:?} is not noticed");
}

#[test]
fn invariant_1_fails_where_an_alert_is_told_before_anybody_has_accepted_it() {
    fails(Defect::ToldBeforeAccepted, Invariant::EveryFiringIsTold);
}

#[test]
fn invariant_1_fails_where_a_failed_delivery_is_not_tried_again() {
    fails(Defect::NeverTriedAgain, Invariant::EveryFiringIsTold);
}

#[test]
fn invariant_2_fails_where_a_receiver_is_taken_to_know_what_it_has_not_accepted() {
    fails(Defect::NeverTriedAgain, Invariant::NoEndWithoutBeginning);
}

#[test]
fn invariant_3_fails_where_what_was_told_is_kept_in_memory() {
    fails(Defect::ToldInMemory, Invariant::ToldOnce);
}

#[test]
fn invariant_4_fails_where_a_failed_query_counts_nothing() {
    fails(Defect::ErrorIsZero, Invariant::ErrorsChangeNothing);
}

#[test]
fn invariant_5_fails_where_partial_counts_are_taken_for_whole() {
    fails(Defect::PartialIsWhole, Invariant::WholeOrNotJudged);
}

#[test]
fn invariant_8_fails_where_there_are_as_many_alerts_as_labels() {
    fails(Defect::NoLimit, Invariant::Bounded);
}

#[test]
fn invariant_10_fails_where_what_must_last_is_measured_by_the_clock_on_the_wall() {
    fails(Defect::WallClock, Invariant::ClocksChangeNothing);
}
