//! Alerts, from messages in a real Redis to what a receiver is sent.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use scout_testkit::{Fault, FaultProxy, Generation, Recorded, Recorder, RedisServer, Reply, create_index};
use serde_json::Value;
use uuid::Uuid;

use crate::scout::Scout;

/// A Redis with an index, its connection, and somebody who is told.
struct Scene {
    redis: RedisServer,
    connection: MultiplexedConnection,
    receiver: Recorder,
}

impl Scene {
    async fn new() -> Self {
        let redis = RedisServer::start().await.unwrap();
        let mut connection = redis.connection().await.unwrap();
        create_index(&mut connection, "messages", Generation::D).await.unwrap();
        Self { redis, connection, receiver: Recorder::start().await.unwrap() }
    }

    async fn scout(&self, more: &[(&str, &str)]) -> Scout {
        self.scout_at(&self.redis.url(), more).await
    }

    async fn scout_at(&self, redis: &str, more: &[(&str, &str)]) -> Scout {
        let pitcher = self.receiver.url("");
        let mut variables = vec![("REDIS_URL", redis), ("ALERT_PITCHER_URL", pitcher.as_str())];
        variables.extend(more);
        let scout = Scout::start(&variables).await;
        // Until it is known that nothing is missing of what has arrived, counts are lower bounds.
        scout.answers("/rules", |answer| answer.json()["rules"][0]["covered"] == true).await;
        scout
    }

    /// Writes messages as producers do.
    async fn pitch(&mut self, count: usize, document: &str) {
        let mut pipe = redis::pipe();
        for _ in 0..count {
            let key = format!("{}-flux", Uuid::new_v4());
            pipe.cmd("JSON.SET").arg(&key).arg(".").arg(document).ignore();
            pipe.cmd("XADD")
                .arg("messages")
                .arg("MAXLEN")
                .arg(10_000)
                .arg("*")
                .arg("messageID")
                .arg(&key)
                .ignore();
        }
        let () = pipe.query_async(&mut self.connection).await.unwrap();
    }

    /// What the receiver has been sent, once there is so much.
    async fn told(&self, count: usize) -> Vec<Told> {
        let waiting = self.receiver.wait_for(count);
        let requests = tokio::time::timeout(Duration::from_secs(30), waiting).await;
        requests.unwrap_or_else(|_| panic!("only {:?}", self.all_told())).iter().map(Told::of).collect()
    }

    fn all_told(&self) -> Vec<Told> {
        self.receiver.requests().iter().map(Told::of).collect()
    }
}

/// A message that the receiver was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Told {
    title: String,
    severity: String,
    key: String,
}

impl Told {
    fn of(request: &Recorded) -> Self {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        Self {
            title: text("title"),
            severity: text("severity"),
            key: request.header("idempotency-key").unwrap_or_default().to_owned(),
        }
    }
}

const ERROR: &str = r#"{"title":"t","message":"m","severity":"ERROR","system":"flux"}"#;

