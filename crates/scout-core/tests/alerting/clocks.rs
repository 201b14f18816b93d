//! Invariant 10: a clock that is set fires nothing, and ends nothing.

use scout_core::alerting::AlertPhase;

use crate::scene::{Scene, rule, seconds};

#[test]
fn messages_from_before_a_clock_was_set_back_do_not_count_for_longer_than_the_window() {
    let mut scene = Scene::new(vec![rule()]);
    scene.arrive(2, "flux", "error").pass(seconds(15)).set_clock_back(seconds(60));
    scene.pass(seconds(15)).arrive(2, "flux", "error");
    for _ in 0..90 {
        scene.pass(seconds(1));
        assert_eq!(scene.phase(), None, "two messages are no three");
    }
    scene.arrive(3, "flux", "error").pass(seconds(1));
    assert_eq!(scene.phase(), Some(AlertPhase::Firing));
}
