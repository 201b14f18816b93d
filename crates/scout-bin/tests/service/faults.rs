//! What readers see while the store is in trouble.

use std::time::Duration;

use scout_testkit::{
    Announce, Fault, FaultProxy, Generation, Generator, Modules, RedisServer, create_index, load,
};
use serde_json::Value;

use crate::meters::scans;
use crate::scene::{run, start};
use crate::scout::Scout;
use crate::watch::{Shown, Watch};

const MESSAGES: usize = 500;
const NOW_MS: i64 = 1_789_196_834_000;

/// A server with messages that survive its end, and Scout in front of it.
async fn scene() -> (RedisServer, Scout) {
    let redis = RedisServer::builder().append_only().start().await.unwrap();
    fill(&redis).await;
    let scout = start(&redis.url()).await;
    scout.counts(MESSAGES as u64).await;
    (redis, scout)
}

async fn fill(redis: &RedisServer) {
    let mut connection = redis.connection().await.unwrap();
    create_index(&mut connection, "messages", Generation::D).await.unwrap();
    let documents: Vec<_> = Generator::tidy(11, NOW_MS).take(MESSAGES).collect();
    load(&mut connection, &documents, Announce::On("messages")).await.unwrap();
}

/// Whoever read all the time saw the true number, marked or not, and never anything else.
async fn nothing_false(watch: Watch) {
    let shown = watch.shown().await;
    let is_true = |shown: &Shown| match shown {
        Shown::Plain(total) | Shown::Marked(total) => *total == MESSAGES as u64,
        Shown::Refused(_) => false,
    };
    assert!(shown.iter().all(is_true), "{shown:?}");
}

/// Everything that has to hold while cycles fail: the last good numbers, marked; not ready, with the reason.
async fn is_marked_stale(scout: &Scout, reason: &[&str]) {
    let summary = scout.answers("/analytics/summary", |answer| answer.json()["stale"] == true).await.json();
    assert_eq!(summary["totalMessages"], MESSAGES);
    assert!(summary["staleSince"].as_str().is_some_and(|since| since.ends_with('Z')), "{summary}");
    let ready = scout.answers("/ready", |answer| answer.status == 503).await.json();
    assert_eq!(ready["status"], "not ready");
    let last_error = ready["lastError"].as_str().unwrap().to_lowercase();
    assert!(reason.iter().any(|part| last_error.contains(part)), "{last_error}");
    assert_eq!(scout.get("/health").status, 200);
    assert_eq!(scout.get("/readyz").status, 200);
    assert_eq!(scout.get("/livez").status, 200);
    let metrics = scout.get("/metrics").body;
    assert!(metrics.contains("\nhomerun2_scout_stale 1\n"), "{metrics}");
    assert!(metrics.contains(&format!("\nhomerun2_scout_messages_total {MESSAGES}\n")), "{metrics}");
}

/// What ailed the store is over: beside the cycle that was under way, at most one fails.
async fn heals(scout: &Scout) {
    let failures = |scout: &Scout| scout.logged("aggregation cycle failed").len();
    let before = failures(scout);
    let summary = scout.counts(MESSAGES as u64).await;
    assert!(failures(scout) <= before + 2, "it took more than two cycles:\n{}", scout.lines().join("\n"));
    assert!(summary.get("staleSince").is_none(), "{summary}");
    scout.answers("/ready", |answer| answer.status == 200).await;
    assert!(scout.get("/metrics").body.contains("\nhomerun2_scout_stale 0\n"));
}

#[tokio::test]
async fn the_listener_is_up_before_redis_answers_and_shows_no_numbers_then() {
    let redis = RedisServer::start().await.unwrap();
    let proxy = FaultProxy::before(&redis.url()).await.unwrap();
    proxy.set(Fault::BlackHole).await;
    let scout = start(&proxy.url(&redis.url())).await;
    assert_eq!(scout.get("/health").status, 200);
    assert_eq!(scout.get("/livez").status, 200);
    assert_eq!(scout.get("/readyz").status, 503);
    assert_eq!(scout.get("/ready").status, 503);
    for view in ["summary", "systems", "alerts"] {
        let answer = scout.get(&format!("/analytics/{view}"));
        assert_eq!(answer.status, 503, "{view}");
        assert!(answer.head.contains("\r\nretry-after: "), "{}", answer.head);
    }
    proxy.set(Fault::None).await;
    scout.counts(0).await;
}

