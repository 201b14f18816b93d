//! Alerts are kept as every store has to keep them, and as only Redis can.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail as loudly as tests"
)]

mod common;

use std::time::Duration;

use common::{ALERTING, COUNTING, as_user, documents, make_user, plain, run, store, write};
use redis::Value;
use redis::aio::MultiplexedConnection;
use scout_core::alerting::{AlertStore, Changes, Expects, LEASE_TTL, Lease, Leased, Loaded, Saved};
use scout_core::{MessageStore, StoreErrorKind};
use scout_redis::{Protocol, RedisConfig, RedisStore};
use scout_testkit::alerts::{AlertPlace, LONG, changes, expect, fingerprint, save, take, token};
use scout_testkit::{Generation, Redis, RedisServer, create_index, wait_until_built};

const KEYS: [&str; 3] = ["scout:messages:lease", "scout:messages:alerts", "scout:messages:fingerprints"];

struct Place {
    store: RedisStore,
    _redis: Redis,
}

impl AlertPlace for Place {
    fn store(&self) -> &dyn AlertStore {
        &self.store
    }
}

/// With the rights that the documents ask for, and no other.
async fn place(protocol: Protocol) -> Place {
    let redis = scout_testkit::redis().await;
    let mut connection = redis.connection().await.unwrap();
    make_user(&mut connection, &format!("{COUNTING} {ALERTING}")).await;
    Place { store: store(as_user(&redis.url(), protocol)), _redis: redis }
}

mod over_resp2 {
    async fn place() -> super::Place {
        super::place(scout_redis::Protocol::Resp2).await
    }
    scout_testkit::alert_store_tests!(place);
    scout_testkit::exclusive_lease_tests!(place);
}

mod over_resp3 {
    async fn place() -> super::Place {
        super::place(scout_redis::Protocol::Resp3).await
    }
    scout_testkit::alert_store_tests!(place);
    scout_testkit::exclusive_lease_tests!(place);
}

/// Every key, in order.
async fn keys(connection: &mut MultiplexedConnection) -> Vec<String> {
    let mut keys: Vec<String> = redis::cmd("KEYS").arg("*").query_async(connection).await.unwrap();
    keys.sort();
    keys
}

/// All rights but that one.
fn without(right: &str) -> String {
    let others = ALERTING.split(' ').filter(|other| *other != right);
    format!("{COUNTING} {}", others.collect::<Vec<_>>().join(" "))
}

fn record_key(number: usize) -> String {
    format!("scout:messages:alert:{}", fingerprint(number))
}

#[tokio::test]
async fn strings_and_one_set_are_all_that_is_written() {
    let redis = scout_testkit::redis().await;
    let mut connection = redis.connection().await.unwrap();
    let store = plain(&redis.url());
    let holder = token("a");
    take(&store, &holder).await;
    save(&store, &holder, &changes("m1", &[(1, "one"), (2, "two")], &[])).await;
    let (one, two) = (record_key(1), record_key(2));
    let mut expected = [KEYS[0], KEYS[1], KEYS[2], &one, &two];
    expected.sort_unstable();
    assert_eq!(keys(&mut connection).await, expected);
    for key in expected {
        let kind = if key == KEYS[2] { "set" } else { "string" };
        assert_eq!(run(&mut connection, &["TYPE", key]).await, Value::SimpleString(kind.to_owned()), "{key}");
        // Only the lease ends by itself.
        let Value::Int(left) = run(&mut connection, &["PTTL", key]).await else { panic!("{key}") };
        assert_eq!(left > 0, key == KEYS[0], "{key}: {left}");
    }
    save(&store, &holder, &changes("m2", &[], &[1, 2])).await;
    store.release(&holder).await.unwrap();
    assert_eq!(keys(&mut connection).await, [KEYS[1]]);
}

