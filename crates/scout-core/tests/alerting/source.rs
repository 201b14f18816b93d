//! Alerts about the store itself.

use scout_core::alerting::{SOURCE_RESET, SOURCE_UNREACHABLE};

use crate::scene::{Scene, minutes, rule, seconds};

fn count(scene: &Scene, rule: &str) -> usize {
    scene.told.iter().filter(|(_, told)| *told.rule == *rule).count()
}

#[test]
fn a_store_that_could_not_be_written_to_from_the_start_has_lost_nothing() {
    let mut scene = Scene::unwritten(vec![rule()]);
    scene.is_saving_refused = true;
    scene.judge().judge().pass(seconds(20));
    scene.is_saving_refused = false;
    scene.pass(seconds(20));
    assert!(scene.is_in_charge());
    assert_eq!((scene.machine.counts().resets, count(&scene, SOURCE_RESET)), (0, 0));
}

#[test]
fn a_store_that_came_back_empty_is_one_reset_however_long_it_takes_to_write_it_back() {
    let mut scene = Scene::new(vec![rule()]);
    scene.pass(seconds(5)).store.flush();
    scene.is_saving_refused = true;
    scene.pass(seconds(30));
    scene.is_saving_refused = false;
    scene.pass(seconds(30));
    assert_eq!((scene.machine.counts().resets, count(&scene, SOURCE_RESET)), (1, 1));
}

#[test]
fn a_store_that_is_away_is_told_once_it_has_been_for_long_enough_and_nothing_else_changes() {
    let mut scene = Scene::new(vec![rule()]);
    scene.arrive(3, "flux", "error").pass(seconds(2));
    scene.is_readable = false;
    scene.pass(seconds(58));
    assert_eq!(scene.story(), [("fired", 1)]);
    scene.pass(minutes(10));
    assert_eq!((scene.told.len(), count(&scene, SOURCE_UNREACHABLE)), (2, 1));
    scene.is_readable = true;
    scene.pass(seconds(5));
    // What was counted before is over by now.
    assert_eq!((scene.told.len(), count(&scene, SOURCE_UNREACHABLE)), (4, 2));
    assert_eq!(scene.records().len(), 0);
}

#[test]
fn a_store_that_cannot_be_written_to_is_away_too() {
    let mut scene = Scene::new(vec![rule()]);
    scene.is_writable = false;
    scene.arrive(3, "flux", "error").pass(minutes(2));
    assert_eq!(scene.story(), [("fired", 1)]);
    assert_eq!(count(&scene, SOURCE_UNREACHABLE), 1, "nothing is told before it is stored: {:?}", scene.told);
}
