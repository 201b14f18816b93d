//! What a scan gives is whole, or it says that it is not.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail as loudly as tests"
)]

mod common;

use std::time::Duration;

use common::{Counted, MachineClock, documents, failure, plain, run, scan, store, write};
use redis::aio::MultiplexedConnection;
use scout_core::{FindingKind, MessageStore, Moment, Row, ScanSink, StoreErrorKind, Urgency};
use scout_redis::{Protocol, RedisConfig, RedisStore};
use scout_testkit::{Generation, Redis, RedisServer, create_index, index_info, wait_until_built};

#[tokio::test]
async fn an_index_that_was_blanked_from_another_database_is_an_error_and_not_zero() {
    for protocol in [Protocol::Resp2, Protocol::Resp3] {
        let redis = scout_testkit::redis().await;
        let mut config = RedisConfig::from_url(&redis.url()).unwrap();
        config.protocol = protocol;
        let store = store(config);
        let mut connection = redis.connection().await.unwrap();
        write(&mut connection, 20).await;
        assert_eq!(documents(&store).await, 20);
        let mut stranger = redis.connection().await.unwrap();
        run(&mut stranger, &["SELECT", "1"]).await;
        run(&mut stranger, &["FT.AGGREGATE", "messages", "*", "LOAD", "1", "@severity"]).await;
        let error = failure(&store).await;
        assert_eq!(error.kind(), StoreErrorKind::Partial);
        assert!(error.to_string().contains("another database"), "{error}");
        // Newer documents are fine, so that from now on something can be counted: with what is missing.
        write_more(&mut connection).await;
        let (_, report) = scan(&store).await.unwrap();
        assert_eq!((report.rows, report.difference()), (1, -20));
        let finding = report.findings.iter().find(|finding| finding.kind == FindingKind::Difference).unwrap();
        assert_eq!(finding.count, 20);
        run(&mut connection, &["FT.DROPINDEX", "messages"]).await;
        assert_eq!(documents(&store).await, 21);
    }
}

async fn write_more(connection: &mut MultiplexedConnection) {
    run(connection, &["JSON.SET", "more", ".", r#"{"severity":"info"}"#]).await;
}

#[tokio::test]
async fn documents_that_expired_are_not_counted_and_reported() {
    let redis = RedisServer::start().await.unwrap();
    let mut connection = redis.connection().await.unwrap();
    let store = plain(&redis.url());
    write(&mut connection, 20).await;
    assert_eq!(documents(&store).await, 20);
    run(&mut connection, &["DEBUG", "SET-ACTIVE-EXPIRE", "0"]).await;
    for number in 0..5 {
        run(&mut connection, &["PEXPIRE", &format!("{number:08}-s{number}"), "1"]).await;
    }
    tokio::time::sleep(Duration::from_millis(10)).await;
    let (_, report) = scan(&store).await.unwrap();
    assert_eq!((report.rows, report.expected, report.difference()), (15, 20, -5));
    assert_eq!(report.findings.len(), 1);
    assert_eq!((report.findings[0].kind, report.findings[0].count), (FindingKind::Difference, 5));
}

/// Deletes or rewrites documents as soon as a scan has begun.
struct Meddler<'a> {
    begun: u32,
    rows: u64,
    started: &'a tokio::sync::Notify,
}

impl ScanSink for Meddler<'_> {
    fn begin(&mut self, _: &Moment) {
        self.begun += 1;
        self.rows = 0;
        self.started.notify_one();
    }

    fn row(&mut self, _: &str, _: &Row<'_>) {
        self.rows += 1;
    }
}

/// 5,000 messages, and a store that scans them slowly enough for others to get between its steps.
async fn slowly_scanned() -> (Redis, MultiplexedConnection, RedisStore) {
    let redis = scout_testkit::redis().await;
    let mut connection = redis.connection().await.unwrap();
    let mut config = RedisConfig::from_url(&redis.url()).unwrap();
    config.share = 0.02;
    let store = store(config);
    while scan(&store).await.is_err() {}
    write(&mut connection, 5_000).await;
    (redis, connection, store)
}

#[tokio::test]
async fn what_is_deleted_during_a_scan_is_not_looked_for_twice() {
    let (_redis, mut connection, store) = slowly_scanned().await;
    let started = tokio::sync::Notify::new();
    let mut sink = Meddler { begun: 0, rows: 0, started: &started };
    let deleting = async {
        started.notified().await;
        let keys: Vec<String> = (4_000..4_100).map(|number| format!("{number:08}-s{number}")).collect();
        let _: () = redis::cmd("UNLINK").arg(keys).query_async(&mut connection).await.unwrap();
    };
    let (report, ()) = tokio::join!(store.scan(Urgency::Urgent, &mut sink), deleting);
    let report = report.unwrap();
    assert_eq!((sink.begun, sink.rows), (1, 4_900));
    assert_eq!((report.rows, report.expected, report.difference()), (4_900, 5_000, -100));
    assert_eq!(report.findings[0].kind, FindingKind::Difference);
}

