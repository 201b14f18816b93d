//! What each kind of rule makes of messages.

use scout_core::alerting::{AlertPhase, Glob, GroupBy, OnMissing, Rule, RuleKind, RuleWindow, Selector};
use scout_core::{Row, Severity};

use crate::scene::{Scene, minutes, rule, seconds};

const BY_SYSTEM: GroupBy = GroupBy { system: true, severity: false };

fn of_severity(severity: &'static str) -> Selector {
    Selector { severities: vec![Severity::fold(Some(severity))], ..Selector::default() }
}

#[test]
fn a_count_is_of_the_severities_and_systems_that_the_rule_names() {
    let mut select = of_severity("error");
    select.systems = vec![Glob::new("flux*")];
    select.without_systems = vec![Glob::new("*-demo")];
    let mut scene = Scene::new(vec![Rule { select, ..rule() }]);
    scene.arrive(9, "flux", "info").arrive(9, "github", "error").arrive(9, "flux-demo", "error");
    scene.arrive(2, "flux", "ERROR").judge();
    assert_eq!(scene.phase(), None);
    scene.arrive(1, "flux/apps", "err").judge();
    assert_eq!(scene.phase(), Some(AlertPhase::Firing));
    assert!((scene.alert().value - 3.0).abs() < f64::EPSILON);
}

#[test]
fn scouts_own_messages_feed_no_rule() {
    let mut scene = Scene::new(vec![rule()]);
    scene.arrive(50, "homerun2-scout", "critical").arrive(50, "scout-digest", "error").pass(seconds(3));
    assert_eq!(scene.phase(), None);
}

#[test]
fn a_count_about_tags_is_of_messages_that_have_one_of_them() {
    let select = Selector { tags: vec![Glob::new("billing*")], ..Selector::default() };
    let mut scene = Scene::new(vec![Rule { select, ..rule() }]);
    let tagged = |tags| Row { system: Some("shop"), tags: Some(tags), ..Row::default() };
    scene.row(9, &tagged("rebilling, shop")).row(2, &tagged("shop, billing-eu")).judge();
    assert_eq!(scene.phase(), None);
    scene.row(1, &tagged("billing")).judge();
    assert_eq!(scene.phase(), Some(AlertPhase::Firing));
}

#[test]
fn each_system_has_an_alert_of_its_own_as_far_as_the_limit_goes() {
    let mut scene = Scene::new(vec![Rule { group_by: BY_SYSTEM, limit: 2, ..rule() }]);
    scene.arrive(3, "a", "error").arrive(3, "b", "error").arrive(2, "c", "error").judge();
    assert_eq!(scene.firing(), ["a", "b"]);
    scene.arrive(1, "c", "error").judge();
    assert_eq!(scene.firing(), ["a", "b"]);
    assert_eq!(scene.machine.counts().without_instance, 1);
    // When the others are over, there is room.
    scene.pass(seconds(12)).arrive(3, "c", "error").judge();
    assert_eq!(scene.firing(), ["c"]);
}

#[test]
fn a_ratio_is_a_part_of_all_messages_of_its_systems_once_there_are_enough() {
    let mut ratio = Rule { kind: RuleKind::Ratio, select: of_severity("error"), minimum: 10, ..rule() };
    ratio.clear_below = 0.5;
    let mut text = (*ratio.text).clone();
    text.threshold = 0.5;
    ratio.text = std::sync::Arc::new(text);
    let mut scene = Scene::new(vec![ratio.clone()]);
    scene.arrive(9, "flux", "error").judge();
    assert_eq!(scene.phase(), None, "nine are too few");
    scene.arrive(1, "flux", "info").judge();
    assert_eq!(scene.phase(), Some(AlertPhase::Firing));
    scene.arrive(9, "flux", "info").judge();
    assert_eq!(scene.phase(), None, "nine of nineteen are less than a half");

    for (missing, after) in [
        (OnMissing::Ok, None),
        (OnMissing::Keep, Some(AlertPhase::Firing)),
        (OnMissing::Alert, Some(AlertPhase::Firing)),
    ] {
        let mut scene = Scene::new(vec![Rule { missing, ..ratio.clone() }]);
        scene.arrive(10, "flux", "error").judge();
        scene.pass(seconds(30));
        assert_eq!(scene.phase(), after, "{missing:?}");
    }
}

