//! The process is killed at random moments while alerts come and go: nothing is lost, and nothing is said twice under two keys.
//!
//! `SCOUT_CRASH_KILLS` says how many times; `cargo xtask crash` sets it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use redis::AsyncCommands as _;
use redis::aio::MultiplexedConnection;
use scout_testkit::{Generation, Recorder, RedisServer, create_index};
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::scout::Scout;

/// Scenes at once: each waits for leases most of the time.
const SCENES: usize = 8;

const SYSTEMS: usize = 25;

const RULES: &str = r#"
[[rules]]
name = "Storm"
window = "2s"
threshold = 3
group_by = ["system"]
limit = 100
receivers = ["pitcher"]

[rules.annotations]
summary = "{{ labels.system }}"
description = "{{ firings }}"

[receivers.pitcher]
kind = "pitcher"
url = "URL"
max_per_minute = 6000
"#;

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_killed_when_every_firing_and_every_end_is_told_under_one_key() {
    let kills = kills();
    let scenes = SCENES.min(kills);
    let mut running = JoinSet::new();
    for scene in 0..scenes {
        running.spawn(scene_with(kills / scenes + usize::from(scene < kills % scenes)));
    }
    let told: usize = running.join_all().await.into_iter().sum();
    tell(&format!("{kills} kills, {told} deliveries"));
}

#[expect(clippy::disallowed_methods, reason = "how often is up to whoever runs it")]
fn kills() -> usize {
    std::env::var("SCOUT_CRASH_KILLS").map_or(8, |text| text.parse().unwrap())
}

#[expect(clippy::print_stdout, reason = "who asked for it wants to know how much was done")]
fn tell(text: &str) {
    println!("{text}");
}

/// A firing, by its alert and its generation.
type Firings = BTreeSet<(String, u64)>;

/// Returns how many deliveries there were.
async fn scene_with(kills: usize) -> usize {
    let redis = RedisServer::start().await.unwrap();
    let mut connection = redis.connection().await.unwrap();
    create_index(&mut connection, "messages", Generation::D).await.unwrap();
    let receiver = Recorder::start().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("scout.toml");
    std::fs::write(&file, RULES.replace("URL", &receiver.url(""))).unwrap();
    let file = file.display().to_string();
    let url = redis.url();

    let (stop, stopping) = watch::channel(false);
    let (mut producer, mut watcher) = (JoinSet::new(), JoinSet::new());
    producer.spawn(storm(redis.connection().await.unwrap(), stopping.clone()));
    watcher.spawn(firings(redis.connection().await.unwrap(), stopping));
    let variables = [("REDIS_URL", url.as_str()), ("SCOUT_CONFIG", file.as_str()), ("SCOUT_INTERVAL", "1s")];
    for _ in 0..kills {
        let scout = Scout::start(&variables).await;
        let before = receiver.requests().len();
        // In charge, and telling: any moment from there on.
        scout.eventually("a delivery", |_| (receiver.requests().len() > before).then_some(())).await;
        let moment = u64::from(Uuid::new_v4().as_bytes()[0]) * 8;
        tokio::time::sleep(Duration::from_millis(moment)).await;
        scout.signal("KILL");
    }
    let scout = Scout::start(&variables).await;
    scout
        .eventually("somebody in charge", |scout| {
            (scout.get("/alerts").json()["inCharge"] == true).then_some(())
        })
        .await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    stop.send_replace(true);
    producer.join_all().await;
    scout
        .eventually("the end of all alerts", |scout| {
            let alerts = scout.get("/alerts").json();
            (alerts["inCharge"] == true && alerts["total"] == 0).then_some(())
        })
        .await;
    let stored = watcher.join_all().await.pop().unwrap();
    let deliveries: Vec<Delivery> = receiver.requests().iter().map(Delivery::of).collect();
    judge(&stored, &deliveries);
    deliveries.len()
}

