//! What an operator is told before relying on a store.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail as loudly as tests"
)]

mod common;

use common::{ALERTING, COUNTING, SUBMITTING, as_user, inspect, make_user, plain, run, store, write};
use scout_core::{FindingKind, MessageStore, StoreErrorKind, StoreReport};
use scout_redis::{Alerts, Intake, Protocol, RedisConfig};
use scout_testkit::{Generation, RedisServer, create_index, wait_until_built};

fn fact<'a>(report: &'a StoreReport, name: &str) -> &'a str {
    let found = report.facts.iter().find(|(found, _)| found == name);
    &found.unwrap_or_else(|| panic!("no {name} in {:?}", report.facts)).1
}

fn texts(report: &StoreReport) -> String {
    report.findings.iter().map(|finding| finding.text.as_str()).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn nothing_is_changed_by_looking() {
    let redis = scout_testkit::redis().await;
    let mut connection = redis.connection().await.unwrap();
    let report = inspect(&plain(&redis.url())).await;
    assert!(fact(&report, "index").contains("missing"), "{report:?}");
    assert_eq!(run(&mut connection, &["DBSIZE"]).await, redis::Value::Int(0));
    let indexes: Vec<String> = redis::cmd("FT._LIST").query_async(&mut connection).await.unwrap();
    assert!(indexes.is_empty());
}

#[tokio::test]
async fn server_and_index_are_described() {
    for (generation, words, findings) in [
        (Generation::A, "before timestamp_unix", 0),
        (Generation::B, "early version", 1),
        (Generation::C3, "over hashes", 1),
        (Generation::D, "as the newest platform makes it", 0),
    ] {
        let redis = scout_testkit::redis().await;
        let mut connection = redis.connection().await.unwrap();
        create_index(&mut connection, "messages", generation).await.unwrap();
        write(&mut connection, 7).await;
        wait_until_built(&mut connection, "messages").await.unwrap();
        let report = inspect(&plain(&redis.url())).await;
        assert!(fact(&report, "index").contains(words), "{report:?}");
        assert!(fact(&report, "redis").contains("standalone"), "{report:?}");
        assert!(fact(&report, "modules").contains("search 2"), "{report:?}");
        assert!(fact(&report, "modules").contains("ReJSON"), "{report:?}");
        assert_eq!(fact(&report, "protocol"), "RESP3");
        assert_eq!(fact(&report, "role"), "master");
        assert_eq!(fact(&report, "documents"), if generation == Generation::C3 { "0" } else { "7" });
        let about_index =
            report.findings.iter().filter(|finding| finding.kind != FindingKind::Server).count();
        assert_eq!(about_index, findings, "{report:?}");
        let hashes = (generation == Generation::C3).then_some(StoreErrorKind::Refused);
        assert_eq!(report.unusable, hashes);
    }
}

#[tokio::test]
async fn every_right_that_is_missing_is_named() {
    let redis = RedisServer::start().await.unwrap();
    let mut connection = redis.connection().await.unwrap();
    let all = format!("{COUNTING} {SUBMITTING}");
    // With the rights that it asks for, nothing is missing.
    make_user(&mut connection, &all).await;
    let report = inspect(&store(as_user(&redis.url(), Protocol::Auto))).await;
    assert!(!texts(&report).contains("ACL SETUSER"), "{report:?}");
    assert_eq!(report.unusable, None);

    make_user(&mut connection, COUNTING).await;
    let report = inspect(&store(as_user(&redis.url(), Protocol::Auto))).await;
    assert!(!texts(&report).contains("ACL SETUSER"), "{report:?}");
    assert!(
        fact(&report, "taking messages in").contains("`ACL SETUSER <user> +json.set +xadd`"),
        "{report:?}"
    );
    assert_eq!(report.unusable, None);

    make_user(&mut connection, &format!("{COUNTING} +json.set +xadd")).await;
    let report = inspect(&store(as_user(&redis.url(), Protocol::Auto))).await;
    assert!(fact(&report, "taking messages in").contains("`ACL SETUSER <user> ~*`"), "{report:?}");

    for right in
        all.split(' ').filter(|right| !["+info", "~messages", "~*", "+json.set", "+xadd"].contains(right))
    {
        let others: Vec<&str> = all.split(' ').filter(|other| *other != right).collect();
        make_user(&mut connection, &others.join(" ")).await;
        let report = inspect(&store(as_user(&redis.url(), Protocol::Auto))).await;
        assert!(texts(&report).contains(&format!("`ACL SETUSER <user> {right}`")), "{right}: {report:?}");
        assert_eq!(report.unusable, Some(StoreErrorKind::Permission), "{right}");
    }

    make_user(&mut connection, "+info").await;
    let report = inspect(&store(as_user(&redis.url(), Protocol::Auto))).await;
    assert!(texts(&report).contains("+time +multi +exec +ft.info +ft.aggregate +ft.cursor"), "{report:?}");

    make_user(&mut connection, "~*").await;
    let error = store(as_user(&redis.url(), Protocol::Auto)).inspect().await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Permission);
    assert!(error.to_string().contains("'info' command"), "{error}");
}

