//! A store that is not any more what was counted: emptied, indexed anew, another one, or in another time. All of it heals,
//! and meanwhile readers see what was true before, or a mark.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use scout_testkit::{Announce, Document, FaultProxy, Generation, Generator, RedisServer, create_index, load};

use crate::meters::checks;
use crate::scene::{indexed, run, start};
use crate::scout::{Answer, Scout};
use crate::truth::{Message, Window, moment_ms, now_ms, views_are_true};
use crate::watch::{Shown, Watch};

/// Documents of the last hour.
fn documents(seed: u64, count: usize) -> Vec<Document> {
    Generator::tidy(seed, now_ms()).span_ms(3_600_000).take(count).collect()
}

async fn write(connection: &mut MultiplexedConnection, documents: &[Document]) {
    load(connection, documents, Announce::On("messages")).await.unwrap();
}

/// A server with an index and these documents.
async fn filled(documents: &[Document]) -> (RedisServer, MultiplexedConnection) {
    let (redis, mut connection) = indexed().await;
    write(&mut connection, documents).await;
    (redis, connection)
}

fn messages(documents: &[Document]) -> Vec<Message> {
    documents.iter().filter_map(Message::of).collect()
}

/// The windows of some minutes and of all, by event time.
fn windows_are_true(scout: &Scout, documents: &[Document]) {
    for length_ms in [10_000, 600_000, 7_200_000] {
        views_are_true(scout, &Window { length_ms, ..Window::default() }, &messages(documents));
    }
}

/// No arrivals are shown but those of the store as it is; fewer only where it is said that some may be missing.
fn arrivals_are_those(scout: &Scout, documents: &[Document]) {
    let summary = scout.get("/analytics/summary?time=arrival&window=1h").json();
    let (total, all) = (summary["totalMessages"].as_u64().unwrap(), documents.len() as u64);
    assert!(total == all || total < all && summary.get("coveredFrom").is_some(), "{all}: {summary}");
}

/// These totals were shown, one after the other, the last one without a mark; between two of them only the former one,
/// marked.
fn went_over(shown: &[Shown], totals: &[u64]) {
    let mut plain: Vec<u64> = Vec::new();
    for shown in shown {
        match shown {
            Shown::Plain(total) if plain.last() == Some(total) => {}
            Shown::Plain(total) => plain.push(*total),
            Shown::Marked(total) => assert_eq!(plain.last(), Some(total), "{shown:?}"),
            Shown::Refused(_) => panic!("{shown:?}"),
        }
    }
    assert_eq!(plain, totals, "{shown:?}");
}

#[tokio::test]
async fn an_index_that_others_drop_and_make_again_is_counted_anew() {
    let mut documents = documents(1, 5_100);
    let (redis, mut connection) = filled(&documents).await;
    // Where nothing was ever deleted, the new index is like the old one in everything.
    for gone in documents.drain(..100) {
        run(&mut connection, &["UNLINK", &gone.key]).await;
    }
    let scout = start(&redis.url()).await;
    scout.counts(5_000).await;
    let watch = Watch::over(&scout);
    run(&mut connection, &["FT.DROPINDEX", "messages"]).await;
    create_index(&mut connection, "messages", Generation::D).await.unwrap();
    scout.eventually("the new index", |scout| scout.logged("counting again").pop()).await;
    scout.counts(5_000).await;
    let shown = watch.shown().await;
    went_over(&shown, &[5_000]);
    windows_are_true(&scout, &documents);
}

#[tokio::test]
async fn a_flushed_store_goes_to_zero_and_then_counts_what_comes() {
    let before = documents(2, 500);
    let (redis, mut connection) = filled(&before).await;
    let scout = start(&redis.url()).await;
    scout.counts(500).await;
    let watch = Watch::over(&scout);
    run(&mut connection, &["FLUSHALL"]).await;
    scout.counts(0).await;
    went_over(&watch.shown().await, &[500, 0]);
    let after = documents(3, 70);
    write(&mut connection, &after).await;
    scout.counts(70).await;
    windows_are_true(&scout, &after);
    arrivals_are_those(&scout, &after);
}

