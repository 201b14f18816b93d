//! Whatever happens to the store and to Scout: once things are quiet, the numbers are those of what is there.

use std::io::Write as _;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use scout_testkit::{Document, Generation, Generator, RedisServer, Tally, create_index};
use serde_json::json;

use crate::meters::scans;
use crate::scene::run;
use crate::scout::Scout;
use crate::truth::{Message, Window, moment_ms, now_ms, range_ms, series_is_true, views_are_true};

const SECOND_MS: i64 = 1000;
const HOUR_MS: i64 = 3600 * SECOND_MS;
/// How far back windows reach, if nobody says otherwise.
const RETENTION_MS: i64 = 48 * HOUR_MS;
/// How far ahead slots reach.
const AHEAD_MS: i64 = 60 * SECOND_MS;

/// Numbers that look random, the same for the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end.max(1)
    }

    /// From the least to the most, each doubling as likely as the others.
    fn length_ms(&mut self, least: i64, most: i64) -> i64 {
        let doublings = (most / least).ilog2() as usize;
        let length = least << self.below(doublings + 1);
        (length + i64::try_from(self.below(usize::try_from(length).unwrap())).unwrap()).min(most)
    }

    fn window(&mut self, longest_ms: i64, messages: &[Message]) -> Window {
        let mut length_ms = self.length_ms(SECOND_MS, longest_ms);
        if self.below(4) > 0 {
            length_ms -= length_ms % SECOND_MS;
        }
        let mut window = Window { length_ms, ..Window::default() };
        // Those of a message, so that most of them are found.
        if let Some(message) = messages.get(self.below(messages.len())) {
            window.severity = (self.below(4) == 0).then(|| message.severity.clone());
            window.system = message.system.clone().filter(|_| self.below(4) == 0);
        }
        window
    }
}

/// What was announced, when, and whether it has been deleted since.
struct Arrival {
    key: String,
    message: Message,
    is_gone: bool,
}

/// The store, and what a test knows of it.
struct Store {
    redis: RedisServer,
    connection: MultiplexedConnection,
    present: Vec<Document>,
    arrivals: Vec<Arrival>,
}

impl Store {
    async fn start() -> Self {
        let redis = RedisServer::builder().append_only().start().await.unwrap();
        let mut connection = redis.connection().await.unwrap();
        create_index(&mut connection, "messages", Generation::D).await.unwrap();
        Self { redis, connection, present: Vec::new(), arrivals: Vec::new() }
    }

    async fn scout(&self) -> Scout {
        // What nobody announces is only found by scans, so these come often.
        Scout::start(&[
            ("REDIS_URL", &self.redis.url()),
            ("SCOUT_INTERVAL", "1s"),
            ("SCOUT_RESCAN_INTERVAL", "3s"),
            ("SCOUT_REDIS_SHARE", "10%"),
        ])
        .await
    }

    /// Writes documents, and announces each right after it if told to.
    async fn write(&mut self, documents: Vec<Document>, is_announced: bool) {
        if documents.is_empty() {
            return;
        }
        let mut batch = redis::pipe();
        for document in &documents {
            batch.cmd("JSON.SET").arg(&document.key).arg(".").arg(document.value.to_string()).ignore();
            if is_announced {
                batch.cmd("XADD").arg("messages").arg("MAXLEN").arg(10_000).arg("*");
                batch.arg("messageID").arg(&document.key);
            }
        }
        let ids: Vec<String> = batch.query_async(&mut self.connection).await.unwrap();
        self.note(documents.iter().zip(&ids));
        self.present.extend(documents);
    }

    /// Writes documents, and announces them some time later, on a stream that is cut short.
    async fn write_and_announce_late(&mut self, documents: Vec<Document>) {
        if documents.is_empty() {
            return;
        }
        self.write(documents.clone(), false).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        let mut batch = redis::pipe();
        for document in &documents {
            batch.cmd("XADD").arg(&["messages", "MAXLEN", "300", "*", "messageID", &document.key]);
        }
        let ids: Vec<String> = batch.query_async(&mut self.connection).await.unwrap();
        self.note(documents.iter().zip(&ids));
    }

