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
fn gaps_bring_scans_at_once_and_then_at_most_one_a_minute() {
    let mut rescans = scanned();
    for second in [20, 21, 22] {
        rescans.want(WhyScan::Gap);
        assert_eq!(rescans.due(at(second)), Some(WhyScan::Gap), "at {second} s");
        rescans.began(WhyScan::Gap, at(second));
        rescans.completed(at(second));
    }
    rescans.want(WhyScan::Gap);
    assert_eq!(rescans.due(at(79)), None);
    assert_eq!(rescans.due(at(80)), Some(WhyScan::Gap));
    rescans.began(WhyScan::Gap, at(80));
    rescans.completed(at(81));
    rescans.want(WhyScan::Replaced);
    assert_eq!(rescans.due(at(139)), None);
    assert_eq!(rescans.due(at(140)), Some(WhyScan::Replaced));
}

#[test]
fn a_scan_that_nothing_waits_for_makes_way_for_one_that_is_needed() {
    let mut rescans = scanned();
    rescans.began(WhyScan::Rotation, at(7210));
    assert_eq!(rescans.due(at(9999)), None);
    rescans.want(WhyScan::Gap);
    assert_eq!(rescans.due(at(9999)), Some(WhyScan::Gap));
    rescans.began(WhyScan::Gap, at(9999));
    rescans.want(WhyScan::Replaced);
    assert_eq!(rescans.due(at(10_500)), None, "one that is needed is not given up for another");
    rescans.completed(at(10_500));
    assert_eq!(rescans.due_at(), Some(at(10_500 + 7200)));
}

#[test]
fn while_feeds_cannot_be_followed_scans_come_with_pauses() {
    let mut rescans = scanned();
    rescans.want(WhyScan::Blind);
    assert_eq!(rescans.due(at(69)), None);
    assert_eq!(rescans.due(at(70)), Some(WhyScan::Blind));
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
    assert!(rescans.differences_stay());
    assert!(waits[5..].iter().all(|wait| *wait == 7200), "{waits:?}");
}

#[test]
fn a_rotation_without_a_difference_ends_the_waiting() {
    let mut rescans = scanned();
    differ(&mut rescans, 3);
    rescans.began(WhyScan::Difference, at(610));
    rescans.completed(at(620));
    assert!(rescans.differences_stay());
    rescans.began(WhyScan::Rotation, at(7820));
    rescans.completed(at(7830));
    assert!(!rescans.differences_stay());
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
    assert_eq!(rescans.due(at(11)), Some(WhyScan::Replaced));
}

proptest! {
    #[test]
    fn no_reasons_make_more_than_a_scan_a_minute_beyond_the_first_three(
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
        for (number, first) in begun.iter().enumerate() {
            for (more, last) in begun[number..].iter().enumerate().skip(3) {
                prop_assert!((last - first) / 60 + 3 >= more as u64, "{more} after {first}: {begun:?}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_checks_find_in_a_day_brings_less_than_a_scan_in_forty_minutes(
        spells in prop::collection::vec((any::<bool>(), 1_u64..1500), 1..60),
    ) {
        // Foreign and refused documents, deletions and unannounced writes show as differences, for a while or for good.
        let mut rescans = scanned();
        let (mut now, mut scans) = (10, 0);
        let checks = spells.iter().cycle().flat_map(|(differs, checks)| (0..*checks).map(|_| *differs));
        for differs in checks.take(8640) {
            now += 10;
            rescans.checked(i64::from(differs));
            if let Some(why) = rescans.due(at(now)) {
                rescans.began(why, at(now));
                rescans.completed(at(now));
                scans += 1;
            }
        }
        prop_assert!(scans <= 36, "{scans} scans");
    }
}
