//! What streams announce, against a real server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail as loudly as tests"
)]

mod common;

use std::collections::BTreeMap;

use common::{COUNTING, as_user, make_user, run, scan, store};
use redis::aio::MultiplexedConnection;
use scout_core::{
    Announced, Facts, FeedMark, MessageStore, Moment, Offset, Position, StoreError, StoreErrorKind,
    TailReport, TailSink, WallTime,
};
use scout_redis::{Protocol, RedisConfig, RedisStore};
use scout_testkit::{Announce, Generation, Generator, create_index, load, wait_until_built};

const NOW_MS: i64 = 1_789_196_834_000;

/// Everything that was announced: the facts of the document by its key, `None` where there is none.
#[derive(Debug, Default)]
struct Seen {
    documents: BTreeMap<String, Option<String>>,
    entries: Vec<(String, Offset, WallTime)>,
}

fn described(facts: Option<Facts<'_>>) -> String {
    facts.map_or_else(|| "foreign".to_owned(), |facts| format!("{facts:?}"))
}

impl TailSink for Seen {
    fn entry(&mut self, entry: &Announced<'_>) {
        let facts = entry.row.as_ref().map(|row| described(row.facts()));
        self.documents.insert(entry.key.to_owned(), facts);
        self.entries.push((entry.feed.to_owned(), entry.offset, entry.arrived));
    }
}

async fn look(store: &RedisStore, from: &Position) -> Result<(Seen, TailReport), StoreError> {
    let mut seen = Seen::default();
    let report = store.tail(from, &mut seen).await?;
    Ok((seen, report))
}

/// Reads until there is nothing more.
async fn read_all(store: &RedisStore, from: &Position) -> (Seen, Position) {
    let (mut all, mut position) = (Seen::default(), from.clone());
    loop {
        let (seen, report) = look(store, &position).await.unwrap();
        position = report.position;
        all.documents.extend(seen.documents);
        all.entries.extend(seen.entries);
        if report.caught_up {
            return (all, position);
        }
    }
}

async fn look_at(store: &RedisStore) -> Moment {
    store.look().await.unwrap().moment
}

async fn pitch(connection: &mut MultiplexedConnection, stream: &str, key: &str, document: &str) {
    run(connection, &["JSON.SET", key, ".", document]).await;
    run(connection, &["XADD", stream, "*", "messageID", key]).await;
}

const ERROR: &str = r#"{"severity":"ERROR","system":"a","timestamp":"2026-01-01T00:00:00Z"}"#;

#[tokio::test]
async fn the_tail_reads_of_odd_messages_exactly_what_the_scan_reads() {
    for generation in [Generation::A, Generation::B, Generation::D] {
        let redis = scout_testkit::redis().await;
        let mut connection = redis.connection().await.unwrap();
        create_index(&mut connection, "messages", generation).await.unwrap();
        let documents: Vec<_> = Generator::new(17, NOW_MS).take(6_000).collect();
        load(&mut connection, &documents, Announce::On("messages")).await.unwrap();
        wait_until_built(&mut connection, "messages").await.unwrap();
        for protocol in [Protocol::Resp2, Protocol::Resp3] {
            let mut config = RedisConfig::from_url(&redis.url()).unwrap();
            config.protocol = protocol;
            let store = store(config);
            let mut scanned = Rows::default();
            store.scan(scout_core::Urgency::Urgent, &mut scanned).await.unwrap();
            let (seen, _) = read_all(&store, &Position::default()).await;
            assert_eq!(seen.entries.len(), documents.len());
            for (key, facts) in &seen.documents {
                assert_eq!(facts.as_ref(), scanned.0.get(key), "{key} {generation:?} {protocol:?}");
            }
            let announced: BTreeMap<_, _> =
                seen.documents.iter().filter_map(|(key, facts)| Some((key, facts.as_ref()?))).collect();
            assert_eq!(announced.len(), scanned.0.len(), "{generation:?} {protocol:?}");
        }
    }
}

/// The facts of each document of a scan, by its key.
#[derive(Debug, Default)]
struct Rows(BTreeMap<String, String>);

impl scout_core::ScanSink for Rows {
    fn begin(&mut self, _: &Moment) {
        self.0.clear();
    }

    fn row(&mut self, key: &str, row: &scout_core::Row<'_>) {
        self.0.insert(key.to_owned(), described(row.facts()));
    }
}

