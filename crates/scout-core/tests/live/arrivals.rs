//! What has arrived, and from when on nothing of it is missing.

use std::time::Duration;

use scout_core::{
    Announced, FeedMark, LiveLedger, Moment, Offset, Replaced, Row, ScanCount, ScanSink as _, Verdict,
    WallTime,
};

use crate::world::{FEED, NOW, Scene, World, config, counted};

#[test]
fn arrivals_are_whole_where_a_feed_does_not_exist_yet() {
    let mut live = LiveLedger::new(config());
    let mut moment = Moment::new(NOW);
    // Such a feed begins with what comes from now on.
    moment.feeds.insert("absent".into(), FeedMark::new(Offset::from_bits(1 << 80), 0));
    let mut count = ScanCount::new(config().ledger());
    count.begin(&moment);
    live.join(&moment);
    live.complete(count);
    assert!(!live.wants_a_look());
    live.caught_up();
    assert!(live.wants_a_look());
    assert_eq!(live.ask(moment), None);
    assert_eq!(live.verdict(), Some(Verdict::Difference(0)));
    assert_eq!(live.arrivals().covered_from(), Some(NOW.minus(Duration::from_secs(3600))));
}

/// When arrivals begin to be whole, once messages have been announced in three minutes and all but some trimmed.
fn covered_after_trimming(keep: usize) -> Option<WallTime> {
    let mut scene = Scene::new(keep);
    for _ in 0..3 {
        let key = scene.world.set(Some(1));
        scene.world.announce(key);
        scene.world.passed_ms += 60_000;
    }
    scene.begin_scan();
    scene.end_scan();
    assert_eq!(scene.live.arrivals().covered_from(), None, "nothing has been read yet");
    for _ in 0..2 {
        assert_eq!(scene.check(), Verdict::Difference(0));
    }
    let now = scene.world.at();
    scene.live.advance(now);
    scene.live.arrivals().covered_from()
}

#[test]
fn arrivals_reach_back_as_far_as_nothing_was_lost() {
    let end = NOW.plus(Duration::from_secs(180));
    assert_eq!(covered_after_trimming(3), Some(end.minus(Duration::from_secs(3600))));
    assert_eq!(covered_after_trimming(2), Some(NOW.plus(Duration::from_millis(60_001))));
}

#[test]
fn what_has_arrived_at_another_store_is_forgotten() {
    // With fewer entries, with as many more as it takes to look like the same feed, and after a restart that lost none.
    for (others, is_kept) in [(4, false), (30, false), (9, true)] {
        let mut scene = counted(9);
        scene.read(usize::MAX);
        scene.check();
        scene.check();
        assert_eq!(scene.live.arrivals().window(Duration::from_secs(60), NOW).total(), 9);
        if !is_kept {
            scene.world = World::new(10);
            for _ in 0..others {
                let key = scene.world.set(Some(2));
                scene.world.announce(key);
            }
        }
        scene.world.restarts = 1;
        assert_eq!(scene.check(), Verdict::Replaced(Replaced::Server));
        scene.begin_scan();
        scene.end_scan();
        scene.check();
        let arrivals = scene.live.arrivals().window(Duration::from_secs(60), NOW).total();
        let covered = scene.live.arrivals().covered_from();
        assert_eq!((arrivals, covered > Some(NOW)), if is_kept { (9, false) } else { (0, true) }, "{others}");
    }
}

#[test]
fn arrivals_are_counted_when_they_come_whatever_their_event_time() {
    let mut live = LiveLedger::new(config());
    let arrived = NOW.minus(Duration::from_secs(30));
    for timestamp in [None, Some("junk"), Some("2001-01-01T00:00:00Z"), Some("2099-01-01T00:00:00Z")] {
        let row = Row { severity: Some("error"), timestamp, ..Row::default() };
        live.announce(&Announced::new((FEED, Offset::from_bits(1)), arrived, "key", Some(row)));
    }
    live.advance(NOW);
    assert_eq!(live.arrivals().window(Duration::from_secs(60), NOW).total(), 4);
    assert_eq!(live.arrivals().window(Duration::from_secs(10), NOW).total(), 0);
    live.advance(NOW.plus(Duration::from_secs(2 * 3600)));
    assert_eq!(
        live.arrivals().window(Duration::from_secs(3600), NOW.plus(Duration::from_secs(7200))).total(),
        0
    );
}