#[tokio::test]
async fn a_killed_redis_leaves_the_last_numbers_marked_and_heals_when_it_is_back() {
    let (mut redis, scout) = scene().await;
    let watch = Watch::over(&scout);
    redis.kill().unwrap();
    is_marked_stale(&scout, &["connect", "refused", "reset", "broken"]).await;
    redis.restart().await.unwrap();
    heals(&scout).await;
    nothing_false(watch).await;
}

#[tokio::test]
async fn a_redis_that_stops_answering_leaves_the_last_numbers_marked_and_heals() {
    let (redis, scout) = scene().await;
    let watch = Watch::over(&scout);
    redis.pause().unwrap();
    is_marked_stale(&scout, &["time", "answer"]).await;
    redis.resume().unwrap();
    heals(&scout).await;
    nothing_false(watch).await;
}

#[tokio::test]
async fn a_dropped_index_is_made_again_and_never_shows_a_false_zero() {
    let (redis, scout) = scene().await;
    let watch = Watch::over(&scout);
    let mut connection = redis.connection().await.unwrap();
    run(&mut connection, &["FT.DROPINDEX", "messages"]).await;
    scout.eventually("the index", |scout| scout.logged("redisearch index created").pop()).await;
    heals(&scout).await;
    nothing_false(watch).await;
}

#[tokio::test]
async fn a_changed_password_is_told_without_the_password_and_heals_when_it_is_changed_back() {
    let mut redis = RedisServer::builder().append_only().password("first-secret").start().await.unwrap();
    fill(&redis).await;
    let scout = start(&redis.url()).await;
    scout.counts(MESSAGES as u64).await;
    let watch = Watch::over(&scout);
    redis.restart_with(|builder| builder.password("second-secret")).await.unwrap();
    is_marked_stale(&scout, &["password", "wrongpass", "noauth", "authenti"]).await;
    redis.restart_with(|builder| builder.password("first-secret")).await.unwrap();
    heals(&scout).await;
    nothing_false(watch).await;
    let seen = [scout.lines().join("\n"), scout.get("/ready").body, scout.get("/metrics").body].join("\n");
    assert!(!seen.contains("first-secret") && !seen.contains("second-secret"), "{seen}");
}

#[tokio::test]
async fn a_redis_that_lost_its_modules_leaves_the_last_numbers_marked_and_heals() {
    let (mut redis, scout) = scene().await;
    let watch = Watch::over(&scout);
    // A server without the modules cannot load their data, so this one starts empty, elsewhere on disk.
    redis.restart_with(|builder| builder.modules(Modules::None).config("appenddirname plain")).await.unwrap();
    is_marked_stale(&scout, &["module"]).await;
    redis
        .restart_with(|builder| builder.modules(Modules::SearchAndJson).config("appenddirname appendonlydir"))
        .await
        .unwrap();
    heals(&scout).await;
    nothing_false(watch).await;
}

#[tokio::test]
async fn queries_that_time_out_on_the_server_never_show_a_false_number() {
    let redis = RedisServer::start().await.unwrap();
    fill(&redis).await;
    let mut connection = redis.connection().await.unwrap();
    for (name, value) in [("TIMEOUT", "1"), ("ON_TIMEOUT", "FAIL")] {
        run(&mut connection, &["FT.CONFIG", "SET", name, value]).await;
    }
    let url = redis.url();
    let variables = [("REDIS_URL", url.as_str()), ("SCOUT_INTERVAL", "1s"), ("SCOUT_RESCAN_INTERVAL", "1s")];
    let scout = Scout::start(&variables).await;
    scout.counts(MESSAGES as u64).await;
    let watch = Watch::over(&scout);
    scout.eventually("two more scans", |scout| (scans(scout, "") >= 3).then_some(())).await;
    nothing_false(watch).await;
}

#[tokio::test]
async fn an_emptied_redis_really_is_zero() {
    let (redis, scout) = scene().await;
    let mut connection = redis.connection().await.unwrap();
    run(&mut connection, &["FLUSHALL"]).await;
    let summary = scout.counts(0).await;
    assert_eq!(summary["severityCounts"], Value::Object(serde_json::Map::new()));
}

#[tokio::test]
async fn a_stop_while_redis_hangs_ends_within_the_grace() {
    let (redis, mut scout) = scene().await;
    redis.pause().unwrap();
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    scout.signal("TERM");
    assert_eq!(scout.ended().await.code(), Some(0));
    redis.resume().unwrap();
}