#[tokio::test]
async fn the_documented_example_fires_once_repeats_by_its_interval_and_resolves() {
    let mut scene = Scene::new().await;
    let scout = scene
        .scout(&[
            ("SCOUT_INTERVAL", "4s"),
            ("ALERT_ERROR_THRESHOLD", "50"),
            ("ALERT_CRITICAL_THRESHOLD", "10"),
            ("ALERT_COOLDOWN", "2s"),
        ])
        .await;
    scene.pitch(49, ERROR).await;
    scout.counts(49).await;
    assert_eq!(scene.all_told(), []);
    // No time, a time that is none, and one that is long past: an alert hangs on none of them.
    let odd = r#"{"severity":"error","system":"flux","timestamp":"yesterday"}"#;
    scene.pitch(1, odd).await;
    let told = scene.told(1).await;
    assert_eq!(told[0].title, "Scout: Error threshold exceeded");
    assert_eq!(told[0].severity, "WARNING");
    let body: Value = serde_json::from_slice(&scene.receiver.requests()[0].body).unwrap();
    assert_eq!(body["message"], "Error count 50 exceeds threshold 50");
    assert_eq!(body["tags"], "scout,threshold,error");
    assert_eq!((&body["author"], &body["system"]), (&"homerun2-scout".into(), &"homerun2-scout".into()));

    scene.told(2).await;
    scout.answers("/alerts", |answer| answer.json()["total"] == 0).await;
    let told = scene.all_told();
    let (last, before) = told.split_last().unwrap();
    assert_eq!((&*last.title, &*last.severity), ("Scout: Error threshold resolved", "info"), "{told:?}");
    assert!(last.key.ends_with(":resolved:0"), "{told:?}");
    assert!(before.len() > 1, "it was repeated while it fired: {told:?}");
    for (repeat, each) in before.iter().enumerate() {
        assert_eq!(each.title, "Scout: Error threshold exceeded");
        assert!(each.key.ends_with(&format!(":firing:{repeat}")), "{told:?}");
    }
}

#[tokio::test]
async fn alerts_that_come_back_as_messages_do_not_feed_rules() {
    let mut scene = Scene::new().await;
    let scout = scene.scout(&[("SCOUT_INTERVAL", "2s"), ("ALERT_CRITICAL_THRESHOLD", "1")]).await;
    let own = r#"{"severity":"CRITICAL","system":"homerun2-scout"}"#;
    scene.pitch(20, own).await;
    scout.counts(20).await;
    let rule = |scout: &Scout| scout.get("/rules").json()["rules"][0].clone();
    scout
        .eventually("a judgement of the messages", |scout| (rule(scout)["covered"] == true).then_some(()))
        .await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(rule(&scout)["value"], 0);
    assert_eq!(scene.all_told(), []);
}

#[tokio::test]
async fn a_receiver_that_is_away_is_told_when_it_is_back() {
    let mut scene = Scene::new().await;
    for _ in 0..3 {
        scene.receiver.reply_once(Reply::status(503));
    }
    let scout = scene
        .scout(&[("SCOUT_INTERVAL", "1h"), ("ALERT_WINDOW", "1h"), ("ALERT_ERROR_THRESHOLD", "1")])
        .await;
    scene.pitch(1, ERROR).await;
    let told = scene.told(4).await;
    assert!(told.iter().all(|each| *each == told[0]), "the same is said again: {told:?}");
    let alerts = scout
        .answers("/alerts", |answer| !answer.json()["alerts"][0]["deliveries"][0]["told"].is_null())
        .await;
    assert_eq!(alerts.json()["alerts"][0]["state"], "firing");
    assert_eq!(alerts.json()["alerts"][0]["deliveries"][0].get("owed"), None);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(scene.all_told().len(), 4);
}

#[tokio::test]
async fn a_restart_neither_repeats_nor_forgets_an_alert() {
    let mut scene = Scene::new().await;
    let settings = [("SCOUT_INTERVAL", "4s"), ("ALERT_ERROR_THRESHOLD", "5")];
    let mut scout = scene.scout(&settings).await;
    scene.pitch(5, ERROR).await;
    scene.told(1).await;
    scout.answers("/alerts", |answer| !answer.json()["alerts"][0]["deliveries"][0]["told"].is_null()).await;
    scout.signal("TERM");
    assert!(scout.ended().await.success());
    let scout = scene.scout(&settings).await;
    let told = scene.told(2).await;
    assert_eq!(told[1].title, "Scout: Error threshold resolved", "{told:?}");
    scout.answers("/alerts", |answer| answer.json()["total"] == 0).await;
    assert_eq!(scene.all_told().len(), 2);
}

