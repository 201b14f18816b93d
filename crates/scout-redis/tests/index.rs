//! Which index is counted by: one that is missing is made, one that others made is used as it is.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail as loudly as tests"
)]

mod common;

use common::{COUNTING, as_user, documents, failure, inspect, make_user, plain, run, scan, store, write};
use scout_core::{FindingKind, StoreErrorKind};
use scout_redis::{Protocol, RedisConfig};
use scout_testkit::{Generation, create_index, wait_until_built};

#[tokio::test]
async fn item_52_a_missing_index_is_made_with_the_first_scan() {
    for protocol in [Protocol::Resp3, Protocol::Resp2] {
        let redis = scout_testkit::redis().await;
        let mut connection = redis.connection().await.unwrap();
        make_user(&mut connection, COUNTING).await;
        write(&mut connection, 50).await;
        let store = store(as_user(&redis.url(), protocol));
        assert_eq!(documents(&store).await, 50);
        let made = run(&mut connection, &["FT.INFO", "messages"]).await;
        // The newest generation, as the testkit knows it.
        let _: () = redis::cmd("FT.DROPINDEX").arg("messages").query_async(&mut connection).await.unwrap();
        create_index(&mut connection, "messages", Generation::D).await.unwrap();
        let expected = run(&mut connection, &["FT.INFO", "messages"]).await;
        for name in ["index_definition", "attributes"] {
            assert_eq!(field(&made, name), field(&expected, name), "{name}");
        }
    }
}

fn field<'a>(answer: &'a redis::Value, name: &str) -> &'a redis::Value {
    let redis::Value::Array(items) = answer else { panic!("FT.INFO over RESP2 is a list") };
    let named = |pair: &&[redis::Value]| redis::from_redis_value_ref::<String>(&pair[0]).unwrap() == name;
    &items.chunks_exact(2).find(named).unwrap()[1]
}

#[tokio::test]
async fn two_that_make_the_index_at_once_both_count() {
    let redis = scout_testkit::redis().await;
    let mut connection = redis.connection().await.unwrap();
    write(&mut connection, 20).await;
    let stores: Vec<_> = (0..6).map(|_| plain(&redis.url())).collect();
    let mut scans = tokio::task::JoinSet::new();
    for store in stores {
        scans.spawn(async move { documents(&store).await });
    }
    assert_eq!(scans.join_all().await, [20; 6]);
}

#[tokio::test]
async fn an_index_dropped_later_is_made_again_while_running() {
    let redis = scout_testkit::redis().await;
    let mut connection = redis.connection().await.unwrap();
    write(&mut connection, 30).await;
    let store = plain(&redis.url());
    assert_eq!(documents(&store).await, 30);
    run(&mut connection, &["FT.DROPINDEX", "messages"]).await;
    assert_eq!(documents(&store).await, 30);
}

#[tokio::test]
async fn an_index_dropped_in_the_middle_of_a_scan_gives_whole_numbers_or_an_error() {
    let redis = scout_testkit::redis().await;
    let mut connection = redis.connection().await.unwrap();
    write(&mut connection, 5_000).await;
    let mut config = RedisConfig::from_url(&redis.url()).unwrap();
    config.share = 0.05;
    let store = store(config);
    while scan(&store).await.is_err() {}
    for _ in 0..3 {
        let dropping = async {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            run(&mut connection, &["FT.DROPINDEX", "messages"]).await;
        };
        let (scanned, ()) = tokio::join!(scan(&store), dropping);
        match scanned {
            Ok((_, report)) => assert_eq!(report.rows, 5_000),
            Err(error) => {
                let kind = error.kind();
                assert!(
                    matches!(kind, StoreErrorKind::IndexMissing | StoreErrorKind::IndexBuilding),
                    "{kind}: {error}"
                );
            }
        }
        while scan(&store).await.is_err() {}
    }
}

