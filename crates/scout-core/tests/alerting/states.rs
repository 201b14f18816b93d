//! How an alert moves from one state to the next.

use scout_core::WallTime;
use scout_core::alerting::{AlertPhase, Ended, Rule};

use crate::scene::{Scene, minutes, rule, seconds};

/// The phase after each of so many seconds, in short.
fn phases(scene: &mut Scene, count: u64) -> String {
    let letter = |phase| match phase {
        None => '-',
        Some(AlertPhase::Pending) => 'p',
        Some(AlertPhase::Firing) => 'f',
        Some(AlertPhase::Resolved) => 'r',
    };
    (0..count).map(|_| letter(scene.pass(seconds(1)).phase())).collect()
}

fn waited(scene: &Scene) -> u64 {
    let since = scene.alert().pending_since.expect("it is pending");
    scene.now.wall.since(since).as_secs()
}

/// Its condition holds from the first second on for as long as it lasts.
fn holding(rule: Rule) -> Scene {
    let mut scene = Scene::new(vec![rule]);
    scene.arrive(3, "flux", "error").judge();
    scene
}

fn keep_holding(scene: &mut Scene, seconds_: u64) {
    for _ in 0..seconds_ {
        scene.arrive(3, "flux", "error").pass(seconds(1));
    }
}

#[test]
fn a_rule_without_waits_fires_at_once_and_ends_when_the_window_has_passed() {
    let mut scene = holding(rule());
    assert_eq!(scene.phase(), Some(AlertPhase::Firing));
    assert_eq!(phases(&mut scene, 12), "ffffffffff--", "what has been told of in full is gone");
    assert_eq!(scene.story(), [("fired", 1), ("resolved", 1)]);
    assert_eq!(scene.told[1].1.ended.map(|(_, why)| why), Some(Ended::Cleared));
}

#[test]
fn an_alert_is_pending_for_as_long_as_the_rule_says() {
    let mut scene = holding(Rule { hold_for: seconds(4), ..rule() });
    assert_eq!(phases(&mut scene, 6), "pppfff");
}

#[test]
fn an_alert_whose_condition_ceases_to_hold_in_time_never_fires() {
    let mut scene = holding(Rule { hold_for: seconds(20), ..rule() });
    assert_eq!(phases(&mut scene, 12), "pppppppppp--");
    assert!(scene.tried.is_empty());
}

#[test]
fn a_firing_alert_goes_on_until_it_has_been_over_for_long_enough() {
    let mut scene = holding(Rule { keep_firing_for: seconds(5), ..rule() });
    assert_eq!(phases(&mut scene, 17), "fffffffffffffff--");
}

#[test]
fn an_alert_that_was_over_for_too_short_goes_on_as_the_same() {
    let mut scene = holding(Rule { keep_firing_for: seconds(8), ..rule() });
    let generation = scene.alert().firing.as_ref().map(|firing| firing.generation);
    phases(&mut scene, 14);
    assert!(scene.alert().firing.as_ref().is_some_and(|firing| firing.over_since.is_some()));
    scene.arrive(3, "flux", "error");
    assert_eq!(phases(&mut scene, 17), "fffffffffffffffff");
    assert_eq!(scene.alert().firing.as_ref().map(|firing| firing.generation), generation);
    assert_eq!(scene.story(), [("fired", 1)]);
}

#[test]
fn it_takes_less_to_go_on_firing_than_to_begin() {
    let mut scene = Scene::new(vec![Rule { clear_below: 2.0, ..rule() }]);
    scene.arrive(2, "flux", "error").judge();
    assert_eq!(scene.phase(), None, "two are no three");
    scene.arrive(1, "flux", "error").judge();
    assert_eq!(scene.phase(), Some(AlertPhase::Firing));
    scene.pass(seconds(8)).arrive(2, "flux", "error").pass(seconds(8));
    assert_eq!(scene.phase(), Some(AlertPhase::Firing), "two are not less than two");
    scene.pass(seconds(4));
    assert_eq!(scene.phase(), None);
}

#[test]
fn each_firing_has_a_generation_of_its_own_that_grows() {
    let mut scene = Scene::new(vec![rule()]);
    for _ in 0..3 {
        scene.arrive(3, "flux", "error").pass(seconds(15));
    }
    let generations: Vec<u64> = scene.told.iter().map(|(_, told)| told.key.generation).collect();
    assert!(generations[0] == generations[1] && generations[1] < generations[2], "{generations:?}");
    assert!(generations[3] < generations[4]);
    assert!(generations[0] >= WallTime::unix_ms(crate::scene::BEGIN).unsigned_abs());
}

#[test]
fn a_short_wait_begins_anew_after_a_restart() {
    let mut scene = holding(Rule { hold_for: minutes(5), ..rule() });
    keep_holding(&mut scene, 200);
    scene.restart().arrive(3, "flux", "error").judge();
    assert!(waited(&scene) < 10, "waited {} s", waited(&scene));
}

#[test]
fn a_long_wait_goes_on_after_a_restart_without_the_outage() {
    let mut scene = holding(Rule { hold_for: minutes(40), ..rule() });
    keep_holding(&mut scene, 600);
    scene.restart_after(minutes(20), |_| {}).arrive(3, "flux", "error").judge();
    assert!((580..=620).contains(&waited(&scene)), "waited {} s", waited(&scene));
}

#[test]
fn ten_minutes_of_a_wait_are_left_after_a_restart_at_least() {
    let mut scene = holding(Rule { hold_for: minutes(15), ..rule() });
    keep_holding(&mut scene, 800);
    scene.restart().arrive(3, "flux", "error").judge();
    assert!((295..=310).contains(&waited(&scene)), "waited {} s", waited(&scene));
}

#[test]
fn a_wait_begins_anew_after_an_outage_of_more_than_an_hour() {
    let mut scene = holding(Rule { hold_for: minutes(40), ..rule() });
    keep_holding(&mut scene, 600);
    scene.restart_after(minutes(61), |_| {}).arrive(3, "flux", "error").judge();
    assert!(waited(&scene) < 10, "waited {} s", waited(&scene));
}

#[test]
fn nothing_fires_because_the_store_was_away_for_as_long_as_an_alert_has_to_wait() {
    let mut scene = holding(Rule { hold_for: minutes(20), ..rule() });
    scene.is_readable = false;
    scene.pass(minutes(30));
    scene.is_readable = true;
    scene.arrive(3, "flux", "error").pass(seconds(5));
    assert_eq!(scene.phase(), Some(AlertPhase::Pending));
    assert!(waited(&scene) < 30, "waited {} s", waited(&scene));
}

#[test]
fn nothing_ends_because_nobody_looked_for_as_long_as_it_has_to_be_over() {
    let mut scene = holding(Rule { keep_firing_for: minutes(10), ..rule() });
    scene.pass(seconds(30)).restart_after(minutes(30), |_| {}).pass(seconds(5));
    assert_eq!(
        scene.phase(),
        Some(AlertPhase::Firing),
        "it has been over for a minute as far as anybody knows"
    );
    scene.pass(minutes(11));
    assert_eq!(scene.phase(), None);
}

#[test]
fn a_restart_after_the_clock_was_set_back_does_not_make_a_wait_longer() {
    let mut scene = holding(Rule { hold_for: minutes(50), ..rule() });
    keep_holding(&mut scene, 300);
    scene.set_clock_back(minutes(60)).act();
    scene.restart().arrive(3, "flux", "error").judge();
    assert!(waited(&scene) <= 320, "waited {} s", waited(&scene));
}