/// Messages of a few systems at a time, so that alerts begin and end all the while.
async fn storm(mut connection: MultiplexedConnection, stopping: watch::Receiver<bool>) {
    while !*stopping.borrow() {
        let system = format!("system-{}", usize::from(Uuid::new_v4().as_bytes()[0]) % SYSTEMS);
        let document = format!(r#"{{"severity":"ERROR","system":"{system}"}}"#);
        let mut pipe = redis::pipe();
        for _ in 0..4 {
            let key = format!("{}-{system}", Uuid::new_v4());
            pipe.cmd("JSON.SET").arg(&key).arg(".").arg(&document).ignore();
            pipe.cmd("XADD")
                .arg("messages")
                .arg("MAXLEN")
                .arg(10_000)
                .arg("*")
                .arg("messageID")
                .arg(&key)
                .ignore();
        }
        let () = pipe.query_async(&mut connection).await.unwrap();
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
}

/// Every firing that was ever seen in what is stored.
async fn firings(mut connection: MultiplexedConnection, stopping: watch::Receiver<bool>) -> Firings {
    let mut seen = Firings::new();
    while !*stopping.borrow() {
        let fingerprints: Vec<String> = connection.smembers("scout:messages:fingerprints").await.unwrap();
        for fingerprint in fingerprints {
            let record: Option<String> =
                connection.get(format!("scout:messages:alert:{fingerprint}")).await.unwrap();
            let Some(record) = record else { continue };
            let record: Value = serde_json::from_str(&record).unwrap();
            if let Some(generation) = record["alert"]["firing"]["generation"].as_u64() {
                seen.insert((fingerprint, generation));
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    seen
}

/// What a receiver was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Delivery {
    fingerprint: String,
    generation: u64,
    is_firing: bool,
    repeat: u64,
    firings: u64,
}

impl Delivery {
    fn of(request: &scout_testkit::Recorded) -> Self {
        let key: Vec<&str> = request.header("idempotency-key").unwrap().split(':').collect();
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let number = body["message"].as_str().unwrap().split_whitespace().next().unwrap();
        Self {
            fingerprint: key[0].to_owned(),
            generation: key[1].parse().unwrap(),
            is_firing: key[2] == "firing",
            repeat: key[3].parse().unwrap(),
            firings: number.parse().unwrap(),
        }
    }
}

fn judge(stored: &Firings, deliveries: &[Delivery]) {
    let mut by_alert: BTreeMap<&str, Vec<&Delivery>> = BTreeMap::new();
    for delivery in deliveries {
        assert_eq!(delivery.repeat, 0, "nothing fires for long enough to be repeated");
        by_alert.entry(&delivery.fingerprint).or_default().push(delivery);
    }
    for (fingerprint, generation) in stored {
        let told =
            by_alert.get(fingerprint.as_str()).unwrap_or_else(|| panic!("{fingerprint} was never told"));
        // A firing that came and went unheard is told with the next one, and counted there.
        let covers = |delivery: &&&Delivery| {
            delivery.generation == *generation || delivery.generation > *generation && delivery.firings > 1
        };
        assert!(told.iter().find(covers).is_some(), "{fingerprint}:{generation} was never told: {told:?}");
    }
    for (fingerprint, told) in by_alert {
        assert!(!told.last().unwrap().is_firing, "{fingerprint} has no end: {told:?}");
        let mut last: Option<&Delivery> = None;
        for delivery in told {
            if let Some(last) = last.filter(|last| *last != delivery) {
                assert!(
                    delivery.generation >= last.generation,
                    "{fingerprint} goes back: {last:?} {delivery:?}"
                );
                let is_new = delivery.generation > last.generation;
                let is_told_as_one = delivery.firings > 1 || !last.is_firing;
                assert!(
                    !is_new || is_told_as_one,
                    "{fingerprint} fires under two keys: {last:?} {delivery:?}"
                );
                assert!(
                    is_new || !delivery.is_firing,
                    "{fingerprint} fires after its end: {last:?} {delivery:?}"
                );
            }
            last = Some(delivery);
        }
    }
}