#[tokio::test]
async fn an_index_without_prefix_counts_none_of_it() {
    for generation in [Generation::D, Generation::C3] {
        let redis = scout_testkit::redis().await;
        let mut connection = redis.connection().await.unwrap();
        create_index(&mut connection, "messages", generation).await.unwrap();
        write(&mut connection, 50).await;
        for number in 0..50 {
            run(&mut connection, &["HSET", &format!("h{number}"), "severity", "info"]).await;
        }
        wait_until_built(&mut connection, "messages").await.unwrap();
        let store = plain(&redis.url());
        let before = documents(&store).await;
        assert_eq!(before, 50);
        let look = store.look().await.unwrap().moment;
        let holder = token("a");
        take(&store, &holder).await;
        for number in 0..100 {
            save(&store, &holder, &changes("{}", &[(number, r#"{"severity":"error"}"#)], &[])).await;
        }
        let after = store.look().await.unwrap().moment;
        assert_eq!((after.documents, after.writes), (look.documents, look.writes));
        assert_eq!(documents(&store).await, before);
    }
}

#[tokio::test]
async fn keys_of_others_are_left_alone() {
    let redis = scout_testkit::redis().await;
    let mut connection = redis.connection().await.unwrap();
    let stranger = RedisConfig::from_url(&redis.url()).map(|mut config| {
        config.index = "messages2".to_owned();
        store(config)
    });
    let (stranger, own) = (stranger.unwrap(), plain(&redis.url()));
    for key in
        ["scout:messages", "scout:messages:alert:", "scout:messages:other", "scout:message:alerts", "x"]
    {
        run(&mut connection, &["SET", key, "stays"]).await;
    }
    let foreign = keys(&mut connection).await;
    // Two indexes in one Redis know nothing of each other.
    take(&stranger, &token("b")).await;
    save(&stranger, &token("b"), &changes("theirs", &[(1, "theirs")], &[])).await;
    take(&own, &token("a")).await;
    save(&own, &token("a"), &changes("m1", &[(1, "one")], &[])).await;
    save(&own, &token("a"), &changes("m2", &[], &[1])).await;
    own.release(&token("a")).await.unwrap();
    expect(&stranger, "theirs", &[(1, "theirs")]).await;
    for key in foreign {
        assert_eq!(run(&mut connection, &["GET", &key]).await, Value::BulkString(b"stays".to_vec()), "{key}");
    }
}

#[tokio::test]
async fn two_processes_agree_on_who_judges() {
    let redis = scout_testkit::redis().await;
    let (one, two) = (plain(&redis.url()), plain(&redis.url()));
    take(&one, &token("a")).await;
    save(&one, &token("a"), &changes("m1", &[(1, "one")], &[])).await;
    let answer = two.lease(&token("b"), LONG, Expects::State).await.unwrap();
    assert!(matches!(answer, Leased::Other { .. }), "{answer:?}");
    expect(&two, "m1", &[(1, "one")]).await;
    one.release(&token("a")).await.unwrap();
    assert!(take(&two, &token("b")).await);
    assert_eq!(one.save(&token("a"), &changes("late", &[], &[1])).await.unwrap(), Saved::Fenced);
}

#[tokio::test]
async fn of_many_who_ask_at_once_one_gets_the_lease() {
    let redis = scout_testkit::redis().await;
    let mut asking = tokio::task::JoinSet::new();
    for number in 0..20 {
        let store = plain(&redis.url());
        asking.spawn(async move {
            let answer = store.lease(&token(&number.to_string()), LONG, Expects::Nothing).await.unwrap();
            matches!(answer, Leased::Held { .. })
        });
    }
    assert_eq!(asking.join_all().await.into_iter().filter(|held| *held).count(), 1);
}

#[tokio::test]
async fn a_full_redis_can_still_be_judged() {
    let server = RedisServer::builder()
        .config("maxmemory 1")
        .config("maxmemory-policy noeviction")
        .start()
        .await
        .unwrap();
    let store = plain(&server.url());
    let holder = token("a");
    assert!(!take(&store, &holder).await);
    save(&store, &holder, &changes("m1", &[(1, "one"), (2, "two")], &[])).await;
    save(&store, &holder, &changes("m2", &[], &[2])).await;
    expect(&store, "m2", &[(1, "one")]).await;
    assert!(take(&store, &holder).await);
    store.release(&holder).await.unwrap();
    // Also where Redis does not know the scripts.
    let mut connection = server.connection().await.unwrap();
    run(&mut connection, &["SCRIPT", "FLUSH"]).await;
    take(&store, &holder).await;
    save(&store, &holder, &changes("m3", &[], &[])).await;
    run(&mut connection, &["SCRIPT", "FLUSH"]).await;
    store.release(&holder).await.unwrap();
}

#[tokio::test]
async fn scripts_that_redis_has_forgotten_are_sent_again() {
    let redis = RedisServer::start().await.unwrap();
    let mut connection = redis.connection().await.unwrap();
    let store = plain(&redis.url());
    let holder = token("a");
    for number in 0..3 {
        let meta = format!("m{number}");
        take(&store, &holder).await;
        save(&store, &holder, &changes(&meta, &[(number, "x")], &[])).await;
        run(&mut connection, &["SCRIPT", "FLUSH"]).await;
        store.release(&holder).await.unwrap();
        run(&mut connection, &["SCRIPT", "FLUSH"]).await;
    }
    expect(&store, "m2", &[(0, "x"), (1, "x"), (2, "x")]).await;
}

#[tokio::test]
async fn a_redis_that_was_emptied_has_no_state() {
    let redis = scout_testkit::redis().await;
    let mut connection = redis.connection().await.unwrap();
    let store = plain(&redis.url());
    let holder = token("a");
    take(&store, &holder).await;
    save(&store, &holder, &changes("m1", &[(1, "one")], &[])).await;
    run(&mut connection, &["FLUSHALL"]).await;
    assert_eq!(store.load(Some(b"m1")).await.unwrap(), Loaded::Nothing);
    assert_eq!(store.save(&holder, &changes("m2", &[], &[])).await.unwrap(), Saved::Fenced);
    let answer = store.lease(&token("b"), LONG, Expects::State).await.unwrap();
    assert_eq!(answer, Leased::StateLost);
    let answer = store.lease(&holder, LONG, Expects::Nothing).await.unwrap();
    assert_eq!(answer, Leased::Held { has_state: false });
}

#[tokio::test]
async fn a_lease_without_end_gets_one() {
    let redis = scout_testkit::redis().await;
    let mut connection = redis.connection().await.unwrap();
    let store = plain(&redis.url());
    run(&mut connection, &["SET", KEYS[0], "somebody"]).await;
    let short = Duration::from_millis(50);
    let answer = store.lease(&token("a"), short, Expects::Nothing).await.unwrap();
    assert_eq!(answer, Leased::Other { remaining: short });
    tokio::time::sleep(short * 2).await;
    assert!(!take(&store, &token("a")).await);
}

#[tokio::test]
async fn a_lease_that_lasts_for_too_long_is_shortened() {
    let redis = scout_testkit::redis().await;
    let mut connection = redis.connection().await.unwrap();
    let store = plain(&redis.url());
    run(&mut connection, &["SET", KEYS[0], "somebody", "EX", "86400"]).await;
    let short = Duration::from_millis(50);
    let answer = store.lease(&token("a"), short, Expects::Nothing).await.unwrap();
    assert_eq!(answer, Leased::Other { remaining: short });
    tokio::time::sleep(short * 2).await;
    assert!(!take(&store, &token("a")).await);
}

#[tokio::test]
async fn a_write_that_is_refused_half_way_has_written_nothing() {
    let redis = RedisServer::start().await.unwrap();
    let mut connection = redis.connection().await.unwrap();
    let admin = plain(&redis.url());
    let change = changes("m2", &[(1, "other"), (3, "three")], &[2]);
    for right in ["+set", "+del", "+sadd", "+srem"] {
        run(&mut connection, &["FLUSHALL"]).await;
        take(&admin, &token("a")).await;
        save(&admin, &token("a"), &changes("m1", &[(1, "one"), (2, "two")], &[])).await;
        make_user(&mut connection, &without(right)).await;
        let error =
            store(as_user(&redis.url(), Protocol::Auto)).save(&token("a"), &change).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Permission, "without {right}: {error}");
        assert!(
            error.to_string().contains(&format!("'{}' command", &right[1..])),
            "without {right}: {error}"
        );
        expect(&admin, "m1", &[(1, "one"), (2, "two")]).await;
    }
    run(&mut connection, &["FLUSHALL"]).await;
    take(&admin, &token("a")).await;
    run(&mut connection, &["SET", KEYS[2], "no set"]).await;
    for change in [&change, &changes("m2", &[], &[2])] {
        let error = admin.save(&token("a"), change).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Refused, "{error}");
        assert!(error.to_string().contains("WRONGTYPE"), "{error}");
    }
    assert_eq!(keys(&mut connection).await, [KEYS[2], KEYS[0]]);
}

#[tokio::test]
async fn every_right_that_is_missing_is_named() {
    let redis = RedisServer::start().await.unwrap();
    let mut connection = redis.connection().await.unwrap();
    for right in ALERTING.split(' ') {
        run(&mut connection, &["FLUSHALL"]).await;
        run(&mut connection, &["SCRIPT", "FLUSH"]).await;
        let admin = plain(&redis.url());
        let holder = token("a");
        take(&admin, &holder).await;
        save(&admin, &holder, &changes("m1", &[(1, "one")], &[])).await;
        run(&mut connection, &["SCRIPT", "FLUSH"]).await;
        make_user(&mut connection, &without(right)).await;
        let store = store(as_user(&redis.url(), Protocol::Auto));
        let work = async {
            store.load(None).await?;
            store.lease(&holder, LONG, Expects::Nothing).await?;
            store.save(&holder, &changes("m2", &[(2, "two")], &[1])).await?;
            store.lease(&token("b"), LONG, Expects::Nothing).await?;
            store.release(&holder).await
        };
        let error = work.await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Permission, "without {right}: {error}");
        let text = error.to_string();
        let named = match right.strip_prefix('+') {
            Some(command) => format!("'{command}' command"),
            None => "access a key".to_owned(),
        };
        assert!(text.contains(&named), "without {right}: {error}");
        assert!(text.contains("`ACL SETUSER <user> ~scout:messages:* +eval "), "without {right}: {error}");
    }
}

#[tokio::test]
async fn whoever_cannot_write_says_so() {
    let server = RedisServer::start().await.unwrap();
    let mut connection = server.connection().await.unwrap();
    let store = plain(&server.url());
    take(&store, &token("a")).await;
    run(&mut connection, &["REPLICAOF", "127.0.0.1", "1"]).await;
    let holder = token("a");
    let error = store.lease(&holder, LONG, Expects::Nothing).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::NotWritable, "{error}");
    let error = store.save(&holder, &changes("m", &[], &[])).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::NotWritable, "{error}");
    assert_eq!(store.load(None).await.unwrap(), Loaded::Nothing);
}