#[tokio::test]
async fn rights_to_submit_are_needed_where_messages_are_to_be_taken_in() {
    let redis = RedisServer::start().await.unwrap();
    let mut connection = redis.connection().await.unwrap();
    let taking_in = || {
        let mut config = as_user(&redis.url(), Protocol::Auto);
        config.intake = Intake::On;
        store(config)
    };
    make_user(&mut connection, COUNTING).await;
    let report = inspect(&taking_in()).await;
    assert!(texts(&report).contains("taking messages in: run `ACL SETUSER <user> +json.set +xadd`"));
    assert_eq!(report.unusable, Some(StoreErrorKind::Permission));

    make_user(&mut connection, &format!("{COUNTING} {SUBMITTING}")).await;
    let report = inspect(&taking_in()).await;
    assert!(!texts(&report).contains("taking messages in"), "{report:?}");
    assert_eq!(report.unusable, None);
}

#[tokio::test]
async fn rights_to_keep_alerts_are_needed_where_there_are_rules() {
    let redis = RedisServer::start().await.unwrap();
    let mut connection = redis.connection().await.unwrap();
    let with = |alerts| {
        let mut config = as_user(&redis.url(), Protocol::Auto);
        config.alerts = alerts;
        store(config)
    };
    make_user(&mut connection, &format!("{COUNTING} {ALERTING}")).await;
    let report = inspect(&with(Alerts::On)).await;
    assert!(!texts(&report).contains("ACL SETUSER"), "{report:?}");
    assert_eq!(report.unusable, None);

    for right in ALERTING.split(' ') {
        let others: Vec<&str> = ALERTING.split(' ').filter(|other| *other != right).collect();
        make_user(&mut connection, &format!("{COUNTING} {}", others.join(" "))).await;
        let report = inspect(&with(Alerts::On)).await;
        let run = format!("the user lacks rights for keeping alerts: run `ACL SETUSER <user> {right}`");
        assert!(texts(&report).contains(&run), "{right}: {report:?}");
        assert_eq!(report.unusable, Some(StoreErrorKind::Permission), "{right}");
    }

    make_user(&mut connection, COUNTING).await;
    let report = inspect(&with(Alerts::Off)).await;
    assert!(!format!("{report:?}").contains("keeping alerts"), "{report:?}");
    assert_eq!(report.unusable, None);
    assert_eq!(run(&mut connection, &["DBSIZE"]).await, redis::Value::Int(0));
}

#[tokio::test]
async fn alerts_in_a_redis_that_may_lose_them_are_a_finding() {
    let with = |url: String, alerts| {
        let mut config = RedisConfig::from_url(&url).unwrap();
        config.alerts = alerts;
        store(config)
    };
    let kept = RedisServer::builder().append_only().start().await.unwrap();
    let lost = RedisServer::start().await.unwrap();
    for (server, alerts, count) in [(&lost, Alerts::On, 1), (&lost, Alerts::Off, 0), (&kept, Alerts::On, 0)] {
        let store = with(server.url(), alerts);
        let scanned = common::scan(&store).await.unwrap().1.findings;
        let looked = store.look().await.unwrap().findings;
        let inspected = inspect(&store).await.findings;
        for findings in [scanned, looked, inspected] {
            let about = |finding: &&scout_core::Finding| finding.kind == FindingKind::AlertsNotDurable;
            assert_eq!(findings.iter().filter(about).count(), count, "{findings:?}");
        }
    }
}

