//! What is counted before, during and after a scan.

use std::collections::BTreeMap;

use scout_core::Verdict;

use crate::world::{Scene, counted};

#[test]
fn nothing_is_counted_before_the_first_scan_is_complete() {
    let mut scene = Scene::new(usize::MAX);
    let key = scene.world.set(Some(1));
    scene.world.announce(key);
    scene.begin_scan();
    scene.read(10);
    assert!(!scene.live.is_counted());
    scene.end_scan();
    assert!(scene.live.is_counted());
    assert_eq!(scene.counted(), scene.truth());
}

#[test]
fn recent_documents_stand_in_until_a_scan_replaces_them() {
    let mut scene = Scene::new(usize::MAX);
    for number in 0..6 {
        scene.world.set(Some(number % 2));
    }
    scene.begin_scan();
    let late = scene.world.set(Some(0));
    scene.world.announce(late);
    scene.read(10);
    scene.end_recent();
    assert!(!scene.live.is_counted());
    assert_eq!(scene.live.recent_from(), Some(scene.world.at()));
    let half = BTreeMap::from([("s0".to_owned(), 2), ("s1".to_owned(), 2)]);
    assert_eq!(scene.counted(), (half, 0), "three of six, and what came since");
    scene.begin_scan();
    let later = scene.world.set(Some(1));
    scene.world.announce(later);
    scene.read(10);
    assert_eq!(scene.counted().0["s1"], 3, "it goes on while the whole is scanned");
    scene.end_scan();
    assert_eq!(scene.live.recent_from(), None);
    assert_eq!(scene.counted(), scene.truth());
    assert_eq!(scene.check(), Verdict::Difference(0));
}

#[test]
fn a_message_written_before_a_scan_and_announced_after_it_counts_once() {
    let mut scene = counted(3);
    let key = scene.world.set(Some(1));
    scene.begin_scan();
    scene.world.announce(key);
    scene.read(10);
    scene.end_scan();
    assert_eq!(scene.counted(), scene.truth());
    assert_eq!(scene.check(), Verdict::Difference(0));
}