#[tokio::test]
async fn what_was_read_ahead_comes_once_and_in_order_and_only_to_whom_it_follows() {
    let redis = scout_testkit::redis().await;
    let mut connection = redis.connection().await.unwrap();
    create_index(&mut connection, "messages", Generation::D).await.unwrap();
    let documents: Vec<_> = Generator::new(23, NOW_MS).take(3_000).collect();
    load(&mut connection, &documents, Announce::On("messages")).await.unwrap();
    let store = common::plain(&redis.url());
    let start = Position::default();
    let (first, report) = look(&store, &start).await.unwrap();
    assert!(!report.caught_up && first.entries.len() < documents.len(), "{report:?}");

    let (again, _) = look(&store, &start).await.unwrap();
    assert_eq!(again.entries.first(), first.entries.first());

    let (all, position) = read_all(&store, &start).await;
    assert_eq!(all.entries.len(), documents.len());
    assert!(all.entries.is_sorted_by(|one, next| one.1 < next.1));
    assert_eq!(position, look_at(&store).await.position());
}

#[tokio::test]
async fn a_stream_that_does_not_exist_yet_is_waited_for() {
    let redis = scout_testkit::redis().await;
    let mut connection = redis.connection().await.unwrap();
    create_index(&mut connection, "messages", Generation::D).await.unwrap();
    let store = common::plain(&redis.url());
    let (seen, report) = look(&store, &Position::default()).await.unwrap();
    assert!(seen.entries.is_empty() && report.caught_up);
    pitch(&mut connection, "messages", "1-a", ERROR).await;
    let (seen, report) = look(&store, &report.position).await.unwrap();
    assert_eq!(seen.documents.len(), 1);
    assert!(report.caught_up);
    let (seen, _) = look(&store, &report.position).await.unwrap();
    assert!(seen.entries.is_empty(), "{seen:?}");
}

#[tokio::test]
async fn of_several_streams_the_one_that_is_furthest_behind_tells_how_far_reading_has_come() {
    let redis = scout_testkit::redis().await;
    let mut connection = redis.connection().await.unwrap();
    create_index(&mut connection, "messages", Generation::D).await.unwrap();
    let mut config = RedisConfig::from_url(&redis.url()).unwrap();
    config.streams = vec!["messages".to_owned(), "alerts".to_owned()];
    let store = store(config);
    for number in 0..100 {
        for (stream, base) in [("messages", 1000), ("alerts", 5000)] {
            run(&mut connection, &["XADD", stream, &format!("{}-0", base + number), "messageID", "k"]).await;
        }
    }
    let (seen, report) = look(&store, &Position::default()).await.unwrap();
    let read = i64::try_from(seen.entries.len() / 2).unwrap();
    assert!(!report.caught_up && read > 0);
    assert_eq!(report.read_to.map(WallTime::unix_ms), Some(999 + read));
}

#[tokio::test]
async fn several_streams_are_read_each_from_its_own_place() {
    let redis = scout_testkit::redis().await;
    let mut connection = redis.connection().await.unwrap();
    create_index(&mut connection, "messages", Generation::D).await.unwrap();
    let mut config = RedisConfig::from_url(&redis.url()).unwrap();
    config.streams = vec!["messages".to_owned(), "alerts".to_owned(), "nobody".to_owned()];
    let store = store(config);
    pitch(&mut connection, "messages", "1-a", ERROR).await;
    pitch(&mut connection, "alerts", "2-a", ERROR).await;
    let (seen, position) = read_all(&store, &Position::default()).await;
    assert_eq!(seen.documents.len(), 2);
    pitch(&mut connection, "alerts", "3-a", ERROR).await;
    let (seen, _) = read_all(&store, &position).await;
    assert_eq!(seen.documents.into_keys().collect::<Vec<_>>(), ["3-a"]);
    let moment = look_at(&store).await;
    assert_eq!(moment.feed("alerts").announced, 2);
    assert_eq!(moment.feed("nobody").announced, 0);
    assert_eq!(moment.documents, 3);
}

