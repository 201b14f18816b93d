//! What both feeds count together is what is there, whatever happens between the two.
#![expect(clippy::expect_used, reason = "tests show behaviour by failing loudly")]

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use proptest::prelude::*;
use scout_core::{
    Announced, FeedMark, FindingKind, Label, LedgerConfigError, LiveConfig, LiveLedger, Moment, Offset,
    Replaced, Row, ScanCount, ScanSink, Verdict, WallTime,
};

const NOW: WallTime = WallTime::from_unix_ms(1_775_030_400_000);
const FEED: &str = "messages";

fn config() -> LiveConfig {
    LiveConfig::new(Duration::from_secs(48 * 3600), 64 << 20).expect("a budget")
}

/// A document: a message of a system, or a foreign one.
type Document = Option<u8>;

/// A store, as far as the feeds show it.
#[derive(Clone, Debug, Default)]
struct World {
    documents: BTreeMap<u32, Document>,
    /// In order of insertion, as a scan gives them.
    order: Vec<u32>,
    /// Offset, key and time of each entry that is left.
    stream: VecDeque<(u64, u32, WallTime)>,
    /// Key and time of each entry that there ever was.
    arrived: Vec<(u32, WallTime)>,
    /// The offset of the last one that is gone.
    gone: u64,
    restarts: u64,
    announced: u64,
    writes: u64,
    passed_ms: u64,
    keep: usize,
}

impl World {
    fn new(keep: usize) -> Self {
        Self { keep, ..Self::default() }
    }

    fn at(&self) -> WallTime {
        NOW.plus(Duration::from_millis(self.passed_ms))
    }

    fn set(&mut self, document: Document) -> u32 {
        let key = u32::try_from(self.writes).expect("few writes");
        self.writes += 1;
        self.documents.insert(key, document);
        self.order.push(key);
        key
    }

    fn announce(&mut self, key: u32) {
        self.announced += 1;
        self.stream.push_back((self.announced, key, self.at()));
        self.arrived.push((key, self.at()));
        self.trim(self.keep);
    }

    fn trim(&mut self, keep: usize) {
        while self.stream.len() > keep {
            self.gone = self.stream.pop_front().map_or(0, |(offset, ..)| offset);
        }
    }

    fn moment(&self) -> Moment {
        let mut moment = Moment::new(self.at());
        moment.documents = self.documents.len() as u64;
        moment.writes = self.writes;
        let last = Offset::from_bits(u128::from(self.announced));
        let mut mark = FeedMark::new(last, self.announced);
        if self.gone > 0 {
            mark.lost_before = Some(self.stream.front().map_or(self.at(), |(.., at)| *at));
        }
        moment.feeds.insert(FEED.into(), mark);
        moment.server = self.restarts.to_string().into();
        moment
    }
}

/// A scan that has begun: what it will find.
struct Scan {
    count: ScanCount,
    rows: Vec<(u32, Document)>,
}

impl Scan {
    fn counted(self) -> ScanCount {
        let Self { mut count, rows } = self;
        for (key, document) in rows {
            let name = system(document.unwrap_or_default());
            count.row(&key.to_string(), &row(document, &name));
        }
        count
    }
}

/// The live ledger beside the world that it counts.
struct Scene {
    world: World,
    live: LiveLedger,
    scan: Option<Scan>,
}

fn system(number: u8) -> String {
    format!("s{number}")
}

fn row(document: Document, name: &str) -> Row<'_> {
    document.map_or_else(Row::default, |_| Row {
        severity: Some("info"),
        system: Some(name),
        ..Row::default()
    })
}

impl Scene {
    fn new(keep: usize) -> Self {
        Self { world: World::new(keep), live: LiveLedger::new(config()), scan: None }
    }

    fn begin_scan(&mut self) {
        let joined = self.world.moment();
        let mut count = ScanCount::new(config().ledger());
        count.begin(&joined);
        self.live.join(&joined);
        let present = |key: &u32| Some((*key, *self.world.documents.get(key)?));
        self.scan = Some(Scan { count, rows: self.world.order.iter().filter_map(present).collect() });
    }

    fn end_scan(&mut self) {
        if let Some(scan) = self.scan.take() {
            self.live.complete(scan.counted());
        }
    }

