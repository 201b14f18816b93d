//! Invariant 10: a clock that is set fires nothing, and ends nothing.

use scout_core::alerting::{AlertPhase, LEASE_TTL, Rule, RuleWindow};

use crate::scene::{Mood, Scene, minutes, named, rule, seconds, with_text};

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
fn what_was_owed_before_the_clock_was_set_back_is_told_at_once_after_a_restart() {
    let mut scene = Scene::new(vec![rule()]);
    scene.mood = Mood::Hangs;
    scene.arrive(3, "flux", "error").pass(seconds(1));
    // The process is killed before the clock is set, so that nobody sees both times.
    scene.skip(LEASE_TTL).set_clock_back(minutes(60));
    scene.mood = Mood::Accepts;
    scene.restart().pass(seconds(5));
    assert_eq!(scene.story().first(), Some(&("fired", 1)));
}

#[test]
fn an_alert_is_told_again_in_time_though_the_clock_was_set_back_before_a_restart() {
    let mut scene = Scene::new(vec![with_text(Rule { window: RuleWindow::Retained, ..rule() }, |text| {
        text.repeat_interval = minutes(10);
    })]);
    scene.arrive(3, "flux", "error").pass(seconds(1));
    scene.skip(LEASE_TTL).set_clock_back(minutes(60)).restart().pass(minutes(11));
    assert_eq!(scene.story(), [("fired", 1), ("repeated", 1)]);
}

#[test]
fn a_step_neither_fires_nor_ends_anything_within_a_window() {
    for is_ahead in [true, false] {
        let mut scene = Scene::new(vec![rule(), Rule { hold_for: minutes(30), ..named("slow") }]);
        scene.arrive(3, "flux", "error").pass(seconds(2));
        let before: Vec<_> = scene.records().into_iter().map(|record| record.alert.phase()).collect();
        assert_eq!(before.len(), 2);
        if is_ahead {
            scene.set_clock_ahead(minutes(60));
        } else {
            scene.set_clock_back(minutes(60));
        }
        for _ in 0..10 {
            let now: Vec<_> = scene.records().into_iter().map(|record| record.alert.phase()).collect();
            assert_eq!(now, before, "ahead: {is_ahead}");
            scene.pass(seconds(1));
        }
        scene.pass(seconds(75));
        assert_eq!(scene.records().len(), 0, "then it is over, ahead: {is_ahead}");
    }
}

#[test]
fn a_wait_lasts_no_shorter_and_no_longer_for_a_step() {
    for is_ahead in [true, false] {
        let mut scene = Scene::new(vec![Rule { hold_for: minutes(5), ..rule() }]);
        let keep_on = |scene: &mut Scene, count| {
            for _ in 0..count {
                scene.arrive(3, "flux", "error").pass(seconds(1));
            }
        };
        keep_on(&mut scene, 100);
        if is_ahead {
            scene.set_clock_ahead(minutes(60));
        } else {
            scene.set_clock_back(minutes(60));
        }
        keep_on(&mut scene, 195);
        assert_eq!(scene.phase(), Some(AlertPhase::Pending), "ahead: {is_ahead}");
        keep_on(&mut scene, 10);
        assert_eq!(scene.phase(), Some(AlertPhase::Firing), "ahead: {is_ahead}");
    }
}