#[test]
fn a_spike_is_measured_against_the_mean_of_the_windows_before() {
    let mut spike = Rule { kind: RuleKind::Spike { windows: 3 }, minimum: 20, ..rule() };
    spike.clear_below = 3.0;
    let mut scene = Scene::new(vec![spike]);
    // Ten in each window.
    for _ in 0..60 {
        scene.arrive(1, "flux", "error").pass(seconds(1));
    }
    scene.arrive(15, "flux", "error").judge();
    assert_eq!(scene.phase(), None, "two and a half times as many");
    scene.arrive(10, "flux", "error").judge();
    assert_eq!(scene.phase(), Some(AlertPhase::Firing));
}

#[test]
fn a_system_that_falls_silent_is_told_of_until_it_speaks_again() {
    let mut absence = Rule { kind: RuleKind::Absence, ..rule() };
    absence.select.systems = vec![Glob::new("backup")];
    let mut scene = Scene::new(vec![absence]);
    scene.arrive(1, "backup", "info").arrive(1, "flux", "info").pass(seconds(9));
    assert_eq!(scene.firing(), [""; 0]);
    scene.pass(seconds(5));
    assert_eq!(scene.firing(), ["backup"]);
    scene.arrive(1, "backup", "info").judge();
    assert_eq!(scene.firing(), [""; 0]);
}

#[test]
fn a_system_that_is_silent_has_not_spoken_because_its_messages_are_gone() {
    let mut absence = Rule { kind: RuleKind::Absence, ..rule() };
    absence.select.systems = vec![Glob::new("backup")];
    let mut scene = Scene::new(vec![absence]);
    scene.arrive(1, "backup", "info").pass(seconds(15));
    assert_eq!(scene.firing(), ["backup"]);
    scene.forget_messages().pass(minutes(5));
    assert_eq!(scene.firing(), ["backup"]);
    scene.arrive(1, "backup", "info").judge();
    assert_eq!(scene.firing(), [""; 0]);
}

#[test]
fn a_system_is_new_while_all_its_messages_have_just_come() {
    let mut scene = Scene::new(vec![Rule { kind: RuleKind::NewSystem, ..rule() }]);
    scene.arrive(5, "flux", "info").judge();
    assert_eq!(scene.firing(), [""; 0], "there is no past yet that it is not in");
    scene.pass(minutes(1)).arrive(1, "github", "info").arrive(1, "flux", "info").judge();
    assert_eq!(scene.firing(), ["github"]);
    scene.pass(seconds(12));
    assert_eq!(scene.firing(), [""; 0]);
}

#[test]
fn where_arrivals_are_missing_a_count_may_fire_and_nothing_else_changes() {
    let mut spike = Rule { kind: RuleKind::Spike { windows: 1 }, ..crate::scene::named("spike") };
    spike.window = RuleWindow::Last(seconds(10));
    let mut scene = Scene::new(vec![rule(), spike]);
    scene.lose(5);
    scene.arrive(3, "flux", "error").judge();
    let fired: Vec<_> = scene.records().iter().map(|record| &*record.alert.rule.name).collect();
    assert_eq!(fired, ["many"]);
    assert!(scene.records()[0].alert.is_lower_bound);
    scene.pass(seconds(9));
    assert_eq!(scene.records().len(), 1, "nothing ends on what is not covered");
    scene.pass(seconds(5));
    assert_eq!(scene.records().len(), 0);
}

#[test]
fn where_messages_are_left_out_nothing_ends() {
    let mut scene = Scene::new(vec![rule()]);
    scene.arrive(3, "flux", "error").judge();
    scene.is_partial = true;
    scene.pass(minutes(5));
    assert_eq!(scene.phase(), Some(AlertPhase::Firing));
    scene.is_partial = false;
    scene.judge();
    assert_eq!(scene.phase(), None);
}