#[tokio::test]
async fn a_store_that_is_flushed_and_written_to_at_once_counts_what_is_there() {
    let (redis, mut connection) = filled(&documents(4, 500)).await;
    let scout = start(&redis.url()).await;
    scout.counts(500).await;
    let watch = Watch::over(&scout);
    run(&mut connection, &["FLUSHALL"]).await;
    // Without an index.
    let after = documents(5, 70);
    write(&mut connection, &after).await;
    scout.counts(70).await;
    went_over(&watch.shown().await, &[500, 70]);
    windows_are_true(&scout, &after);
    arrivals_are_those(&scout, &after);
}

/// What is done to a store right after a check shows long before the next one.
async fn is_marked_soon_after(what: &str, commands: &[&[&str]]) {
    let (redis, mut connection) = filled(&documents(11, 500)).await;
    let scout = Scout::start(&[("REDIS_URL", &redis.url())]).await;
    scout.counts(500).await;
    // Some checks at the start follow each other closely.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let before = checks(&scout);
    scout.eventually("a check", |scout| (checks(scout) > before).then_some(())).await;
    let mut transaction = redis::pipe();
    transaction.atomic();
    for words in commands {
        transaction.cmd(words[0]).arg(&words[1..]).ignore();
    }
    assert_eq!(Shown::now(&scout), Shown::Plain(500), "{what}");
    transaction.exec_async(&mut connection).await.unwrap();
    let marked =
        scout.eventually(what, |scout| Some(Shown::now(scout)).filter(|shown| *shown != Shown::Plain(500)));
    let marked = tokio::time::timeout(Duration::from_secs(4), marked).await;
    assert_eq!(marked, Ok(Shown::Marked(500)), "{what}");
}