#[tokio::test]
async fn what_is_announced_and_not_there_or_refused_is_an_entry_without_a_document() {
    let redis = scout_testkit::redis().await;
    let mut connection = redis.connection().await.unwrap();
    create_index(&mut connection, "messages", Generation::D).await.unwrap();
    pitch(&mut connection, "messages", "1-a", ERROR).await;
    pitch(&mut connection, "messages", "2-refused", r#"{"severity":"error","title":5}"#).await;
    pitch(&mut connection, "messages", "3-foreign", r#"{"colour":"red"}"#).await;
    run(&mut connection, &["XADD", "messages", "*", "messageID", "4-gone"]).await;
    run(&mut connection, &["XADD", "messages", "*", "colour", "red"]).await;
    for protocol in [Protocol::Resp2, Protocol::Resp3] {
        let mut config = RedisConfig::from_url(&redis.url()).unwrap();
        config.protocol = protocol;
        let (seen, _) = read_all(&store(config), &Position::default()).await;
        assert_eq!(seen.entries.len(), 5);
        let of = |key: &str| seen.documents[key].as_deref();
        assert!(of("1-a").unwrap().contains("error"), "{seen:?}");
        assert_eq!(of("3-foreign"), Some("foreign"));
        assert_eq!((of("2-refused"), of("4-gone"), of("")), (None, None, None));
    }
}

#[tokio::test]
async fn a_look_says_where_the_streams_end_and_what_they_have_lost() {
    let redis = scout_testkit::redis().await;
    let mut connection = redis.connection().await.unwrap();
    create_index(&mut connection, "messages", Generation::D).await.unwrap();
    let store = common::plain(&redis.url());
    for number in 0..20 {
        pitch(&mut connection, "messages", &format!("{number}-a"), ERROR).await;
    }
    let mark = look_at(&store).await.feed("messages");
    assert_eq!((mark.announced, mark.lost_before), (20, None));
    let (_, position) = read_all(&store, &Position::default()).await;
    assert_eq!(position.of("messages"), mark.last);

    run(&mut connection, &["XTRIM", "messages", "MAXLEN", "5"]).await;
    let mark = look_at(&store).await.feed("messages");
    assert_eq!(mark.announced, 20);
    let (seen, _) = read_all(&store, &Position::default()).await;
    assert_eq!(seen.entries.len(), 5);
    assert_eq!(mark.lost_before, Some(seen.entries[0].2));

    run(&mut connection, &["DEL", "messages"]).await;
    assert_eq!(look_at(&store).await.feed("messages").announced, 0);
}

#[tokio::test]
async fn the_tail_tells_what_is_left_of_the_streams_once_a_look_however_much_it_reads() {
    let redis = scout_testkit::RedisServer::start().await.unwrap();
    let mut connection = redis.connection().await.unwrap();
    create_index(&mut connection, "messages", Generation::D).await.unwrap();
    for protocol in [Protocol::Resp2, Protocol::Resp3] {
        run(&mut connection, &["FLUSHDB"]).await;
        let mut config = RedisConfig::from_url(&redis.url()).unwrap();
        config.protocol = protocol;
        config.response_timeout = std::time::Duration::from_millis(400);
        let store = store(config);
        let (_, report) = look(&store, &Position::default()).await.unwrap();
        assert_eq!(report.feeds["messages"], FeedMark::default(), "there is no stream yet");
        run(&mut connection, &["CONFIG", "RESETSTAT"]).await;
        let mut entries = redis::pipe();
        for _ in 0..500 {
            entries.cmd("XADD").arg(&["messages", "*", "junk", ""]).ignore();
        }
        let () = entries.query_async(&mut connection).await.unwrap();
        let (mut position, mut waits) = (report.position, 0);
        let left = loop {
            let (_, report) = look(&store, &position).await.unwrap();
            position = report.position;
            waits += report.feeds.len() as u64;
            if report.entries == 0 {
                break report.feeds["messages"];
            }
        };
        assert_eq!((left.announced, left.last), (500, position.of("messages")));
        assert!(waits < 10, "{waits}");
        assert_eq!(calls(&mut connection, "xinfo|stream").await, waits);
        run(&mut connection, &["XTRIM", "messages", "MAXLEN", "0"]).await;
        let left = look(&store, &position).await.unwrap().1.feeds["messages"];
        assert_eq!((left.announced, left.last), (500, Offset::START));
    }
}

/// How often a command was called.
async fn calls(connection: &mut MultiplexedConnection, command: &str) -> u64 {
    let stats: String = redis::cmd("INFO").arg("commandstats").query_async(connection).await.unwrap();
    let start = format!("cmdstat_{command}:calls=");
    let calls = stats.lines().find_map(|line| line.strip_prefix(&start)?.split(',').next());
    calls.map_or(0, |calls| calls.parse().unwrap())
}

#[tokio::test]
async fn a_look_grows_with_writes_and_changes_with_the_index_and_the_server() {
    let mut redis = scout_testkit::RedisServer::builder().append_only().start().await.unwrap();
    let mut connection = redis.connection().await.unwrap();
    create_index(&mut connection, "messages", Generation::D).await.unwrap();
    let store = common::plain(&redis.url());
    for number in 0..20 {
        pitch(&mut connection, "messages", &format!("{number}-a"), ERROR).await;
    }
    run(&mut connection, &["UNLINK", "3-a"]).await;
    run(&mut connection, &["JSON.SET", "4-a", ".", ERROR]).await;
    let before = look_at(&store).await;
    assert_eq!((before.documents, before.writes), (19, 21));
    run(&mut connection, &["FT.DROPINDEX", "messages"]).await;
    assert_eq!(store.look().await.unwrap_err().kind(), StoreErrorKind::IndexMissing);
    create_index(&mut connection, "messages", Generation::D).await.unwrap();
    wait_until_built(&mut connection, "messages").await.unwrap();
    let anew = look_at(&store).await;
    assert_eq!(anew.documents, 19);
    assert!(anew.writes < before.writes, "{anew:?}");
    assert_eq!(anew.server, before.server);
    redis.restart().await.unwrap();
    let mut restarted = store.look().await;
    for _ in 0..100 {
        if restarted.is_ok() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        restarted = store.look().await;
    }
    assert_ne!(restarted.unwrap().moment.server, before.server);
}

#[tokio::test]
async fn the_least_rights_are_enough_and_what_is_missing_is_named() {
    let redis = scout_testkit::redis().await;
    let mut connection = redis.connection().await.unwrap();
    create_index(&mut connection, "messages", Generation::D).await.unwrap();
    pitch(&mut connection, "messages", "1-a", ERROR).await;
    make_user(&mut connection, COUNTING).await;
    let allowed = store(as_user(&redis.url(), Protocol::Auto));
    assert_eq!(read_all(&allowed, &Position::default()).await.0.documents.len(), 1);
    allowed.look().await.unwrap();
    for right in ["+xread", "+xinfo|stream", "+ft.search"] {
        make_user(&mut connection, &COUNTING.replace(&format!("{right} "), "")).await;
        let store = store(as_user(&redis.url(), Protocol::Auto));
        let tailed = look(&store, &Position::default()).await.map(drop);
        let looked = store.look().await.map(drop);
        let error = tailed.and(looked).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Permission, "{right}: {error}");
        let text: Vec<String> =
            common::inspect(&store).await.findings.into_iter().map(|finding| finding.text).collect();
        assert!(text.iter().any(|text| text.contains(right)), "{right}: {text:?}");
    }
}

#[tokio::test]
async fn a_scan_begins_with_the_position_that_belongs_to_it() {
    let redis = scout_testkit::redis().await;
    let mut connection = redis.connection().await.unwrap();
    create_index(&mut connection, "messages", Generation::D).await.unwrap();
    let store = common::plain(&redis.url());
    let (counted, _) = scan(&store).await.unwrap();
    assert_eq!(counted.joined.feed("messages").announced, 0);
    for number in 0..3 {
        pitch(&mut connection, "messages", &format!("{number}-a"), ERROR).await;
    }
    let (counted, _) = scan(&store).await.unwrap();
    let look = look_at(&store).await;
    assert_eq!(counted.joined.feeds, look.feeds);
    assert_eq!((counted.joined.documents, counted.joined.writes), (3, look.writes));
}

#[tokio::test]
async fn a_look_tells_what_is_wrong_and_that_an_index_is_made_otherwise() {
    let redis = scout_testkit::RedisServer::start().await.unwrap();
    let mut connection = redis.connection().await.unwrap();
    create_index(&mut connection, "messages", Generation::D).await.unwrap();
    let store = common::plain(&redis.url());
    let first = store.look().await.unwrap();
    assert_eq!(first.findings, []);
    pitch(&mut connection, "messages", "1-refused", r#"{"severity":5}"#).await;
    run(&mut connection, &["REPLICAOF", "127.0.0.1", "1"]).await;
    let kinds: Vec<_> =
        store.look().await.unwrap().findings.into_iter().map(|finding| finding.kind).collect();
    assert_eq!(kinds, [scout_core::FindingKind::RefusedDocuments, scout_core::FindingKind::MasterLost]);
    run(&mut connection, &["REPLICAOF", "NO", "ONE"]).await;

    run(&mut connection, &["FT.DROPINDEX", "messages"]).await;
    create_index(&mut connection, "messages", Generation::A).await.unwrap();
    wait_until_built(&mut connection, "messages").await.unwrap();
    assert_ne!(look_at(&store).await.index, first.moment.index);
}

#[tokio::test]
async fn large_entries_are_read_few_at_a_time_once_one_has_been_seen() {
    let redis = scout_testkit::redis().await;
    let mut connection = redis.connection().await.unwrap();
    create_index(&mut connection, "messages", Generation::D).await.unwrap();
    let large = "x".repeat(1 << 20);
    for _ in 0..60 {
        run(&mut connection, &["XADD", "messages", "*", "junk", &large]).await;
    }
    let store = common::plain(&redis.url());
    let (mut position, mut most, mut all) = (Position::default(), 0, 0);
    loop {
        let (seen, report) = look(&store, &position).await.unwrap();
        position = report.position;
        most = most.max(seen.entries.len());
        all += seen.entries.len();
        if report.caught_up {
            break;
        }
    }
    assert_eq!(all, 60);
    assert!(most <= 32, "{most} entries of a megabyte at once");
}
