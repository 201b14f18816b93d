//! A message is stored and announced exactly as the platform's intake does it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail as loudly as tests"
)]

mod common;

use common::{COUNTING, SUBMITTING, as_user, documents, make_user, plain, run, scan, store};
use redis::Value;
use scout_core::{Message, MessageIntake, StoreErrorKind, WallTime};
use scout_redis::{Protocol, RedisConfig};

fn message(system: &str) -> Message {
    let body = format!(r#"{{"title":"Disk","message":"full: 97 %","severity":"ERROR","system":"{system}"}}"#);
    Message::from_pitch(body.as_bytes(), WallTime::from_unix_ms(1_789_196_834_000)).unwrap()
}

fn text(value: &Value) -> String {
    redis::from_redis_value_ref(value).unwrap()
}

#[tokio::test]
async fn a_message_becomes_a_document_and_an_entry() {
    for protocol in [Protocol::Resp3, Protocol::Resp2] {
        let redis = scout_testkit::redis().await;
        let mut connection = redis.connection().await.unwrap();
        make_user(&mut connection, &format!("{COUNTING} {SUBMITTING}")).await;
        let store = store(as_user(&redis.url(), protocol));
        for system in ["flux", "team a/b", "ümlaut ✓"] {
            let receipt = store.submit(&message(system)).await.unwrap();
            let (id, rest) = receipt.key.split_at(36);
            assert_eq!(rest, format!("-{system}"));
            assert_eq!(uuid::Uuid::parse_str(id).unwrap().get_version_num(), 4);
            assert_eq!(receipt.stream, "messages");

            let stored = text(&run(&mut connection, &["JSON.GET", &receipt.key, "."]).await);
            let expected = serde_json::to_string(&message(system)).unwrap();
            assert_eq!(
                serde_json::from_str::<serde_json::Value>(&stored).unwrap(),
                serde_json::from_str::<serde_json::Value>(&expected).unwrap()
            );
            let entries: Vec<(String, Vec<String>)> = redis::cmd("XRANGE")
                .arg("messages")
                .arg(&receipt.entry)
                .arg(&receipt.entry)
                .query_async(&mut connection)
                .await
                .unwrap();
            assert_eq!(entries, [(receipt.entry, vec!["messageID".to_owned(), receipt.key])]);
        }
        let (counted, _) = scan(&store).await.unwrap();
        assert_eq!(counted.tally.by_severity["error"], 3);
        assert!(counted.tally.by_system.contains_key(&Some("team a/b".to_owned())));
        assert_eq!(counted.tally.undated, 0);
    }
}

#[tokio::test]
async fn without_a_system_the_key_ends_in_a_hyphen() {
    let redis = scout_testkit::redis().await;
    let receipt = plain(&redis.url()).submit(&common::message()).await.unwrap();
    assert_eq!((receipt.key.len(), &receipt.key[36..]), (37, "-"));
}

#[tokio::test]
async fn the_stream_can_have_another_name_than_the_index() {
    let redis = scout_testkit::redis().await;
    let mut connection = redis.connection().await.unwrap();
    let mut config = RedisConfig::from_url(&redis.url()).unwrap();
    config.stream = "alerts".to_owned();
    let receipt = store(config).submit(&message("flux")).await.unwrap();
    assert_eq!(receipt.stream, "alerts");
    assert_eq!(run(&mut connection, &["XLEN", "alerts"]).await, Value::Int(1));
    assert_eq!(run(&mut connection, &["EXISTS", "messages"]).await, Value::Int(0));
}

#[tokio::test]
async fn the_stream_keeps_exactly_ten_thousand_entries() {
    let redis = scout_testkit::redis().await;
    let mut connection = redis.connection().await.unwrap();
    let mut pipeline = redis::pipe();
    for _ in 0..10_000 {
        pipeline.cmd("XADD").arg("messages").arg("*").arg("messageID").arg("x").ignore();
    }
    let _: () = pipeline.query_async(&mut connection).await.unwrap();
    let store = plain(&redis.url());
    for _ in 0..5 {
        store.submit(&message("flux")).await.unwrap();
        assert_eq!(run(&mut connection, &["XLEN", "messages"]).await, Value::Int(10_000));
    }
}

#[tokio::test]
async fn what_cannot_be_announced_for_want_of_rights_is_not_stored() {
    let redis = scout_testkit::redis().await;
    let mut connection = redis.connection().await.unwrap();
    make_user(&mut connection, &format!("{COUNTING} ~* +json.set")).await;
    let error = store(as_user(&redis.url(), Protocol::Auto)).submit(&message("flux")).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Permission);
    assert!(error.to_string().contains("xadd"), "{error}");
    assert_eq!(run(&mut connection, &["DBSIZE"]).await, Value::Int(0));
}

#[tokio::test]
async fn messages_of_many_callers_are_all_stored_under_keys_of_their_own() {
    let redis = scout_testkit::redis().await;
    let store = std::sync::Arc::new(plain(&redis.url()));
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let store = std::sync::Arc::clone(&store);
        callers.spawn(async move {
            for _ in 0..25 {
                store.submit(&message("flux")).await.unwrap();
            }
        });
    }
    callers.join_all().await;
    assert_eq!(documents(&store).await, 500);
}
