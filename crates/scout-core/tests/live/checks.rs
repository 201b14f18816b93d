//! What a look at the store says about the count.

use std::collections::BTreeMap;
use std::time::Duration;

use scout_core::{FeedMark, LiveLedger, Moment, Offset, Replaced, Verdict};

use crate::world::{FEED, World, config, counted};

#[test]
fn entries_that_are_gone_before_they_are_read_are_a_gap_of_their_number() {
    let mut scene = counted(3);
    scene.world.keep = 2;
    for _ in 0..7 {
        let key = scene.world.set(Some(1));
        scene.world.announce(key);
    }
    assert_eq!(scene.check(), Verdict::Gap(5));
}

#[test]
fn a_look_is_compared_with_what_had_been_announced_then() {
    let mut scene = counted(3);
    let look = scene.world.moment();
    for _ in 0..4 {
        let key = scene.world.set(Some(1));
        scene.world.announce(key);
    }
    assert_eq!(scene.live.ask(look), None);
    scene.read(2);
    assert_eq!(scene.live.verdict(), Some(Verdict::Difference(0)));
    assert_eq!(scene.live.verdict(), None, "an answer is given once");
}

#[test]
fn another_store_is_told_from_the_one_that_was_counted() {
    let change = |change: fn(&mut Moment)| {
        let mut scene = counted(3);
        let mut moment = scene.world.moment();
        change(&mut moment);
        scene.live.ask(moment)
    };
    assert_eq!(change(|_| {}), None);
    assert_eq!(change(|moment| moment.server = "another".into()), Some(Replaced::Server));
    assert_eq!(change(|moment| moment.writes -= 1), Some(Replaced::Index));
    assert_eq!(
        change(|moment| moment.at = moment.at.minus(Duration::from_secs(3600))),
        Some(Replaced::Clock)
    );
    let emptied = |moment: &mut Moment| {
        moment.feeds.insert(FEED.into(), FeedMark::default());
    };
    assert_eq!(change(emptied), Some(Replaced::Feed));
}

#[test]
fn feeds_that_were_read_to_their_end_are_doubted_where_they_tell_of_other_entries() {
    let mut scene = counted(3);
    scene.read(10);
    let ends = |last: u128, announced| {
        let mark = FeedMark::new(Offset::from_bits(last), announced);
        scene.live.is_contradicted_by(&BTreeMap::from([(FEED.into(), mark)]))
    };
    assert!(!ends(3, 3), "as it was read");
    assert!(!ends(5, 5), "two came after it was read");
    assert!(!ends(0, 3), "trimmed when all had been read");
    assert!(ends(0, 0), "deleted");
    assert!(ends(5, 2), "deleted, and two came since");
    assert!(ends(0, 5), "two came and were trimmed");
    assert!(!scene.live.is_contradicted_by(&BTreeMap::new()), "nobody says");
    let nothing_counted = LiveLedger::new(config());
    let deleted = BTreeMap::from([(FEED.into(), FeedMark::default())]);
    assert!(!nothing_counted.is_contradicted_by(&deleted));

    assert!(scene.live.is_contradicted_by(&deleted));
    let key = scene.world.set(Some(1));
    scene.world.announce(key);
    assert_eq!(scene.live.ask(scene.world.moment()), None);
    assert!(!scene.live.is_contradicted_by(&deleted), "it has been asked already");
}

#[test]
fn a_feed_that_begins_anew_is_read_from_where_the_scan_was_joined() {
    let mut scene = counted(9);
    scene.world = World::new(usize::MAX);
    for _ in 0..3 {
        let key = scene.world.set(Some(2));
        scene.world.announce(key);
    }
    assert_eq!(scene.check(), Verdict::Replaced(Replaced::Index));
    scene.begin_scan();
    scene.end_scan();
    let key = scene.world.set(Some(2));
    scene.world.announce(key);
    assert_eq!(scene.check(), Verdict::Difference(0));
    assert_eq!(scene.counted(), scene.truth());
}