    fn note<'a>(&mut self, announced: impl Iterator<Item = (&'a Document, &'a String)>) {
        for (document, id) in announced {
            let Some(message) = Message::of(document) else { continue };
            let at_ms = id.split('-').next().map(|ms| ms.parse().unwrap());
            let message = Message { at_ms, ..message };
            self.arrivals.push(Arrival { key: document.key.clone(), message, is_gone: false });
        }
    }

    async fn delete(&mut self, document: &Document) {
        run(&mut self.connection, &["UNLINK", &document.key]).await;
        for arrival in self.arrivals.iter_mut().filter(|arrival| arrival.key == document.key) {
            arrival.is_gone = true;
        }
    }

    /// Deletes what lies too far ahead for slots, and near enough to get into one while it is looked at.
    async fn delete_what_is_about_to_join(&mut self, now_ms: i64) {
        let soon = now_ms + AHEAD_MS..now_ms + 10 * AHEAD_MS;
        let joins = |document: &Document| {
            Message::of(document).and_then(|message| message.at_ms).is_some_and(|at| soon.contains(&at))
        };
        let (joining, present) = std::mem::take(&mut self.present).into_iter().partition(joins);
        self.present = present;
        for document in Vec::into_iter(joining) {
            self.delete(&document).await;
        }
    }

    fn messages(&self) -> Vec<Message> {
        self.present.iter().filter_map(Message::of).collect()
    }
}

/// Scans that have been completed.
fn completed(scout: &Scout) -> u64 {
    scans(scout, "result=\"completed\"")
}

/// Waits for a scan that has begun from now on.
async fn scanned(scout: &Scout) {
    // One may be under way.
    let enough = completed(scout) + 2;
    scout.eventually("scans", |scout| (completed(scout) >= enough).then_some(())).await;
}

/// Random windows, by event time and by arrival, against the messages that are there.
fn windows_are_true(scout: &Scout, dice: &mut Dice, store: &Store) {
    let messages = store.messages();
    // What is further ahead waits for a later scan.
    let reached: Vec<Message> = messages
        .into_iter()
        .filter(|message| message.at_ms.is_none_or(|at| at < now_ms() + 5 * AHEAD_MS))
        .collect();
    for _ in 0..40 {
        let window = dice.window(RETENTION_MS, &reached);
        views_are_true(scout, &window, &reached);
        let step_ms = dice.length_ms((window.length_ms / 300).max(1), window.length_ms);
        let by = ["none", "severity", "system"][dice.below(3)];
        series_is_true(scout, &window, step_ms, by, &reached);
        let window = dice.window(HOUR_MS, &reached);
        arrivals_are_true(scout, &window, &store.arrivals);
    }
}

/// A window by arrival shows what has come, at least from when on it says that nothing is missing.
fn arrivals_are_true(scout: &Scout, window: &Window, arrivals: &[Arrival]) {
    let path = window.path("summary", "arrival");
    let answer = scout.get(&path);
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    let summary = answer.json();
    let (from, to) = range_ms(window, &summary, now_ms());
    let covered = summary.get("coveredFrom").map_or(from, moment_ms);
    let of = |is_meant: fn(&&Arrival) -> bool| {
        arrivals.iter().filter(is_meant).map(|arrival| arrival.message.clone()).collect::<Vec<_>>()
    };
    // What has been deleted was counted or not, by when it was read.
    let least = window.of(&of(|arrival| !arrival.is_gone), covered, to).len() as u64;
    let most = window.of(&of(|_| true), from, to).len() as u64;
    let total = summary["totalMessages"].as_u64().unwrap();
    assert!((least..=most).contains(&total), "not from {least} to {most}: {path}: {summary}");
}