#[tokio::test]
async fn an_empty_index_beside_messages_is_no_index_of_none() {
    let redis = scout_testkit::redis().await;
    let mut connection = redis.connection().await.unwrap();
    let key = "6f6fbd8a-3a14-4d43-8c43-0f7f5d0b2c11-s";
    let create = "FT.CREATE messages ON JSON SKIPINITIALSCAN SCHEMA $.severity AS severity TEXT";
    run(&mut connection, &create.split(' ').collect::<Vec<_>>()).await;
    let report = inspect(&plain(&redis.url())).await;
    assert!(!texts(&report).contains("gives no documents"), "{report:?}");
    assert_eq!(report.unusable, None);

    run(&mut connection, &["FT.DROPINDEX", "messages"]).await;
    run(&mut connection, &["JSON.SET", key, ".", r#"{"severity":"info"}"#]).await;
    run(&mut connection, &create.split(' ').collect::<Vec<_>>()).await;
    make_user(&mut connection, &format!("{COUNTING} +scan")).await;
    for store in [plain(&redis.url()), store(as_user(&redis.url(), Protocol::Auto))] {
        let report = inspect(&store).await;
        assert!(texts(&report).contains(&format!("{key} is one and is not in it")), "{report:?}");
        assert_eq!(report.unusable, Some(StoreErrorKind::Refused));
    }

    // Without the right to look there is a doubt, and no verdict.
    run(&mut connection, &["SET", "another", "key"]).await;
    make_user(&mut connection, COUNTING).await;
    let report = inspect(&store(as_user(&redis.url(), Protocol::Auto))).await;
    assert!(texts(&report).contains("`ACL SETUSER <user> +scan`"), "{report:?}");
    assert_eq!(report.unusable, None);
}

#[tokio::test]
async fn streams_that_announce_messages_and_are_not_followed_are_named() {
    let redis = RedisServer::builder().append_only().start().await.unwrap();
    let mut connection = redis.connection().await.unwrap();
    create_index(&mut connection, "messages", Generation::D).await.unwrap();
    for (stream, fields) in [
        ("messages", &["messageID", "1-a"][..]),
        ("alerts", &["messageID", "2-a"]),
        ("github-events", &["messageID", "3-a"]),
        ("orders", &["messageID", "4-a", "amount", "5"]),
        ("clicks", &["page", "home"]),
    ] {
        run(&mut connection, &[&["XADD", stream, "*"], fields].concat()).await;
    }
    run(&mut connection, &["DEBUG", "POPULATE", "5000"]).await;
    for protocol in [Protocol::Resp2, Protocol::Resp3] {
        let mut config = RedisConfig::from_url(&redis.url()).unwrap();
        config.protocol = protocol;
        let report = inspect(&store(config)).await;
        assert!(texts(&report).contains("it seems: alerts, github-events; "), "{report:?}");
        assert!(texts(&report).contains("SCOUT_STREAMS=messages,alerts,github-events"), "{report:?}");
        assert!(report.facts.iter().all(|(name, _)| name != "other streams"), "{report:?}");
    }
    let mut config = RedisConfig::from_url(&redis.url()).unwrap();
    config.streams.extend(["alerts".to_owned(), "github-events".to_owned()]);
    assert_eq!(inspect(&store(config)).await.findings, []);

    // Who may neither look nor read is told nothing.
    for (rights, is_told) in [("", false), (" +scan", false), (" +scan ~alerts", true)] {
        make_user(&mut connection, &format!("{COUNTING}{rights}")).await;
        let report = inspect(&store(as_user(&redis.url(), Protocol::Auto))).await;
        assert_eq!(texts(&report).contains("SCOUT_STREAMS=messages,alerts"), is_told, "{rights}: {report:?}");
        assert!(!texts(&report).contains("github-events"), "{report:?}");
    }
}

#[tokio::test]
async fn a_redis_that_may_lose_messages_is_said_to() {
    let server = RedisServer::builder()
        .config("maxmemory 100mb")
        .config("maxmemory-policy allkeys-lru")
        .start()
        .await
        .unwrap();
    let report = inspect(&plain(&server.url())).await;
    assert!(texts(&report).contains("maxmemory-policy noeviction"), "{report:?}");
    assert!(texts(&report).contains("appendonly yes"), "{report:?}");
    assert!(fact(&report, "memory").contains("100.00M, allkeys-lru"), "{report:?}");

    let server = RedisServer::builder().append_only().start().await.unwrap();
    let report = inspect(&plain(&server.url())).await;
    assert_eq!(report.findings, []);
    assert!(fact(&report, "persistence").starts_with("append-only file"), "{report:?}");
}

#[tokio::test]
async fn a_server_that_fails_on_timeouts_is_said_to() {
    let server = RedisServer::start().await.unwrap();
    let mut connection = server.connection().await.unwrap();
    run(&mut connection, &["FT.CONFIG", "SET", "ON_TIMEOUT", "FAIL"]).await;
    let report = inspect(&plain(&server.url())).await;
    assert!(texts(&report).contains("`FT.CONFIG SET ON_TIMEOUT RETURN`"), "{report:?}");
}

#[tokio::test]
async fn a_store_that_cannot_be_counted_in_is_said_to_be_unusable() {
    let server = RedisServer::start().await.unwrap();
    let mut connection = server.connection().await.unwrap();
    let create = "FT.CREATE messages ON JSON PREFIX 1 zzz: SCHEMA $.severity AS severity TEXT";
    run(&mut connection, &create.split(' ').collect::<Vec<_>>()).await;
    assert_eq!(inspect(&plain(&server.url())).await.unusable, Some(StoreErrorKind::Refused));
    run(&mut connection, &["FT.DROPINDEX", "messages"]).await;
    assert_eq!(inspect(&plain(&server.url())).await.unusable, None);
    run(&mut connection, &["REPLICAOF", "127.0.0.1", "1"]).await;
    let report = inspect(&plain(&server.url())).await;
    assert_eq!(report.unusable, Some(StoreErrorKind::IndexMissing));
    assert!(texts(&report).contains("make it on the master"), "{report:?}");
}
