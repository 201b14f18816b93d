//! How often, and how soon, receivers are tried.

use scout_core::alerting::{AlertPhase, GroupBy, KEPT_FOR_REMOVED, Parked, Rule};

use crate::scene::{Mood, Scene, config, minutes, receivers, rule, seconds, with_text};

/// Keeps the condition of [`rule`] for so many seconds.
fn hold(scene: &mut Scene, count: u64) {
    for _ in 0..count.div_ceil(5) {
        scene.arrive(3, "flux", "error").pass_judged_every(5, seconds(5));
    }
}

#[test]
fn what_was_refused_is_parked_and_tried_again_every_hour() {
    let mut scene = Scene::new(vec![rule()]);
    scene.mood = Mood::refuses();
    hold(&mut scene, 2 * 3600 + 60);
    assert_eq!(scene.record().outbox["hook"].parked(), Some(Parked::Refused));
    let hours: Vec<_> = scene.tried.iter().map(|(at, _)| at.as_secs() / 3600).collect();
    assert_eq!(hours, [0, 1, 2]);
    assert!(scene.told.is_empty());
}

#[test]
fn what_is_new_replaces_what_was_refused_and_is_tried_at_once() {
    let mut scene = Scene::new(vec![rule()]);
    scene.mood = Mood::refuses();
    hold(&mut scene, 60);
    scene.mood = Mood::Accepts;
    scene.pass(seconds(30));
    assert_eq!(scene.story(), [("came_and_went", 1)]);
    assert_eq!(scene.phase(), None);
}

#[test]
fn a_restart_gives_what_was_refused_another_chance() {
    let mut scene = Scene::new(vec![rule()]);
    scene.mood = Mood::refuses();
    hold(&mut scene, 60);
    scene.mood = Mood::Accepts;
    scene.restart();
    assert_eq!(scene.story(), [("fired", 1)]);
}

#[test]
fn a_receiver_that_asks_for_it_is_left_alone_for_all_alerts() {
    let by_system = Rule { group_by: GroupBy { system: true, severity: false }, ..rule() };
    let mut scene = Scene::new(vec![by_system]);
    scene.mood = Mood::throttles(seconds(90));
    scene.arrive(3, "flux", "error").judge();
    scene.mood = Mood::Accepts;
    scene.arrive(3, "github", "error").pass(seconds(89));
    assert_eq!((scene.tried.len(), scene.told.len()), (1, 0));
    scene.pass(seconds(3));
    assert_eq!(scene.told.len(), 2);
}

#[test]
fn waits_grow_with_each_failure_and_end_at_five_minutes() {
    let mut scene = Scene::new(vec![rule()]);
    scene.mood = Mood::is_away();
    hold(&mut scene, 3 * 3600);
    let times: Vec<_> = scene.tried.iter().map(|(at, _)| *at).collect();
    let waits: Vec<_> = times.windows(2).map(|pair| pair[1].saturating_sub(pair[0]).as_secs()).collect();
    assert!(waits.iter().all(|wait| *wait <= 305), "{waits:?}");
    // Drawn from up to five minutes, they are half as long on average.
    assert!((40..200).contains(&times.len()), "{} attempts in three hours", times.len());
    assert!(waits.iter().take(3).sum::<u64>() < 30, "the first come soon: {waits:?}");
}

#[test]
fn more_alerts_than_may_be_sent_in_a_minute_are_sent_later_and_none_is_dropped() {
    let by_system = Rule { group_by: GroupBy { system: true, severity: false }, ..rule() };
    let mut config = config(vec![by_system]);
    config.receivers.values_mut().for_each(|limits| limits.max_per_minute = 2);
    let mut scene = Scene::with(config);
    for system in 0..5 {
        scene.arrive(3, &format!("system-{system}"), "error");
    }
    scene.pass(seconds(9));
    assert_eq!(scene.tried.len(), 2);
    scene.pass(minutes(5));
    let told: std::collections::BTreeSet<_> =
        scene.told.iter().map(|(_, told)| told.key.fingerprint).collect();
    assert_eq!(told.len(), 5);
    for minute in scene.tried.windows(3) {
        assert!(minute[2].0.saturating_sub(minute[0].0) >= seconds(59), "three within a minute");
    }
    assert_eq!(scene.records().len(), 0);
}

#[test]
fn while_a_delivery_is_under_way_the_same_alert_is_not_sent_again() {
    let mut scene = Scene::new(vec![rule()]);
    scene.mood = Mood::Hangs;
    scene.arrive(3, "flux", "error").pass(seconds(60));
    assert_eq!(scene.tried.len(), 1);
    let delivery = scene.hanging.remove(0);
    scene.mood = Mood::Accepts;
    scene.answer(&delivery, &Ok(()));
    scene.act();
    assert_eq!(scene.story(), [("fired", 1), ("resolved", 1)], "the end waits for the beginning");
}

#[test]
fn what_is_owed_to_a_receiver_that_is_gone_is_parked_for_120_hours() {
    let mut scene = Scene::new(vec![rule()]);
    scene.mood = Mood::is_away();
    scene.arrive(3, "flux", "error").pass(seconds(3));
    scene.restart_after(seconds(10), |config| {
        config.receivers = receivers(&["log"]);
        let rule = config.rules.remove(0);
        config.rules.push(with_text(rule, |text| text.receivers = vec!["log".into()]));
    });
    scene.mood = Mood::Accepts;
    scene.pass(minutes(10));
    assert_eq!(scene.phase(), Some(AlertPhase::Resolved));
    assert_eq!(scene.record().outbox["hook"].parked(), Some(Parked::ReceiverRemoved));
    scene.pass_judged_every(600, KEPT_FOR_REMOVED.saturating_sub(minutes(30)));
    assert_eq!(scene.records().len(), 1);
    scene.pass_judged_every(600, minutes(60));
    assert_eq!((scene.records().len(), scene.machine.counts().dropped_for_removed), (0, 1));
}
