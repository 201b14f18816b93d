//! When the store is scanned again, and that nothing makes scans follow each other without end.

use std::time::Duration;

use proptest::prelude::*;
use scout_core::{MonoTime, RescanPolicy, Rescans, Urgency, WhyScan};

fn at(seconds: u64) -> MonoTime {
    MonoTime::from_start(Duration::from_secs(seconds))
}

/// A first scan from 0 to 10 s.
fn scanned() -> Rescans {
    let mut rescans = Rescans::new(RescanPolicy::default());
    rescans.began(WhyScan::Start, at(0));
    rescans.completed(at(10));
    rescans
}

fn differ(rescans: &mut Rescans, checks: u32) {
    for _ in 0..checks {
        rescans.checked(-1);
    }
}

#[test]
fn the_first_scan_is_due_at_once_and_may_take_a_half() {
    let rescans = Rescans::new(RescanPolicy::default());
    assert_eq!(rescans.due(at(0)), Some(WhyScan::Start));
    assert_eq!(WhyScan::Start.urgency(), Urgency::Urgent);
}

#[test]
fn without_a_reason_the_next_scan_is_two_hours_away() {
    let rescans = scanned();
    assert_eq!(rescans.due(at(7209)), None);
    assert_eq!(rescans.due(at(7210)), Some(WhyScan::Rotation));
    assert_eq!(rescans.due_at(), Some(at(7210)));
    assert_eq!(WhyScan::Rotation.urgency(), Urgency::Routine);
}

#[test]
fn a_gap_brings_a_scan_at_once_but_at_most_one_a_minute() {
    let mut rescans = scanned();
    rescans.want(WhyScan::Gap);
    assert_eq!(rescans.due(at(59)), None);
    assert_eq!(rescans.due(at(60)), Some(WhyScan::Gap));
    rescans.began(WhyScan::Gap, at(60));
    rescans.completed(at(61));
    rescans.want(WhyScan::Gap);
    assert_eq!(rescans.due(at(119)), None);
    assert_eq!(rescans.due(at(120)), Some(WhyScan::Gap));
}

#[test]
fn only_a_difference_that_stays_for_three_checks_brings_a_scan_forward() {
    let mut rescans = scanned();
    differ(&mut rescans, 2);
    rescans.checked(0);
    differ(&mut rescans, 2);
    assert_eq!(rescans.due(at(7000)), None);
    differ(&mut rescans, 1);
    assert_eq!(rescans.due(at(609)), None);
    assert_eq!(rescans.due(at(610)), Some(WhyScan::Difference));
}

#[test]
fn differences_that_return_are_scanned_for_less_and_less_often() {
    let mut rescans = scanned();
    let (mut now, mut waits) = (10, Vec::new());
    for _ in 0..8 {
        differ(&mut rescans, 3);
        let due = rescans.due_at().map_or(0, |due| due.since(at(now)).as_secs());
        waits.push(due);
        now += due;
        let why = rescans.due(at(now));
        assert!(matches!(why, Some(WhyScan::Difference | WhyScan::Rotation)), "{why:?}");
        rescans.began(why.unwrap_or(WhyScan::Difference), at(now));
        rescans.completed(at(now));
    }
    assert_eq!(waits[..5], [600, 1200, 2400, 4800, 7200]);
    assert!(rescans.differences_return());
    assert!(waits[5..].iter().all(|wait| *wait == 7200), "{waits:?}");
}

#[test]
fn a_rotation_without_a_difference_ends_the_waiting() {
    let mut rescans = scanned();
    differ(&mut rescans, 3);
    rescans.began(WhyScan::Difference, at(610));
    rescans.completed(at(620));
    assert!(rescans.differences_return());
    rescans.began(WhyScan::Rotation, at(7820));
    rescans.completed(at(7830));
    assert!(!rescans.differences_return());
}

#[test]
fn a_scan_that_failed_is_tried_again_with_growing_pauses() {
    let mut rescans = Rescans::new(RescanPolicy::default());
    let (mut now, mut waits) = (0, Vec::new());
    for _ in 0..9 {
        rescans.began(WhyScan::Start, at(now));
        rescans.failed(at(now));
        let due = rescans.due_at().map_or(0, |due| due.since(at(now)).as_secs());
        assert_eq!(rescans.due(at(now + due)), Some(WhyScan::Start));
        waits.push(due);
        now += due;
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
}

#[test]
fn what_is_wanted_most_is_why_a_scan_is_made() {
    let mut rescans = scanned();
    rescans.want(WhyScan::Difference);
    rescans.want(WhyScan::Replaced);
    rescans.want(WhyScan::Gap);
    assert_eq!(rescans.due(at(60)), Some(WhyScan::Replaced));
}

proptest! {
    #[test]
    fn no_reasons_make_more_than_a_scan_a_minute(
        reasons in prop::collection::vec((0_u8..4, 0_u64..30), 0..300),
    ) {
        let mut rescans = scanned();
        let (mut now, mut begun) = (10, vec![0]);
        for (reason, passed) in reasons {
            now += passed;
            match reason {
                0 => rescans.want(WhyScan::Gap),
                1 => rescans.want(WhyScan::Replaced),
                2 => rescans.checked(3),
                _ => rescans.checked(0),
            }
            if let Some(why) = rescans.due(at(now)) {
                rescans.began(why, at(now));
                rescans.completed(at(now + 1));
                begun.push(now);
            }
        }
        for pair in begun.windows(2) {
            prop_assert!(pair[1] - pair[0] >= 60, "{pair:?}");
        }
    }
}