#[tokio::test]
async fn a_store_that_is_away_is_one_alert_and_nothing_else() {
    let mut scene = Scene::new().await;
    let proxy = FaultProxy::before(&scene.redis.url()).await.unwrap();
    let through = proxy.url(&scene.redis.url());
    let scout = scene
        .scout_at(
            &through,
            &[
                ("SCOUT_INTERVAL", "2s"),
                ("ALERT_WINDOW", "1h"),
                ("ALERT_ERROR_THRESHOLD", "5"),
                ("SCOUT_SOURCE_FOR", "1s"),
            ],
        )
        .await;
    scene.pitch(5, ERROR).await;
    scene.told(1).await;
    scout.answers("/alerts", |answer| !answer.json()["alerts"][0]["deliveries"][0]["told"].is_null()).await;
    proxy.set(Fault::Refuse).await;
    let told = scene.told(2).await;
    assert_eq!(told[1].title, "Scout: Store unreachable");
    tokio::time::sleep(Duration::from_secs(15)).await;
    assert_eq!(scene.all_told().len(), 2, "{:?}", scene.all_told());
    proxy.set(Fault::None).await;
    let told = scene.told(3).await;
    assert_eq!((&*told[2].title, &*told[2].severity), ("Resolved: Scout: Store unreachable", "info"));
    scout.answers("/alerts", |answer| answer.json()["total"] == 1).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(scene.all_told().len(), 3, "{:?}", scene.all_told());
}

#[tokio::test]
async fn a_full_redis_stops_neither_judging_nor_resolving() {
    let mut scene = Scene::new().await;
    let scout = scene.scout(&[("SCOUT_INTERVAL", "4s"), ("ALERT_ERROR_THRESHOLD", "5")]).await;
    scene.pitch(5, ERROR).await;
    let full = redis::cmd("CONFIG").arg("SET").arg("maxmemory").arg("1mb").to_owned();
    let () = full.query_async(&mut scene.connection).await.unwrap();
    let told = scene.told(2).await;
    assert_eq!(told[0].title, "Scout: Error threshold exceeded");
    assert_eq!(told[1].title, "Scout: Error threshold resolved");
    scout.answers("/alerts", |answer| answer.json()["total"] == 0).await;
}

#[tokio::test]
async fn errors_that_come_faster_than_the_stream_can_hold_fire() {
    let mut scene = Scene::new().await;
    let scout = scene.scout(&[("SCOUT_INTERVAL", "1m"), ("ALERT_ERROR_THRESHOLD", "100")]).await;
    scout.signal("STOP");
    for _ in 0..500 {
        let key = format!("{}-flux", Uuid::new_v4());
        let mut pipe = redis::pipe();
        pipe.cmd("JSON.SET").arg(&key).arg(".").arg(ERROR).ignore();
        pipe.cmd("XADD").arg("messages").arg("MAXLEN").arg(150).arg("*").arg("messageID").arg(&key).ignore();
        let () = pipe.query_async(&mut scene.connection).await.unwrap();
    }
    scout.signal("CONT");
    let told = scene.told(1).await;
    assert_eq!(told[0].title, "Scout: Error threshold exceeded");
}

#[tokio::test]
async fn of_three_replicas_one_tells_and_another_takes_over_within_the_lease() {
    let mut scene = Scene::new().await;
    let settings = [("SCOUT_INTERVAL", "1h"), ("ALERT_WINDOW", "1h"), ("ALERT_ERROR_THRESHOLD", "5")];
    let first = scene.scout(&settings).await;
    let (url, pitcher) = (scene.redis.url(), scene.receiver.url(""));
    let mut others = Vec::new();
    for _ in 0..2 {
        let mut variables = vec![("REDIS_URL", url.as_str()), ("ALERT_PITCHER_URL", pitcher.as_str())];
        variables.extend(settings);
        others.push(Scout::start(&variables).await);
    }
    scene.pitch(5, ERROR).await;
    scene.told(1).await;
    for other in &others {
        // They show what the one in charge has stored.
        other.answers("/alerts", |answer| answer.json()["alerts"][0]["state"] == "firing").await;
        assert_eq!(other.get("/alerts").json()["inCharge"], false);
    }
    drop(first);
    let in_charge = |scout: &Scout| scout.get("/alerts").json()["inCharge"] == true;
    let taken = async {
        while !others.iter().any(in_charge) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(12), taken).await.expect("another one takes over");
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(scene.all_told().len(), 1, "{:?}", scene.all_told());
}