#[tokio::test]
async fn what_is_gone_is_marked_long_before_the_next_check() {
    tokio::join!(
        is_marked_soon_after("flushed", &[&["FLUSHALL"]]),
        is_marked_soon_after("deleted", &[&["DEL", "messages"]]),
        is_marked_soon_after(
            "trimmed",
            &[
                &["JSON.SET", "unread", ".", r#"{"severity":"error"}"#],
                &["XADD", "messages", "*", "messageID", "unread"],
                &["XTRIM", "messages", "MAXLEN", "0"],
            ],
        ),
    );
}

#[tokio::test]
async fn a_failover_to_an_empty_replica_and_to_another_store_counts_what_is_there() {
    let (first, other) = (documents(6, 500), documents(7, 90));
    let (full, mut of_full) = filled(&first).await;
    let empty = RedisServer::start().await.unwrap();
    let (another, _) = filled(&other).await;
    let proxy = FaultProxy::before(&full.url()).await.unwrap();
    let scout = start(&proxy.url(&full.url())).await;
    scout.counts(500).await;
    let watch = Watch::over(&scout);
    proxy.lead_to(&empty.url()).await.unwrap();
    scout.counts(0).await;
    proxy.lead_to(&another.url()).await.unwrap();
    scout.counts(90).await;
    windows_are_true(&scout, &other);
    arrivals_are_those(&scout, &other);
    let later = documents(8, 20);
    write(&mut of_full, &later).await;
    proxy.lead_to(&full.url()).await.unwrap();
    scout.counts(520).await;
    let shown = watch.shown().await;
    for marked in [500, 0, 90] {
        assert!(shown.contains(&Shown::Marked(marked)), "{shown:?}");
    }
    went_over(&shown, &[500, 0, 90, 520]);
    windows_are_true(&scout, &[first, later].concat());
}

/// A replica that takes writes of its own, and has these documents beside what its master has.
async fn replica(master: &RedisServer, documents: &[Document], first_ms: i64) -> RedisServer {
    let redis = RedisServer::start().await.unwrap();
    let mut connection = redis.connection().await.unwrap();
    run(&mut connection, &["CONFIG", "SET", "replica-read-only", "no"]).await;
    let url = master.url();
    let (host, port) = url.trim_start_matches("redis://").trim_end_matches('/').split_once(':').unwrap();
    run(&mut connection, &["REPLICAOF", host, port]).await;
    let mut replication = String::new();
    while !replication.contains("master_link_status:up") {
        tokio::time::sleep(Duration::from_millis(50)).await;
        replication = redis::cmd("INFO").arg("replication").query_async(&mut connection).await.unwrap();
    }
    load(&mut connection, documents, Announce::Silently).await.unwrap();
    for (id_ms, document) in (first_ms..).zip(documents) {
        let id = format!("{id_ms}-0");
        run(&mut connection, &["XADD", "messages", &id, "messageID", &document.key]).await;
    }
    redis
}

#[tokio::test]
async fn a_failover_to_a_server_that_differs_in_nothing_but_its_messages_is_told_by_its_life() {
    let (first, other) = (documents(12, 300), documents(13, 300));
    let (master, mut of_master) = filled(&[]).await;
    run(&mut of_master, &["CONFIG", "SET", "repl-diskless-sync-delay", "0"]).await;
    let first_ms = now_ms() - 60_000;
    let one = replica(&master, &first, first_ms).await;
    let twin = replica(&master, &other, first_ms).await;
    let proxy = FaultProxy::before(&one.url()).await.unwrap();
    let scout = start(&proxy.url(&one.url())).await;
    scout.counts(300).await;
    windows_are_true(&scout, &first);
    proxy.lead_to(&twin.url()).await.unwrap();
    scout.eventually("the other server", |scout| scout.logged("counting again").pop()).await;
    scout.counts(300).await;
    windows_are_true(&scout, &other);
    arrivals_are_those(&scout, &other);
}

#[tokio::test]
async fn entries_from_the_future_are_counted_as_they_come() {
    let before = documents(9, 100);
    let (redis, mut connection) = filled(&before).await;
    let scout = start(&redis.url()).await;
    scout.counts(100).await;
    let watch = Watch::over(&scout);
    let after = documents(10, 40);
    load(&mut connection, &after, Announce::Silently).await.unwrap();
    let hour_ahead = now_ms() + 3_600_000;
    for (number, document) in (0..).zip(&after) {
        // The later half is announced as the server does it then: at the time of the last entry.
        let id = if number < 20 { format!("{}-1", hour_ahead + number) } else { "*".to_owned() };
        run(&mut connection, &["XADD", "messages", &id, "messageID", &document.key]).await;
    }
    scout.counts(140).await;
    windows_are_true(&scout, &[before, after].concat());
    let arrivals = scout.get("/analytics/summary?time=arrival&window=1m").json();
    assert_eq!(arrivals["totalMessages"], 140, "{arrivals}");
    let shown = watch.shown().await;
    let is_true = |shown: &Shown| matches!(shown, Shown::Plain(100..=140));
    assert!(shown.iter().all(is_true), "{shown:?}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_clock_that_is_set_an_hour_ahead_and_back_leaves_true_windows() {
    let redis = RedisServer::builder().own_clock().start().await.unwrap();
    let mut connection = redis.connection().await.unwrap();
    create_index(&mut connection, "messages", Generation::D).await.unwrap();
    let scout = start(&redis.url()).await;
    let mut all = Vec::new();
    for (seed, hours) in (20..).zip([0, 1, 0, -1, 0]) {
        redis.set_clock(hours * 3600).unwrap();
        let written = documents(seed, 50);
        write(&mut connection, &written).await;
        all.extend(written);
        // Windows end at the store's present, once it is known that it is another.
        let is_there = |answer: &Answer| {
            let to = moment_ms(&answer.json()["to"]);
            answer.status == 200 && (now_ms() + hours * 3_600_000 - to).abs() < 60_000
        };
        scout.answers("/analytics/summary?window=1s", is_there).await;
        scout.counts(all.len() as u64).await;
        let summary = scout.get("/analytics/summary?window=3h").json();
        let (from, to) = (moment_ms(&summary["from"]), moment_ms(&summary["to"]));
        // An hour behind, most of them lie ahead.
        let meant = Window::default().of(&messages(&all), from, to).len();
        assert!(hours < 0 || meant == all.len(), "{hours} h: {summary}");
        assert_eq!(summary["totalMessages"], meant, "{hours} h: {summary}");
        // What came since is there, whatever the time was before.
        let arrivals = scout.get("/analytics/summary?time=arrival&window=10m").json();
        let total = arrivals["totalMessages"].as_u64().unwrap();
        assert!(total >= 50 || arrivals.get("coveredFrom").is_some(), "{hours} h: {arrivals}");
    }
}