#[tokio::test]
async fn a_redis_that_cannot_write_to_its_disk_takes_no_alerts() {
    let server = RedisServer::builder().config("save 3600 1").start().await.unwrap();
    let mut connection = server.connection().await.unwrap();
    let store = plain(&server.url());
    let holder = token("a");
    take(&store, &holder).await;
    save(&store, &holder, &changes("m1", &[(1, "one")], &[])).await;
    // A snapshot cannot take the name of a folder.
    std::fs::create_dir(server.folder().join("dump.rdb")).unwrap();
    run(&mut connection, &["BGSAVE"]).await;
    loop {
        let info: String = redis::cmd("INFO").arg("persistence").query_async(&mut connection).await.unwrap();
        if info.contains("rdb_last_bgsave_status:err") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let error = store.save(&holder, &changes("m2", &[], &[1])).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::NotWritable, "{error}");
    let error = store.lease(&holder, LONG, Expects::Nothing).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::NotWritable, "{error}");
    expect(&store, "m1", &[(1, "one")]).await;
}

#[tokio::test]
async fn a_silence_leaves_time_to_ask_again_before_the_lease_runs_out() {
    let server = RedisServer::start().await.unwrap();
    let store = plain(&server.url());
    let holder = token("a");
    let ttl = LEASE_TTL;
    store.lease(&holder, ttl, Expects::Nothing).await.unwrap();
    server.pause().unwrap();
    let asked = store.lease(&holder, ttl, Expects::Nothing);
    let error = tokio::time::timeout(ttl / 3, asked).await.expect("an answer").unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Timeout, "{error}");
    server.resume().unwrap();
    let answer = tokio::time::timeout(ttl / 3, store.lease(&holder, ttl, Expects::Nothing)).await;
    assert_eq!(answer.expect("an answer").unwrap(), Leased::Held { has_state: false });
}

