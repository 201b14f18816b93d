//! Alerts about the store itself.

use scout_core::alerting::{LEASE_TTL, SOURCE_RESET, SOURCE_UNREACHABLE};

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