/// Generators whose documents lie in the last days, hours, minutes, and around now, a minute and a half ahead included.
/// The same seed would make the same keys.
fn generators(seed: u64, start_ms: i64) -> [Generator; 5] {
    let hour = 3_600_000;
    [
        Generator::new(seed, start_ms),
        Generator::new(!seed, start_ms).span_ms(60 * hour),
        Generator::new(seed ^ 1 << 40, start_ms).span_ms(hour),
        Generator::new(seed ^ 2 << 40, start_ms).span_ms(hour / 6),
        Generator::new(seed ^ 3 << 40, start_ms + 100 * SECOND_MS).span_ms(hour / 20),
    ]
}

async fn shuffle(seed: u64) {
    let mut dice = Dice(seed);
    let mut store = Store::start().await;
    let mut scout = store.scout().await;
    let mut generators = generators(seed, now_ms());
    for _ in 0..40 {
        let generator = &mut generators[dice.below(5)];
        let written: Vec<Document> = generator.take(dice.below(200)).collect();
        match dice.below(10) {
            0..=4 => store.write(written, true).await,
            5 => store.write(written, false).await,
            6 => store.write_and_announce_late(written).await,
            7 => run(&mut store.connection, &["XTRIM", "messages", "MAXLEN", "5"]).await,
            8 => {
                scout.signal(if dice.below(2) == 0 { "TERM" } else { "KILL" });
                scout.ended().await;
                store.write(written, true).await;
                scout = store.scout().await;
            }
            _ => {
                store.write(written, true).await;
                if dice.below(2) == 0 {
                    store.redis.kill().unwrap();
                }
                store.redis.restart().await.unwrap();
                store.connection = store.redis.connection().await.unwrap();
            }
        }
        for _ in 0..dice.below(20) {
            if !store.present.is_empty() {
                let gone = store.present.swap_remove(dice.below(store.present.len()));
                store.delete(&gone).await;
            }
        }
        if dice.below(3) == 0 {
            tokio::time::sleep(Duration::from_millis(dice.below(600) as u64)).await;
        }
    }
    store.delete_what_is_about_to_join(now_ms()).await;
    scanned(&scout).await;
    let expected = Tally::of(&store.present, Generation::D);
    let summary = scout.counts(expected.messages).await;
    assert_eq!(summary["severityCounts"], json!(expected.by_severity));
    let systems = scout.get("/analytics/systems").json();
    let named = expected.by_system.keys().filter(|name| name.is_some()).count();
    assert_eq!(systems["total"], named);
    windows_are_true(&scout, &mut dice, &store);

    // What is too far ahead when it comes joins its slot with a scan.
    let soon = now_ms() + AHEAD_MS + 4 * SECOND_MS;
    let ahead: Vec<Document> = Generator::tidy(seed ^ 4 << 40, soon).span_ms(3_000).take(50).collect();
    store.write(ahead, true).await;
    let (window, messages) = (Window { length_ms: SECOND_MS, ..Window::default() }, store.messages());
    let is_joined = |scout: &Scout| {
        let summary = scout.get(&window.path("summary", "event")).json();
        let from = moment_ms(&summary["from"]);
        summary["totalMessages"] == window.of(&messages, from, soon + 1).len()
    };
    scout.eventually("what lay ahead", |scout| is_joined(scout).then_some(())).await;
    windows_are_true(&scout, &mut dice, &store);
}

#[tokio::test]
#[expect(
    clippy::disallowed_methods,
    reason = "every run tries another seed, unless one is to be tried again"
)]
async fn random_writes_deletions_lost_entries_and_restarts_end_in_true_numbers() {
    let seed = std::env::var("SCOUT_TEST_SEED")
        .map_or_else(|_| now_ms().unsigned_abs() / 1000, |seed| seed.parse().unwrap());
    writeln!(std::io::stderr(), "seed {seed}").unwrap();
    shuffle(seed).await;
}
