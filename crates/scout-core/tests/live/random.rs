//! Whatever happens to a store, and whenever scans begin, end and fail.

use std::collections::BTreeMap;

use proptest::prelude::*;
use scout_core::{Verdict, WallTime};

use crate::world::{Document, Scene};

#[derive(Clone, Debug)]
enum Step {
    Pitch(Document),
    SetUnannounced(Document),
    /// Written before, announced only now.
    AnnounceLate(usize),
    Delete(usize),
    Read(usize),
    BeginScan,
    EndScan,
    /// What has been read of the store is taken for the recent part of it.
    EndRecent,
    AbandonScan,
    Pass(u64),
    Trim(usize),
    Restart,
    Check,
}

fn document() -> impl Strategy<Value = Document> {
    prop_oneof![6 => (0_u8..4).prop_map(Some), 1 => Just(None)]
}

fn step(unannounced: u32) -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => document().prop_map(Step::Pitch),
        unannounced => document().prop_map(Step::SetUnannounced),
        unannounced => (0_usize..50).prop_map(Step::AnnounceLate),
        unannounced => (0_usize..50).prop_map(Step::Delete),
        6 => (1_usize..20).prop_map(Step::Read),
        1 => Just(Step::BeginScan),
        2 => Just(Step::EndScan),
        1 => Just(Step::EndRecent),
        1 => Just(Step::AbandonScan),
        2 => (1_u64..20_000).prop_map(Step::Pass),
    ]
}

fn take(scene: &mut Scene, step: &Step, late: &mut Vec<u32>) {
    match step {
        Step::Pitch(document) => {
            let key = scene.world.set(*document);
            scene.world.announce(key);
        }
        Step::SetUnannounced(document) => late.push(scene.world.set(*document)),
        Step::AnnounceLate(which) => {
            if !late.is_empty() {
                let key = late.remove(which % late.len());
                scene.world.announce(key);
            }
        }
        Step::Delete(which) => {
            let keys: Vec<u32> = scene.world.documents.keys().copied().collect();
            if !keys.is_empty() {
                scene.world.documents.remove(&keys[which % keys.len()]);
            }
        }
        Step::Read(most) => scene.read(*most),
        Step::BeginScan => scene.begin_scan(),
        Step::EndScan => scene.end_scan(),
        Step::EndRecent => scene.end_recent(),
        Step::AbandonScan => {
            scene.scan = None;
            scene.live.abandon();
        }
        Step::Pass(ms) => {
            scene.world.passed_ms += ms;
            let now = scene.world.at();
            scene.live.advance(now);
        }
        Step::Trim(keep) => scene.world.trim(*keep),
        Step::Restart => scene.world.restarts += 1,
        Step::Check => {
            // What is replaced is scanned again at once.
            if scene.live.is_counted() && matches!(scene.check(), Verdict::Replaced(_)) {
                scene.begin_scan();
                scene.end_scan();
            }
        }
    }
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => step(1),
        1 => (0_usize..10).prop_map(Step::Trim),
        1 => Just(Step::Restart),
        1 => Just(Step::Check),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_is_announced_is_counted_once_whenever_scans_begin_and_end(
        steps in prop::collection::vec(step(0), 0..200),
    ) {
        let mut scene = Scene::new(usize::MAX);
        scene.begin_scan();
        scene.end_scan();
        for step in &steps {
            take(&mut scene, step, &mut Vec::new());
        }
        prop_assert_eq!(scene.check(), Verdict::Difference(0));
        prop_assert_eq!(scene.counted(), scene.truth());
        scene.end_scan();
        prop_assert_eq!(scene.check(), Verdict::Difference(0));
        prop_assert_eq!(scene.counted(), scene.truth());
    }

    #[test]
    fn whatever_was_counted_before_the_first_scan_has_no_part_in_what_it_finds(
        steps in prop::collection::vec(step(0), 0..100),
    ) {
        let mut scene = Scene::new(usize::MAX);
        scene.begin_scan();
        scene.end_recent();
        for step in &steps {
            take(&mut scene, step, &mut Vec::new());
        }
        scene.begin_scan();
        scene.read(usize::MAX);
        scene.end_scan();
        prop_assert_eq!(scene.check(), Verdict::Difference(0));
        prop_assert_eq!(scene.counted(), scene.truth());
    }

    #[test]
    fn a_check_tells_every_difference_and_every_gap_and_a_scan_heals_them(
        keep in 1_usize..60,
        steps in prop::collection::vec(step(2), 0..200),
    ) {
        let mut scene = Scene::new(keep);
        scene.begin_scan();
        scene.end_scan();
        let mut late = Vec::new();
        for step in &steps {
            take(&mut scene, step, &mut late);
        }
        let verdict = scene.check();
        let sum = |(messages, foreign): (BTreeMap<String, u64>, u64)| messages.values().sum::<u64>() + foreign;
        let difference = sum(scene.counted()).cast_signed() - sum(scene.truth()).cast_signed();
        if let Verdict::Difference(told) = verdict {
            prop_assert_eq!(told, difference);
        } else {
            prop_assert!(matches!(verdict, Verdict::Gap(_)), "{verdict:?}");
        }
        scene.world.passed_ms += 20_000;
        scene.begin_scan();
        scene.end_scan();
        prop_assert_eq!(scene.check(), Verdict::Difference(0));
        prop_assert_eq!(scene.counted(), scene.truth());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn arrivals_are_whole_from_when_on_they_are_said_to_be(
        keep in 5_usize..60,
        steps in prop::collection::vec(any_step(), 0..150),
    ) {
        let mut scene = Scene::new(keep);
        let mut late = Vec::new();
        for step in &steps {
            take(&mut scene, step, &mut late);
        }
        scene.begin_scan();
        scene.end_scan();
        for _ in 0..3 {
            scene.read(usize::MAX);
            take(&mut scene, &Step::Check, &mut late);
        }
        let now = scene.world.at();
        scene.live.advance(now);
        let covered = scene.live.arrivals().covered_from();
        prop_assert!(covered.is_some());
        let covered = covered.unwrap_or_default();
        let is_message = |key: &u32| matches!(scene.world.documents.get(key), Some(Some(_)));
        let since = |(key, at): &&(u32, WallTime)| is_message(key) && *at >= covered;
        let expected = scene.world.arrived.iter().filter(since).count() as u64;
        let counted = scene.live.arrivals().window(now.since(covered), now).total();
        prop_assert!(counted >= expected, "{counted} of {expected} since {covered}");
    }
}