#[tokio::test]
async fn a_store_without_documents_is_zero() {
    let redis = scout_testkit::redis().await;
    let store = plain(&redis.url());
    let (counted, report) = scan(&store).await.unwrap();
    assert_eq!((report.rows, report.expected, counted.begun), (0, 0, 1));
    let mut connection = redis.connection().await.unwrap();
    write(&mut connection, 3).await;
    assert_eq!(documents(&store).await, 3);
    run(&mut connection, &["FLUSHALL"]).await;
    assert_eq!(documents(&store).await, 0);
}

#[tokio::test]
async fn an_index_under_construction_is_an_error_with_its_progress_and_never_a_part() {
    const DOCUMENTS: u64 = 20_000;
    let redis = scout_testkit::redis().await;
    let mut connection = redis.connection().await.unwrap();
    // Long texts take the index some seconds.
    let words: Vec<String> = (0..300).map(|number| format!("word{number}")).collect();
    let document = format!(r#"{{"severity":"info","message":"{}"}}"#, words.join(" "));
    let mut pipeline = redis::pipe();
    for number in 0..DOCUMENTS {
        pipeline.cmd("JSON.SET").arg(number).arg(".").arg(&document).ignore();
    }
    let _: () = pipeline.query_async(&mut connection).await.unwrap();
    create_index(&mut connection, "messages", Generation::D).await.unwrap();
    let store = plain(&redis.url());
    let error = failure(&store).await;
    assert_eq!(error.kind(), StoreErrorKind::IndexBuilding);
    assert!(error.to_string().contains(" % are done"), "{error}");
    let documents = inspect(&store).await.facts.into_iter().find(|(name, _)| name == "documents").unwrap().1;
    assert!(documents.contains("% of the index are built"), "{documents}");
    loop {
        match scan(&store).await {
            Ok((_, report)) => {
                assert_eq!(report.rows, DOCUMENTS);
                break;
            }
            Err(error) => assert_eq!(error.kind(), StoreErrorKind::IndexBuilding, "{error}"),
        }
    }
}

#[tokio::test]
async fn an_index_over_hashes_counts_them_and_says_so() {
    for generation in [Generation::C3, Generation::C4] {
        let redis = scout_testkit::redis().await;
        let mut connection = redis.connection().await.unwrap();
        create_index(&mut connection, "messages", generation).await.unwrap();
        write(&mut connection, 10).await;
        for (key, severity) in [("a", "ERROR"), ("b", "info")] {
            run(&mut connection, &["HSET", key, "severity", severity, "system", "Flux"]).await;
        }
        for protocol in [Protocol::Resp2, Protocol::Resp3] {
            let mut config = RedisConfig::from_url(&redis.url()).unwrap();
            config.protocol = protocol;
            let (counted, report) = scan(&store(config)).await.unwrap();
            assert_eq!(report.rows, 2);
            assert_eq!(counted.tally.by_severity["error"], 1);
            assert_eq!(counted.tally.by_system[&Some("Flux".to_owned())], 2);
            let finding = &report.findings[0];
            assert_eq!((finding.kind, finding.count), (FindingKind::IndexOnHash, 2));
        }
    }
}

#[tokio::test]
async fn an_index_over_hashes_that_has_none_is_an_error_and_not_zero() {
    let redis = scout_testkit::redis().await;
    let mut connection = redis.connection().await.unwrap();
    create_index(&mut connection, "messages", Generation::C3).await.unwrap();
    write(&mut connection, 10).await;
    let store = plain(&redis.url());
    let error = failure(&store).await;
    assert_eq!(error.kind(), StoreErrorKind::Refused);
    assert!(error.to_string().contains("FT.DROPINDEX messages"), "{error}");
    run(&mut connection, &["FT.DROPINDEX", "messages"]).await;
    assert_eq!(documents(&store).await, 10);
}

/// A message under a key as the platform makes it.
async fn write_message(connection: &mut redis::aio::MultiplexedConnection, number: u32) {
    let key = format!("6f6fbd8a-3a14-4d43-8c43-{number:012}-flux");
    let document = r#"{"severity":"info","system":"flux","timestamp":"2026-01-01T00:00:00Z"}"#;
    run(connection, &["JSON.SET", &key, ".", document]).await;
}

#[tokio::test]
async fn an_index_that_leaves_every_message_out_is_an_error_and_not_zero() {
    for (create, said) in [
        ("ON JSON PREFIX 1 zzz: SCHEMA $.severity AS severity TEXT", "keys that begin with zzz:"),
        ("ON JSON FILTER @severity=='none' SCHEMA $.severity AS severity TEXT", "@severity=='none'"),
        ("ON JSON SCHEMA $.timestamp AS timestamp NUMERIC", "timestamp is NUMERIC"),
        ("ON JSON SCHEMA $.system AS place GEO", "refused"),
        ("ON JSON SKIPINITIALSCAN SCHEMA $.severity AS severity TEXT", "SKIPINITIALSCAN"),
        ("ON HASH SCHEMA severity TEXT", "over hashes"),
    ] {
        let redis = scout_testkit::redis().await;
        let mut connection = redis.connection().await.unwrap();
        for number in 0..20 {
            write_message(&mut connection, number).await;
        }
        let store = plain(&redis.url());
        assert_eq!(documents(&store).await, 20);
        run(&mut connection, &["FT.DROPINDEX", "messages"]).await;
        let words: Vec<&str> = ["FT.CREATE", "messages"].into_iter().chain(create.split(' ')).collect();
        run(&mut connection, &words).await;
        wait_until_built(&mut connection, "messages").await.unwrap();
        for _ in 0..2 {
            let error = failure(&store).await;
            assert_eq!(error.kind(), StoreErrorKind::Refused, "{create}: {error}");
            assert!(error.to_string().contains(said), "{create}: {error}");
            assert!(error.to_string().contains("`FT.DROPINDEX messages`"), "{create}: {error}");
        }
        run(&mut connection, &["FT.DROPINDEX", "messages"]).await;
        assert_eq!(documents(&store).await, 20);
    }
}

#[tokio::test]
async fn an_empty_index_beside_keys_of_others_is_zero() {
    let redis = scout_testkit::redis().await;
    let mut connection = redis.connection().await.unwrap();
    for number in 0..300 {
        run(&mut connection, &["SET", &format!("other:{number}"), "x"]).await;
    }
    run(&mut connection, &["XADD", "messages", "*", "messageID", "gone"]).await;
    let (_, report) = scan(&plain(&redis.url())).await.unwrap();
    assert_eq!((report.rows, report.findings.len()), (0, 0));
}

#[tokio::test]
async fn refused_documents_that_are_deleted_leave_a_zero_that_is_true() {
    let redis = scout_testkit::redis().await;
    let mut connection = redis.connection().await.unwrap();
    let store = plain(&redis.url());
    assert_eq!(documents(&store).await, 0);
    run(&mut connection, &["JSON.SET", "a", ".", r#"{"severity":7}"#]).await;
    let error = failure(&store).await;
    assert_eq!(error.kind(), StoreErrorKind::Refused);
    assert!(error.to_string().contains("refused 1 writes"), "{error}");
    run(&mut connection, &["DEL", "a"]).await;
    assert_eq!(documents(&store).await, 0);
}

#[tokio::test]
async fn without_the_right_to_look_an_empty_index_is_zero_with_a_finding() {
    let redis = scout_testkit::redis().await;
    let mut connection = redis.connection().await.unwrap();
    write_message(&mut connection, 1).await;
    write_message(&mut connection, 2).await;
    run(
        &mut connection,
        &[
            "FT.CREATE",
            "messages",
            "ON",
            "JSON",
            "SKIPINITIALSCAN",
            "SCHEMA",
            "$.severity",
            "AS",
            "severity",
            "TEXT",
            "$.system",
            "AS",
            "system",
            "TEXT",
            "$.timestamp",
            "AS",
            "timestamp",
            "TEXT",
        ],
    )
    .await;
    make_user(&mut connection, COUNTING).await;
    let (_, report) = scan(&store(as_user(&redis.url(), Protocol::Auto))).await.unwrap();
    assert_eq!((report.rows, report.findings.len()), (0, 1));
    assert!(report.findings[0].text.contains("+scan"), "{report:?}");
    make_user(&mut connection, &format!("{COUNTING} +scan")).await;
    assert_eq!(failure(&store(as_user(&redis.url(), Protocol::Auto))).await.kind(), StoreErrorKind::Refused);
}

#[tokio::test]
async fn an_index_that_refuses_a_part_of_the_messages_counts_the_others_and_is_marked() {
    for (create, said) in [
        ("$.severity AS severity NUMERIC", "severity is NUMERIC"),
        ("$.timestamp_unix AS seconds TEXT", "timestamp_unix is TEXT"),
        ("$.url AS url NUMERIC", "url is NUMERIC"),
    ] {
        let redis = scout_testkit::redis().await;
        let mut connection = redis.connection().await.unwrap();
        let create = format!("FT.CREATE messages ON JSON SCHEMA $.system AS system TEXT {create}");
        run(&mut connection, &create.split(' ').collect::<Vec<_>>()).await;
        let refused = r#"{"severity":"info","system":"a","timestamp_unix":1789196834,"url":"u"}"#;
        for (key, document) in [("a", refused), ("b", refused), ("c", r#"{"system":"b"}"#)] {
            run(&mut connection, &["JSON.SET", key, ".", document]).await;
        }
        let (_, report) = scan(&plain(&redis.url())).await.unwrap();
        assert_eq!((report.rows, report.difference()), (1, 0), "{create}");
        let kind = FindingKind::IndexRefusesMessages;
        let finding = report.findings.iter().find(|finding| finding.kind == kind).unwrap();
        assert!(kind.leaves_messages_out() && finding.text.contains(said), "{finding:?}");
    }
}

#[tokio::test]
async fn an_index_made_otherwise_is_used_as_it_is_with_its_findings() {
    let redis = scout_testkit::redis().await;
    let mut connection = redis.connection().await.unwrap();
    let create = "FT.CREATE messages ON JSON PREFIX 1 0000000 SCHEMA $.severity AS level TAG SORTABLE $.other AS system TEXT";
    run(&mut connection, &create.split(' ').collect::<Vec<_>>()).await;
    write(&mut connection, 20).await;
    let store = plain(&redis.url());
    let (counted, report) = scan(&store).await.unwrap();
    // Ten of the keys begin so; the fields are those of the documents, whatever the attributes are called.
    assert_eq!((report.rows, report.difference()), (10, 0));
    assert_eq!(counted.tally.by_severity["info"], 10);
    assert_eq!(counted.tally.by_system.len(), 10);
    let kinds: Vec<FindingKind> = report.findings.iter().map(|finding| finding.kind).collect();
    let expected =
        [FindingKind::IndexLacksAttribute, FindingKind::IndexAttributeType, FindingKind::IndexIsFiltered];
    assert_eq!(kinds, expected);
    let facts = inspect(&store).await.facts;
    assert!(facts.iter().any(|(name, fact)| name == "index" && fact.contains("somebody else")), "{facts:?}");
}

#[tokio::test]
async fn an_alias_counts_like_its_index() {
    let redis = scout_testkit::redis().await;
    let mut connection = redis.connection().await.unwrap();
    create_index(&mut connection, "messages-v2", Generation::D).await.unwrap();
    run(&mut connection, &["FT.ALIASADD", "messages", "messages-v2"]).await;
    write(&mut connection, 500).await;
    wait_until_built(&mut connection, "messages").await.unwrap();
    assert_eq!(documents(&plain(&redis.url())).await, 500);
}

#[tokio::test]
async fn sortable_attributes_keep_the_case_of_their_values() {
    let redis = scout_testkit::redis().await;
    let mut connection = redis.connection().await.unwrap();
    let create = "FT.CREATE messages ON JSON SCHEMA $.severity AS severity TEXT SORTABLE $.system AS system TAG SORTABLE";
    run(&mut connection, &create.split(' ').collect::<Vec<_>>()).await;
    run(&mut connection, &["JSON.SET", "a", ".", r#"{"severity":"INFO","system":"Flux System"}"#]).await;
    let (counted, _) = scan(&plain(&redis.url())).await.unwrap();
    assert!(counted.tally.by_system.contains_key(&Some("Flux System".to_owned())));
}