    /// Only the documents that were written last have been looked for.
    fn end_recent(&mut self) {
        if let Some(mut scan) = self.scan.take() {
            scan.rows = scan.rows.split_off(scan.rows.len() / 2);
            self.live.complete_recent(scan.counted(), self.world.at());
        }
    }

    fn read(&mut self, most: usize) {
        let from = self.live.position().of(FEED).bits();
        let entries: Vec<(u64, u32, WallTime)> = self
            .world
            .stream
            .iter()
            .filter(|(offset, ..)| u128::from(*offset) > from)
            .take(most)
            .copied()
            .collect();
        for (offset, key, arrived) in &entries {
            let document = self.world.documents.get(key).copied();
            let name = system(document.flatten().unwrap_or_default());
            let row = document.map(|document| row(document, &name));
            let at = (FEED, Offset::from_bits(u128::from(*offset)));
            self.live.announce(&Announced::new(at, *arrived, &key.to_string(), row));
        }
        if entries.len() < most {
            self.live.caught_up();
        }
    }

    /// What is there, by system, and documents that are no messages.
    fn truth(&self) -> (BTreeMap<String, u64>, u64) {
        let mut messages = BTreeMap::new();
        let mut foreign = 0;
        for document in self.world.documents.values() {
            match document {
                Some(number) => *messages.entry(system(*number)).or_insert(0) += 1,
                None => foreign += 1,
            }
        }
        (messages, foreign)
    }

    fn counted(&self) -> (BTreeMap<String, u64>, u64) {
        let mut messages = BTreeMap::new();
        for (system, _, count) in self.live.ledger().total().cells() {
            if let Label::Named(system) = system {
                *messages.entry(system.to_string()).or_insert(0) += count;
            }
        }
        let findings = self.live.findings();
        let foreign = findings.iter().find(|finding| finding.kind == FindingKind::ForeignDocuments);
        (messages, foreign.map_or(0, |finding| finding.count))
    }

    /// What a look at the store, and reading all that is announced, say of the count.
    fn check(&mut self) -> Verdict {
        if let Some(replaced) = self.live.ask(self.world.moment()) {
            return Verdict::Replaced(replaced);
        }
        self.read(usize::MAX);
        self.live.verdict().expect("an answer once everything has been read")
    }
}

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

/// A scene with so many messages counted.
fn counted(messages: u8) -> Scene {
    let mut scene = Scene::new(usize::MAX);
    for number in 0..messages {
        let key = scene.world.set(Some(number % 4));
        scene.world.announce(key);
    }
    scene.begin_scan();
    scene.end_scan();
    scene
}

#[test]
fn nothing_is_counted_before_the_first_scan_is_complete() {
    let mut scene = Scene::new(usize::MAX);
    let key = scene.world.set(Some(1));
    scene.world.announce(key);
    scene.begin_scan();
    scene.read(10);
    assert!(!scene.live.is_counted());
    scene.end_scan();
    assert!(scene.live.is_counted());
    assert_eq!(scene.counted(), scene.truth());
}

#[test]
fn recent_documents_stand_in_until_a_scan_replaces_them() {
    let mut scene = Scene::new(usize::MAX);
    for number in 0..6 {
        scene.world.set(Some(number % 2));
    }
    scene.begin_scan();
    let late = scene.world.set(Some(0));
    scene.world.announce(late);
    scene.read(10);
    scene.end_recent();
    assert!(!scene.live.is_counted());
    assert_eq!(scene.live.recent_from(), Some(scene.world.at()));
    let half = BTreeMap::from([("s0".to_owned(), 2), ("s1".to_owned(), 2)]);
    assert_eq!(scene.counted(), (half, 0), "three of six, and what came since");
    scene.begin_scan();
    let later = scene.world.set(Some(1));
    scene.world.announce(later);
    scene.read(10);
    assert_eq!(scene.counted().0["s1"], 3, "it goes on while the whole is scanned");
    scene.end_scan();
    assert_eq!(scene.live.recent_from(), None);
    assert_eq!(scene.counted(), scene.truth());
    assert_eq!(scene.check(), Verdict::Difference(0));
}

#[test]
fn a_message_written_before_a_scan_and_announced_after_it_counts_once() {
    let mut scene = counted(3);
    let key = scene.world.set(Some(1));
    scene.begin_scan();
    scene.world.announce(key);
    scene.read(10);
    scene.end_scan();
    assert_eq!(scene.counted(), scene.truth());
    assert_eq!(scene.check(), Verdict::Difference(0));
}