#[tokio::test]
async fn alerts_have_a_connection_of_their_own() {
    let server = RedisServer::start().await.unwrap();
    let mut connection = server.connection().await.unwrap();
    let store = plain(&server.url());
    documents(&store).await;
    assert_eq!(scouts(&mut connection).await, 1);
    take(&store, &token("a")).await;
    save(&store, &token("a"), &changes("m1", &[], &[])).await;
    expect(&store, "m1", &[]).await;
    assert_eq!(scouts(&mut connection).await, 2);
}

/// How many connections of stores the server has.
async fn scouts(connection: &mut MultiplexedConnection) -> usize {
    let clients: String = redis::cmd("CLIENT").arg("LIST").query_async(connection).await.unwrap();
    clients.matches("name=scout ").count()
}

#[tokio::test]
async fn a_redis_that_is_away_is_an_error_and_heals() {
    let mut server = RedisServer::builder().append_only().start().await.unwrap();
    let store = plain(&server.url());
    let holder = token("a");
    take(&store, &holder).await;
    save(&store, &holder, &changes("m1", &[(1, "one")], &[])).await;
    server.kill().unwrap();
    assert_eq!(store.load(None).await.unwrap_err().kind(), StoreErrorKind::Unreachable);
    assert_eq!(
        store.save(&holder, &changes("m2", &[], &[1])).await.unwrap_err().kind(),
        StoreErrorKind::Unreachable
    );
    server.restart().await.unwrap();
    expect(&store, "m1", &[(1, "one")]).await;
    assert!(take(&store, &holder).await);
    save(&store, &holder, &changes("m2", &[], &[1])).await;
}

