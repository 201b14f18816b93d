//! What is owed to whom, for how long, and what becomes of it.

use scout_core::alerting::{AlertState, AlertingConfig, Reason};

use crate::scene::{Mood, Scene, minutes, receivers, rule, seconds, with_text};

fn only_to(config: &mut AlertingConfig, names: &[&str]) {
    let rule = config.rules.remove(0);
    config
        .rules
        .push(with_text(rule, |text| text.receivers = names.iter().map(|name| (*name).into()).collect()));
}

fn with_two() -> Scene {
    let mut config = crate::scene::config(vec![rule()]);
    config.receivers = receivers(&["hook", "log"]);
    Scene::with(config)
}

#[test]
fn a_receiver_that_a_rule_no_longer_names_is_told_of_the_end_of_what_it_was_told() {
    let mut scene = with_two();
    scene.arrive(3, "flux", "error").pass(seconds(2));
    scene.restart_after(seconds(2), |config| only_to(config, &["log"]));
    scene.pass(seconds(15));
    let told = |name: &str| -> Vec<_> {
        scene.told.iter().filter(|(_, told)| *told.receiver == *name).map(|(_, told)| told.reason).collect()
    };
    assert_eq!(told("hook"), [Reason::Fired, Reason::Resolved]);
    assert_eq!(told("log"), [Reason::Fired, Reason::Resolved]);
}

#[test]
fn what_is_on_its_way_to_a_receiver_that_a_rule_no_longer_names_goes_on_as_it_is_then() {
    let mut scene = with_two();
    scene.mood = Mood::is_away();
    scene.arrive(3, "flux", "error").pass(seconds(2));
    scene.restart_after(seconds(2), |config| only_to(config, &["log"]));
    scene.pass(seconds(15));
    let owed = scene.record().outbox["hook"].owed;
    assert_eq!((owed.state, owed.reason), (AlertState::Resolved, Reason::CameAndWent));
    scene.mood = Mood::Accepts;
    scene.pass(minutes(6));
    assert_eq!(scene.story(), [("came_and_went", 1), ("came_and_went", 1)]);
    assert_eq!(scene.phase(), None);
}