#[test]
fn entries_that_are_gone_before_they_are_read_are_a_gap_of_their_number() {
    let mut scene = counted(3);
    scene.world.keep = 2;
    for _ in 0..7 {
        let key = scene.world.set(Some(1));
        scene.world.announce(key);
    }
    assert_eq!(scene.check(), Verdict::Gap(5));
}

#[test]
fn a_look_is_compared_with_what_had_been_announced_then() {
    let mut scene = counted(3);
    let look = scene.world.moment();
    for _ in 0..4 {
        let key = scene.world.set(Some(1));
        scene.world.announce(key);
    }
    assert_eq!(scene.live.ask(look), None);
    scene.read(2);
    assert_eq!(scene.live.verdict(), Some(Verdict::Difference(0)));
    assert_eq!(scene.live.verdict(), None, "an answer is given once");
}

#[test]
fn another_store_is_told_from_the_one_that_was_counted() {
    let change = |change: fn(&mut Moment)| {
        let mut scene = counted(3);
        let mut moment = scene.world.moment();
        change(&mut moment);
        scene.live.ask(moment)
    };
    assert_eq!(change(|_| {}), None);
    assert_eq!(change(|moment| moment.server = "another".into()), Some(Replaced::Server));
    assert_eq!(change(|moment| moment.writes -= 1), Some(Replaced::Index));
    assert_eq!(
        change(|moment| moment.at = moment.at.minus(Duration::from_secs(3600))),
        Some(Replaced::Clock)
    );
    let emptied = |moment: &mut Moment| {
        moment.feeds.insert(FEED.into(), FeedMark::default());
    };
    assert_eq!(change(emptied), Some(Replaced::Feed));
}

#[test]
fn feeds_that_were_read_to_their_end_are_doubted_where_they_tell_of_other_entries() {
    let mut scene = counted(3);
    scene.read(10);
    let ends = |last: u128, announced| {
        let mark = FeedMark::new(Offset::from_bits(last), announced);
        scene.live.is_contradicted_by(&BTreeMap::from([(FEED.into(), mark)]))
    };
    assert!(!ends(3, 3), "as it was read");
    assert!(!ends(5, 5), "two came after it was read");
    assert!(!ends(0, 3), "trimmed when all had been read");
    assert!(ends(0, 0), "deleted");
    assert!(ends(5, 2), "deleted, and two came since");
    assert!(ends(0, 5), "two came and were trimmed");
    assert!(!scene.live.is_contradicted_by(&BTreeMap::new()), "nobody says");
    let nothing_counted = LiveLedger::new(config());
    let deleted = BTreeMap::from([(FEED.into(), FeedMark::default())]);
    assert!(!nothing_counted.is_contradicted_by(&deleted));

    assert!(scene.live.is_contradicted_by(&deleted));
    let key = scene.world.set(Some(1));
    scene.world.announce(key);
    assert_eq!(scene.live.ask(scene.world.moment()), None);
    assert!(!scene.live.is_contradicted_by(&deleted), "it has been asked already");
}

#[test]
fn a_feed_that_begins_anew_is_read_from_where_the_scan_was_joined() {
    let mut scene = counted(9);
    scene.world = World::new(usize::MAX);
    for _ in 0..3 {
        let key = scene.world.set(Some(2));
        scene.world.announce(key);
    }
    assert_eq!(scene.check(), Verdict::Replaced(Replaced::Index));
    scene.begin_scan();
    scene.end_scan();
    let key = scene.world.set(Some(2));
    scene.world.announce(key);
    assert_eq!(scene.check(), Verdict::Difference(0));
    assert_eq!(scene.counted(), scene.truth());
}

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

#[test]
fn the_budget_is_shared_by_all_ledgers_and_told_as_a_whole() {
    for retention_s in [0, 60, 3600, 48 * 3600, 366 * 24 * 3600] {
        let retention = Duration::from_secs(retention_s);
        let error = LiveConfig::new(retention, 1 << 20).expect_err("too small");
        let LedgerConfigError::BudgetTooSmall { needed, budget } = error else { unreachable!("{error}") };
        assert_eq!(budget, 1 << 20);
        LiveConfig::new(retention, needed).expect("what is needed is enough");
        let less = LiveConfig::new(retention, needed - 3);
        assert!(less.is_err(), "{retention:?} needs less than {needed}");
    }
}
