//! The last good numbers stay, and say how far they can be relied on.

use std::time::Duration;

use proptest::prelude::*;
use scout_core::{
    Board, Finding, FindingKind, Ledger, LedgerConfig, MonoTime, NotReady, Now, Snapshot, StoreError,
    StoreErrorKind, WallTime,
};

const INTERVAL: Duration = Duration::from_secs(60);

/// So many seconds after the start, on both clocks.
fn at(seconds: u64) -> Now {
    let span = Duration::from_secs(seconds);
    Now { wall: WallTime::from_unix_ms(1_775_030_400_000).plus(span), mono: MonoTime::from_start(span) }
}

fn snapshot(board: &Board, now: Now) -> Snapshot {
    let config = LedgerConfig::new(Duration::from_secs(3600), 32 << 20)
        .unwrap_or_else(|error| unreachable!("{error}"));
    Snapshot::new(&Ledger::new(config, now.wall), board.next_generation(), now.wall, 0)
}

fn succeed(board: &mut Board, now: Now) {
    board.succeed(snapshot(board, now), Vec::new(), now);
}

fn fail(board: &mut Board, kind: StoreErrorKind, now: Now) {
    board.fail(&StoreError::new(kind, "what happened"), now);
}

#[test]
fn before_the_first_cycle_nothing_is_ready() {
    let board = Board::new(INTERVAL);
    let publication = board.publication();
    assert!(
        publication.snapshot.is_none()
            && publication.last_success.is_none()
            && publication.last_error.is_none()
    );
    assert_eq!(publication.readiness(at(0).mono), Err(NotReady::IndexNotReady));
    assert_eq!(publication.stale_after, Duration::from_secs(180));
}

#[test]
fn a_success_is_ready_for_three_intervals_and_no_longer() {
    let mut board = Board::new(INTERVAL);
    succeed(&mut board, at(10));
    let publication = board.publication();
    assert_eq!(publication.readiness(at(10).mono), Ok(()));
    assert_eq!(publication.readiness(at(190).mono), Ok(()));
    assert_eq!(publication.readiness(at(191).mono), Err(NotReady::TooOld));
}

#[test]
fn a_step_of_the_wall_clock_changes_no_readiness() {
    let mut board = Board::new(INTERVAL);
    let stepped = Now { wall: at(10).wall.minus(Duration::from_secs(3600)), mono: at(10).mono };
    succeed(&mut board, stepped);
    assert_eq!(board.publication().readiness(at(100).mono), Ok(()));
}

#[test]
fn a_failure_keeps_the_last_numbers_and_marks_them() {
    let mut board = Board::new(INTERVAL);
    succeed(&mut board, at(0));
    let good = board.publication().snapshot.clone();
    fail(&mut board, StoreErrorKind::Unreachable, at(60));
    fail(&mut board, StoreErrorKind::Timeout, at(120));
    let publication = board.publication();
    let kept = publication.snapshot.as_ref().zip(good.as_ref());
    assert!(kept.is_some_and(|(kept, good)| std::sync::Arc::ptr_eq(kept, good)));
    assert_eq!(publication.stale_since, Some(at(60).wall));
    assert_eq!(publication.last_success, Some(at(0)));
    assert_eq!(publication.last_error, Some((StoreErrorKind::Timeout, "what happened".into())));
    assert_eq!(publication.consecutive_failures, 2);
}

#[test]
fn a_failure_is_ready_until_the_numbers_are_too_old() {
    let mut board = Board::new(INTERVAL);
    succeed(&mut board, at(0));
    fail(&mut board, StoreErrorKind::Unreachable, at(60));
    assert_eq!(board.publication().readiness(at(180).mono), Ok(()));
    assert_eq!(board.publication().readiness(at(181).mono), Err(NotReady::TooOld));
}

#[test]
fn an_index_that_is_missing_or_being_built_is_not_ready_at_once() {
    for kind in [StoreErrorKind::IndexMissing, StoreErrorKind::IndexBuilding] {
        let mut board = Board::new(INTERVAL);
        succeed(&mut board, at(0));
        fail(&mut board, kind, at(60));
        assert_eq!(board.publication().readiness(at(60).mono), Err(NotReady::IndexNotReady));
    }
}

#[test]
fn an_index_that_never_answered_in_time_is_there_without_a_success() {
    for kind in [StoreErrorKind::Timeout, StoreErrorKind::Partial] {
        let mut board = Board::new(INTERVAL);
        fail(&mut board, kind, at(0));
        assert_eq!(board.publication().readiness(at(0).mono), Err(NotReady::NoSuccessYet));
    }
    let mut board = Board::new(INTERVAL);
    fail(&mut board, StoreErrorKind::Unreachable, at(0));
    assert_eq!(board.publication().readiness(at(0).mono), Err(NotReady::IndexNotReady));
}

#[test]
fn a_success_takes_every_mark_away() {
    let mut board = Board::new(INTERVAL);
    fail(&mut board, StoreErrorKind::Unreachable, at(0));
    let finding = Finding::new(FindingKind::Server, 1, "no persistence");
    let published = board.succeed(snapshot(&board, at(60)), vec![finding.clone()], at(60));
    assert_eq!(
        (published.stale_since, published.last_error, published.consecutive_failures),
        (None, None, 0)
    );
    assert_eq!(&*published.findings, [finding]);
    assert_eq!(published.stale_after, Duration::from_secs(180));
}

#[test]
fn findings_of_the_last_success_stay_through_a_failure() {
    let mut board = Board::new(INTERVAL);
    let finding = Finding::new(FindingKind::Server, 1, "no persistence");
    board.succeed(snapshot(&board, at(0)), vec![finding.clone()], at(0));
    fail(&mut board, StoreErrorKind::Timeout, at(60));
    assert_eq!(&*board.publication().findings, [finding]);
}

#[test]
fn an_interval_of_ages_is_never_too_old() {
    let mut board = Board::new(Duration::MAX);
    succeed(&mut board, at(0));
    assert_eq!(board.publication().readiness(at(1_000_000_000).mono), Ok(()));
}

proptest! {
    #[test]
    fn generations_grow_by_one_with_each_success(outcomes in prop::collection::vec(any::<bool>(), 0..40)) {
        let mut board = Board::new(INTERVAL);
        let mut successes = 0;
        for (seconds, success) in (0..).step_by(60).zip(outcomes) {
            if success {
                succeed(&mut board, at(seconds));
                successes += 1;
            } else {
                fail(&mut board, StoreErrorKind::Timeout, at(seconds));
            }
            let publication = board.publication();
            prop_assert_eq!(publication.snapshot.as_ref().map_or(0, |snapshot| snapshot.generation), successes);
            prop_assert_eq!(publication.stale_since.is_some(), !success);
            prop_assert_eq!(publication.consecutive_failures > 0, !success);
        }
    }
}