#[tokio::test]
async fn what_is_written_during_a_scan_belongs_to_the_next() {
    let (_redis, mut connection, store) = slowly_scanned().await;
    let started = tokio::sync::Notify::new();
    let mut sink = Meddler { begun: 0, rows: 0, started: &started };
    let writing = async {
        started.notified().await;
        for number in 0..100 {
            run(&mut connection, &["JSON.SET", &format!("new{number}"), ".", r#"{"severity":"info"}"#]).await;
        }
    };
    let (report, ()) = tokio::join!(store.scan(Urgency::Urgent, &mut sink), writing);
    assert_eq!((sink.begun, sink.rows, report.unwrap().difference()), (1, 5_000, 0));
    assert_eq!(documents(&store).await, 5_100);
}

#[tokio::test]
async fn a_scan_that_is_dropped_leaves_no_cursor_behind() {
    let (_redis, mut connection, store) = slowly_scanned().await;
    for _ in 0..5 {
        let started = tokio::sync::Notify::new();
        let mut sink = Meddler { begun: 0, rows: 0, started: &started };
        tokio::select! {
            result = store.scan(Urgency::Urgent, &mut sink) => panic!("ended too soon: {result:?}"),
            () = started.notified() => {}
        }
    }
    assert!(cursors(&mut connection).await >= 1);
    assert_eq!(documents(&store).await, 5_000);
    assert_eq!(cursors(&mut connection).await, 0);
}

async fn cursors(connection: &mut MultiplexedConnection) -> u64 {
    let info: String = redis::cmd("INFO").arg("modules").query_async(connection).await.unwrap();
    let line = info.lines().find_map(|line| line.strip_prefix("search_global_total:")).unwrap();
    line.trim().parse().unwrap()
}

#[tokio::test]
async fn a_server_that_fails_on_timeouts_is_scanned_all_the_same() {
    let redis = RedisServer::start().await.unwrap();
    let mut connection = redis.connection().await.unwrap();
    write(&mut connection, 3_000).await;
    let before = plain(&redis.url());
    while scan(&before).await.is_err() {}
    run(&mut connection, &["FT.CONFIG", "SET", "ON_TIMEOUT", "FAIL"]).await;
    // One that knows, since it asked when connecting; and one that finds out.
    for store in [plain(&redis.url()), before] {
        assert_eq!(documents(&store).await, 3_000);
    }
    assert_eq!(index_info(&mut connection, "messages", "num_docs").await.unwrap(), 3_000);
}

#[tokio::test]
async fn clocks_far_apart_are_a_finding() {
    let redis = scout_testkit::redis().await;
    for (shift_ms, expected) in [(0, 0), (-8_000, 1), (8_000, 1)] {
        let config = RedisConfig::from_url(&redis.url()).unwrap();
        let clock = MachineClock::shifted(shift_ms);
        let store = RedisStore::new(config, std::sync::Arc::clone(&clock), &metrics::NoopRecorder).unwrap();
        let (counted, report) = scan(&store).await.unwrap();
        let found = report.findings.iter().filter(|finding| finding.kind == FindingKind::ClockSkew).count();
        assert_eq!(found, expected, "{shift_ms}: {:?}", report.findings);
        // The moment of a scan is on Redis' clock.
        let apart = clock.now().wall.unix_ms() - counted.at.unix_ms();
        assert!((apart - shift_ms).abs() < 5_000, "{apart}");
    }
}

#[tokio::test]
async fn recent_documents_are_found_where_the_index_has_their_time() {
    for protocol in [Protocol::Resp2, Protocol::Resp3] {
        let redis = scout_testkit::redis().await;
        let mut config = RedisConfig::from_url(&redis.url()).unwrap();
        config.protocol = protocol;
        let store = store(config);
        let mut connection = redis.connection().await.unwrap();
        let hour = Duration::from_secs(3600);
        let mut none = Counted::default();
        assert_eq!(store.scan_recent(hour, &mut none).await.unwrap(), None, "there is no index");
        create_index(&mut connection, "messages", Generation::A).await.unwrap();
        for (age, key) in [(7200, "old"), (3500, "young"), (-30, "ahead")] {
            let seconds = MachineClock::shifted(0).now().wall.unix_seconds() - age;
            let document = format!(r#"{{"severity":"error","timestamp_unix":{seconds}}}"#);
            run(&mut connection, &["JSON.SET", key, ".", &document]).await;
        }
        run(&mut connection, &["JSON.SET", "undated", ".", r#"{"severity":"error"}"#]).await;
        let mut none = Counted::default();
        assert_eq!(store.scan_recent(hour, &mut none).await.unwrap(), None, "the index has no times");
        run(&mut connection, &["FT.DROPINDEX", "messages"]).await;
        create_index(&mut connection, "messages", Generation::D).await.unwrap();
        wait_until_built(&mut connection, "messages").await.unwrap();
        let mut recent = Counted::default();
        let from = store.scan_recent(hour, &mut recent).await.unwrap().expect("times").from;
        recent.keys.sort_unstable();
        assert_eq!((recent.keys, recent.begun), (vec!["ahead".to_owned(), "young".to_owned()], 1));
        assert!(from <= recent.at.minus(hour) && from > recent.at.minus(2 * hour), "{from} {}", recent.at);
        assert_eq!(documents(&store).await, 4);

        // Where most are recent, the scan of all is as good.
        let seconds = MachineClock::shifted(0).now().wall.unix_seconds();
        let document = format!(r#"{{"severity":"error","timestamp_unix":{seconds}}}"#);
        let mut written = redis::pipe();
        for number in 0..3_000 {
            written.cmd("JSON.SET").arg(format!("n{number}")).arg(".").arg(&document).ignore();
        }
        let () = written.query_async(&mut connection).await.unwrap();
        assert_eq!(store.scan_recent(hour, &mut Counted::default()).await.unwrap(), None, "too many");
    }
}
