//! Invariant 10: a clock that is set fires nothing, and ends nothing.

use scout_core::alerting::{AlertPhase, Rule, RuleWindow};

use crate::scene::{Scene, minutes, rule, seconds};

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

#[test]
fn a_clock_that_is_set_ahead_lets_nothing_seem_to_have_lasted_longer() {
    let mut scene =
        Scene::new(vec![Rule { hold_for: minutes(2), window: RuleWindow::Last(minutes(5)), ..rule() }]);
    scene.arrive(3, "flux", "error").pass(seconds(5));
    assert_eq!(scene.phase(), Some(AlertPhase::Pending));
    scene.set_clock_ahead(minutes(60)).pass(seconds(60));
    assert_ne!(scene.phase(), Some(AlertPhase::Firing), "it has held for a minute");
}
