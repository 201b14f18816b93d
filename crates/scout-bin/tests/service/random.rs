//! Whatever happens to the store and to Scout: once things are quiet, the numbers are those of what is there.

use std::io::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use redis::aio::MultiplexedConnection;
use scout_testkit::{Announce, Document, Generation, Generator, RedisServer, Tally, create_index, load};
use serde_json::json;

use crate::scout::Scout;

const NOW_MS: i64 = 1_789_196_834_000;

/// Numbers that look random, the same for the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end.max(1)
    }
}

async fn run(connection: &mut MultiplexedConnection, words: &[&str]) {
    redis::cmd(words[0]).arg(&words[1..]).exec_async(connection).await.unwrap();
}

async fn start(url: &str) -> Scout {
    // What nobody announces is only found by scans, so these come often.
    Scout::start(&[("REDIS_URL", url), ("SCOUT_INTERVAL", "1s"), ("SCOUT_RESCAN_INTERVAL", "5s")]).await
}

/// Announces documents that were written some time before.
async fn announce(connection: &mut MultiplexedConnection, documents: &[Document]) {
    for document in documents {
        run(connection, &["XADD", "messages", "MAXLEN", "300", "*", "messageID", &document.key]).await;
    }
}

async fn shuffle(seed: u64) {
    let mut dice = Dice(seed);
    let mut redis = RedisServer::builder().append_only().start().await.unwrap();
    let mut connection = redis.connection().await.unwrap();
    create_index(&mut connection, "messages", Generation::D).await.unwrap();
    let mut generator = Generator::new(seed, NOW_MS);
    let mut present: Vec<Document> = Vec::new();
    let mut scout = start(&redis.url()).await;
    for _ in 0..40 {
        let written: Vec<Document> = generator.by_ref().take(dice.below(200)).collect();
        match dice.below(10) {
            0..=4 => load(&mut connection, &written, Announce::On("messages")).await.unwrap(),
            5 => load(&mut connection, &written, Announce::Silently).await.unwrap(),
            6 => {
                load(&mut connection, &written, Announce::Silently).await.unwrap();
                tokio::time::sleep(std::time::Duration::from_millis(300)).await;
                announce(&mut connection, &written).await;
            }
            7 => run(&mut connection, &["XTRIM", "messages", "MAXLEN", "5"]).await,
            8 => {
                scout.signal(if dice.below(2) == 0 { "TERM" } else { "KILL" });
                scout.ended().await;
                load(&mut connection, &written, Announce::On("messages")).await.unwrap();
                scout = start(&redis.url()).await;
            }
            _ => {
                load(&mut connection, &written, Announce::On("messages")).await.unwrap();
                redis.restart().await.unwrap();
                connection = redis.connection().await.unwrap();
            }
        }
        // A step that only trims has written nothing.
        let exists: Vec<bool> = {
            let mut asked = redis::pipe();
            for document in &written {
                asked.cmd("EXISTS").arg(&document.key);
            }
            if written.is_empty() { Vec::new() } else { asked.query_async(&mut connection).await.unwrap() }
        };
        present.extend(
            written.into_iter().zip(exists).filter(|(_, exists)| *exists).map(|(document, _)| document),
        );
        for _ in 0..dice.below(20) {
            if !present.is_empty() {
                let gone = present.swap_remove(dice.below(present.len()));
                run(&mut connection, &["UNLINK", &gone.key]).await;
            }
        }
    }
    let expected = Tally::of(&present, Generation::D);
    let summary = scout.counts(expected.messages).await;
    assert_eq!(summary["severityCounts"], json!(expected.by_severity), "seed {seed}");
    let systems = scout.get("/analytics/systems").json();
    let named = expected.by_system.keys().filter(|name| name.is_some()).count();
    assert_eq!(systems["total"], named, "seed {seed}");
}

#[tokio::test]
#[expect(
    clippy::disallowed_methods,
    reason = "every run tries another seed, unless one is to be tried again"
)]
async fn random_writes_deletions_lost_entries_and_restarts_end_in_true_numbers() {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let seed = std::env::var("SCOUT_TEST_SEED").map_or(since.as_secs(), |seed| seed.parse().unwrap());
    writeln!(std::io::stderr(), "seed {seed}").unwrap();
    shuffle(seed).await;
}
