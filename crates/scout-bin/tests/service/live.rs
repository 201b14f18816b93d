//! Numbers between scans: what is announced shows at once, what is not is found by a check.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use scout_testkit::{Fault, FaultProxy, RedisServer};
use uuid::Uuid;

use crate::meters::checks;
use crate::scene::{indexed, run};
use crate::scout::{Answer, Scout};
use crate::watch::{Shown, Watch};

async fn set(connection: &mut MultiplexedConnection, document: &str) -> String {
    let key = format!("{}-flux", Uuid::new_v4());
    run(connection, &["JSON.SET", &key, ".", document]).await;
    key
}

async fn announce(connection: &mut MultiplexedConnection, key: &str, keep: usize) {
    run(connection, &["XADD", "messages", "MAXLEN", &keep.to_string(), "*", "messageID", key]).await;
}

async fn pitch(connection: &mut MultiplexedConnection) -> String {
    let key =
        set(connection, r#"{"severity":"ERROR","system":"flux","timestamp":"2026-09-12T05:00:00Z"}"#).await;
    announce(connection, &key, 10_000).await;
    key
}

/// How often a cursor over the index was opened: at start once for the last hour, then once for the whole.
async fn cursors(connection: &mut MultiplexedConnection) -> u64 {
    let stats: String = redis::cmd("INFO").arg("commandstats").query_async(connection).await.unwrap();
    let line = stats.lines().find_map(|line| line.strip_prefix("cmdstat_FT.AGGREGATE:calls="));
    line.map_or(0, |rest| rest.split(',').next().unwrap().parse().unwrap())
}

#[tokio::test]
async fn what_is_announced_shows_long_before_the_next_interval_and_without_a_scan() {
    let (redis, mut connection) = indexed().await;
    let scout = Scout::start(&[("REDIS_URL", &redis.url()), ("SCOUT_INTERVAL", "24h")]).await;
    scout.counts(0).await;
    for total in 1..=20 {
        pitch(&mut connection).await;
        if total % 5 == 0 {
            scout.counts(total).await;
        }
    }
    assert_eq!(cursors(&mut connection).await, 2);
}

#[tokio::test]
async fn entries_that_were_trimmed_before_they_could_be_read_are_found_and_counted() {
    let (redis, mut connection) = indexed().await;
    let scout = Scout::start(&[("REDIS_URL", &redis.url()), ("SCOUT_INTERVAL", "1s")]).await;
    pitch(&mut connection).await;
    scout.counts(1).await;
    let watch = Watch::over(&scout);
    scout.signal("STOP");
    for _ in 0..200 {
        let key = set(&mut connection, r#"{"severity":"ERROR","system":"flux"}"#).await;
        announce(&mut connection, &key, 10).await;
    }
    scout.signal("CONT");
    scout.counts(201).await;
    let shown = watch.shown().await;
    // Until the check, what is left of the stream, and what was read before the process stood still, stand for all that came.
    let until_checked = shown.iter().take_while(|shown| !matches!(shown, Shown::Marked(_))).count();
    let is_allowed = |shown: &Shown| matches!(shown, Shown::Plain(1..=21 | 201));
    assert!(shown[..until_checked].iter().all(is_allowed), "{shown:?}");
    let is_true = |shown: &Shown| matches!(shown, Shown::Marked(_) | Shown::Plain(201));
    assert!(shown[until_checked..].iter().all(is_true), "{shown:?}");
    assert_eq!(scout.logged("entries were gone before they could be read, scanning again").len(), 1);
    assert_eq!(cursors(&mut connection).await, 3);
}

#[tokio::test]
async fn what_nobody_announces_is_told_as_a_difference_and_counted_by_the_next_scan() {
    let (redis, mut connection) = indexed().await;
    let variables = [
        ("REDIS_URL", redis.url()),
        ("SCOUT_INTERVAL", "1s".into()),
        ("SCOUT_RESCAN_INTERVAL", "15s".into()),
    ];
    let variables = variables.each_ref().map(|(name, value)| (*name, value.as_str()));
    let scout = Scout::start(&variables).await;
    let gone = pitch(&mut connection).await;
    scout.counts(1).await;
    set(&mut connection, r#"{"severity":"ERROR","system":"flux"}"#).await;
    set(&mut connection, r#"{"severity":"ERROR","system":"flux"}"#).await;
    run(&mut connection, &["UNLINK", &gone]).await;
    scout.answers("/analytics/summary", |answer| answer.json()["difference"] == -1).await;
    let summary = scout.counts(2).await;
    assert_eq!(summary.get("difference"), None, "{summary}");
}

#[tokio::test]
async fn documents_that_are_foreign_or_refused_make_no_scans_and_no_difference() {
    let (redis, mut connection) = indexed().await;
    let scout = Scout::start(&[("REDIS_URL", &redis.url()), ("SCOUT_INTERVAL", "1s")]).await;
    scout.counts(0).await;
    for _ in 0..10 {
        pitch(&mut connection).await;
        for odd in [r#"{"colour":"red"}"#, r#"{"severity":"error","title":5}"#, r#"{"severity":{}}"#] {
            let key = set(&mut connection, odd).await;
            announce(&mut connection, &key, 10_000).await;
        }
        announce(&mut connection, "no such document", 10_000).await;
    }
    scout.counts(10).await;
    let before = checks(&scout);
    scout.eventually("two more checks", |scout| (checks(scout) >= before + 2).then_some(())).await;
    let summary = scout.counts(10).await;
    assert_eq!(summary.get("difference"), None, "{summary}");
    assert_eq!(cursors(&mut connection).await, 2);
}

#[tokio::test]
async fn a_restarted_scout_counts_what_came_meanwhile() {
    let (redis, mut connection) = indexed().await;
    let url = redis.url();
    let variables = [("REDIS_URL", url.as_str())];
    let mut scout = Scout::start(&variables).await;
    pitch(&mut connection).await;
    scout.counts(1).await;
    scout.signal("TERM");
    scout.ended().await;
    pitch(&mut connection).await;
    let scout = Scout::start(&variables).await;
    scout.counts(2).await;
    pitch(&mut connection).await;
    scout.counts(3).await;
}

#[tokio::test]
async fn several_streams_are_followed() {
    let (redis, mut connection) = indexed().await;
    let scout = Scout::start(&[("REDIS_URL", &redis.url()), ("SCOUT_STREAMS", "messages, alerts")]).await;
    scout.counts(0).await;
    pitch(&mut connection).await;
    let key = set(&mut connection, r#"{"severity":"ERROR","system":"grafana"}"#).await;
    run(&mut connection, &["XADD", "alerts", "*", "messageID", &key]).await;
    scout.counts(2).await;
}

#[tokio::test]
async fn where_the_stream_cannot_be_followed_scans_count_every_interval() {
    let (redis, mut connection) = indexed().await;
    run(&mut connection, &["SET", "messages", "no stream"]).await;
    set(&mut connection, r#"{"severity":"ERROR","system":"flux"}"#).await;
    let scout = Scout::start(&[("REDIS_URL", &redis.url()), ("SCOUT_INTERVAL", "1s")]).await;
    scout.counts(1).await;
    scout.answers("/ready", |answer| answer.body.contains("not_followed")).await;
    let ready = scout.get("/ready");
    assert!(ready.status == 200 && ready.body.contains("WRONGTYPE"), "{}", ready.body);
    let window = scout.get("/analytics/summary?window=10m").json();
    assert_eq!(window["incomplete"], "not_followed", "{window}");
    let time = |name: &str| window[name].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    assert!(time("to") <= time("lastUpdated"), "{window}");
    set(&mut connection, r#"{"severity":"ERROR","system":"flux"}"#).await;
    scout.counts(2).await;

    run(&mut connection, &["DEL", "messages"]).await;
    pitch(&mut connection).await;
    scout.counts(3).await;
    scout.answers("/ready", |answer| !answer.body.contains("not_followed")).await;
}

/// Writes so many documents whose events were that long ago.
#[expect(clippy::disallowed_methods, reason = "events have to be recent")]
async fn fill(connection: &mut MultiplexedConnection, count: usize, age: Duration) {
    let event = jiff::Timestamp::now() - jiff::SignedDuration::try_from(age).unwrap();
    let document = serde_json::json!({
        "severity": "ERROR",
        "system": "flux",
        "timestamp": event.to_string(),
        "timestamp_unix": event.as_second(),
    });
    let mut pipe = redis::pipe();
    for _ in 0..count {
        let key = format!("{}-flux", Uuid::new_v4());
        pipe.cmd("JSON.SET").arg(key).arg(".").arg(document.to_string()).ignore();
    }
    let () = pipe.query_async(connection).await.unwrap();
}

/// A store with many documents of some hours ago and few of the last one, behind a proxy that does this to it.
async fn old_and_recent(fault: Fault) -> (RedisServer, MultiplexedConnection, FaultProxy) {
    let (redis, mut connection) = indexed().await;
    fill(&mut connection, 8_000, Duration::from_secs(5 * 3600)).await;
    fill(&mut connection, 30, Duration::from_secs(600)).await;
    let proxy = FaultProxy::before(&redis.url()).await.unwrap();
    proxy.set(fault).await;
    (redis, connection, proxy)
}

#[tokio::test]
async fn a_redis_that_comes_later_than_scout_gives_windows_of_the_last_hour_first_too() {
    let (redis, _, proxy) = old_and_recent(Fault::Refuse).await;
    let scout = Scout::start(&[("REDIS_URL", &proxy.url(&redis.url()))]).await;
    scout.answers("/analytics/summary", |answer| answer.body.contains("cannot reach")).await;
    proxy.set(Fault::Delay(Duration::from_millis(300))).await;
    let first = scout.answers("/analytics/summary?window=30m", |answer| answer.status == 200).await.json();
    assert_eq!((&first["totalMessages"], &first["counting"]["of"]), (&30.into(), &8030.into()), "{first}");
    let whole = scout.get("/analytics/summary");
    assert!(whole.status == 503 && !whole.body.contains("cannot reach"), "{}", whole.body);
}

#[tokio::test]
async fn windows_of_the_last_hour_are_answered_while_the_first_scan_goes_on() {
    let delay = Fault::Delay(Duration::from_millis(100));
    let (redis, mut connection, proxy) = old_and_recent(delay).await;
    let scout = Scout::start(&[("REDIS_URL", &proxy.url(&redis.url()))]).await;
    let first = scout.answers("/analytics/summary?window=30m", |answer| answer.status == 200).await;
    assert_eq!(first.json()["counting"]["of"], 8030, "{}", first.body);
    let counting = |answer: &Answer| answer.json()["counting"]["done"].as_u64().unwrap_or_default() > 0;
    let recent = scout.answers("/analytics/summary?window=30m", |answer| counting(answer)).await;
    let summary = recent.json();
    assert_eq!((recent.status, &summary["totalMessages"]), (200, &30.into()), "{summary}");
    assert_eq!(summary["counting"]["of"], 8030);
    let whole = scout.get("/analytics/summary");
    assert!(whole.status == 503 && counting(&whole), "{}", whole.body);
    let long = scout.get("/analytics/systems?window=2h");
    assert!(
        long.status == 503 && long.head.contains("retry-after") && long.body.contains("still being counted")
    );
    assert_eq!(scout.get("/readyz").status, 503);
    let key = set(&mut connection, r#"{"severity":"ERROR","system":"flux"}"#).await;
    announce(&mut connection, &key, 10_000).await;

    proxy.set(Fault::None).await;
    scout.counts(8031).await;
    let complete = scout.get("/analytics/summary?window=30m").json();
    assert_eq!((&complete["totalMessages"], complete.get("counting")), (&30.into(), None), "{complete}");
}