const TAGGED: &str = r#"
[[rules]]
name = "Billing"
tags = ["billing*"]
threshold = 2
receivers = ["measured"]

[receivers.measured]
kind = "webhook"
url = "URL"
"#;

/// The file of a rule about tags, for a receiver at this address.
fn tagged(url: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("scout.toml");
    std::fs::write(&file, TAGGED.replace("URL", url)).unwrap();
    let file = file.display().to_string();
    (folder, file)
}

#[tokio::test]
async fn a_rule_about_tags_counts_messages_that_have_one_of_them() {
    let mut scene = Scene::new().await;
    let (_folder, file) = tagged(&scene.receiver.url("/hook"));
    let url = scene.redis.url();
    let scout = Scout::start(&[("REDIS_URL", url.as_str()), ("SCOUT_CONFIG", &file)]).await;
    scout.answers("/rules", |answer| answer.json()["rules"][0]["covered"] == true).await;
    scene.pitch(1, r#"{"severity":"error","tags":"shop, billing-eu"}"#).await;
    scene.pitch(5, r#"{"severity":"error","tags":"shop,rebilling"}"#).await;
    scene.pitch(5, ERROR).await;
    scout.counts(11).await;
    scout.answers("/rules", |answer| answer.json()["rules"][0]["value"] == 1).await;
    scene.pitch(1, r#"{"severity":"info","tags":"billing"}"#).await;
    let waiting = scene.receiver.wait_for(1);
    let requests =
        tokio::time::timeout(Duration::from_secs(30), waiting).await.expect("the webhook is called");
    let body: Value = serde_json::from_slice(&requests[0].body).unwrap();
    assert_eq!(
        (&body["status"], &body["alerts"][0]["labels"]["alertname"]),
        (&"firing".into(), &"Billing".into())
    );
}

#[tokio::test]
async fn over_a_file_of_its_own_it_counts_tags_and_writes_alerts_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().display().to_string();
    let receiver = Recorder::start().await.unwrap();
    let (_file, file) = tagged(&receiver.url("/hook"));
    let scout = Scout::start(&[
        ("SCOUT_STORE", "embedded"),
        ("SCOUT_DATA", &data),
        ("SCOUT_CONFIG", &file),
        ("ALERT_PITCHER_URL", "local"),
        ("ALERT_WINDOW", "1h"),
        ("ALERT_CRITICAL_THRESHOLD", "1"),
    ])
    .await;
    scout.answers("/rules", |answer| answer.json()["rules"][0]["covered"] == true).await;
    for body in [
        r#"{"title":"t","message":"m","severity":"info","tags":"billing"}"#,
        r#"{"title":"t","message":"m","severity":"info"}"#,
        r#"{"title":"t","message":"m","severity":"critical","tags":"billing-eu"}"#,
    ] {
        assert_eq!(scout.request("POST", "/pitch", &[], body).status, 200);
    }
    tokio::time::timeout(Duration::from_secs(30), receiver.wait_for(1)).await.expect("the webhook is called");
    // Three messages, and the one that tells of the critical one, which feeds no rule.
    let summary = scout.counts(4).await;
    assert_eq!(summary["severityCounts"]["critical"], 2);
    let system = scout.get("/analytics/systems/homerun2-scout").json();
    assert_eq!(system["totalMessages"], 1, "{system}");
    let alerts = scout.get("/alerts").json();
    assert_eq!(alerts["total"], 2, "{alerts}");
}