#[tokio::test]
async fn an_alert_that_was_deleted_behind_its_back_is_left_out() {
    let redis = scout_testkit::redis().await;
    let mut connection = redis.connection().await.unwrap();
    let store = plain(&redis.url());
    take(&store, &token("a")).await;
    save(&store, &token("a"), &changes("m1", &[(1, "one"), (2, "two")], &[])).await;
    run(&mut connection, &["DEL", &record_key(1)]).await;
    expect(&store, "m1", &[(2, "two")]).await;
    run(&mut connection, &["SADD", KEYS[2], "none"]).await;
    let error = store.load(None).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Corrupt, "{error}");
    assert!(error.to_string().contains(KEYS[2]), "{error}");
}

#[tokio::test]
async fn what_is_read_while_it_is_written_belongs_together() {
    let redis = scout_testkit::redis().await;
    let (writer, reader) = (plain(&redis.url()), plain(&redis.url()));
    let holder = token("a");
    take(&writer, &holder).await;
    let write = |number: usize| {
        let text = number.to_string().into_bytes();
        let put = (0..200).map(|record| (fingerprint(record), text.clone())).collect();
        Changes { meta: text, put, remove: Vec::new() }
    };
    save(&writer, &holder, &write(0)).await;
    let mut writing = tokio::task::JoinSet::new();
    writing.spawn(async move {
        for number in 1..150 {
            save(&writer, &holder, &write(number)).await;
            tokio::time::sleep(Duration::from_millis(number as u64 % 7)).await;
        }
    });
    while !writing.is_empty() {
        match reader.load(None).await {
            Ok(Loaded::State(stored)) => {
                assert!(stored.records.iter().all(|(_, text)| *text == stored.meta));
                assert_eq!(stored.records.len(), 200);
            }
            Ok(other) => panic!("{other:?}"),
            Err(error) => assert_eq!(error.kind(), StoreErrorKind::Partial, "{error}"),
        }
        if writing.try_join_next().is_some() {
            break;
        }
    }
    // Nobody writes any more.
    assert!(matches!(reader.load(None).await.unwrap(), Loaded::State(stored) if stored.meta == b"149"));
}
