//! The texts that a real server sends, provoked one by one.

use redis::aio::MultiplexedConnection;
use scout_testkit::{Modules, RedisServer};

use super::*;

async fn send(connection: &mut MultiplexedConnection, line: &str) -> Value {
    let words: Vec<&str> = line.split(' ').collect();
    let mut command = redis::cmd(words[0]);
    command.arg(&words[1..]);
    connection.send_packed_command(&command).await.unwrap()
}

/// The kind of the error with which a command is answered.
async fn kind(connection: &mut MultiplexedConnection, line: &str) -> StoreErrorKind {
    match send(connection, line).await {
        Value::ServerError(error) => kind_of(&text_of(&error)),
        answer => panic!("{line} was answered with {answer:?}"),
    }
}

async fn done(connection: &mut MultiplexedConnection, line: &str) {
    let answer = send(connection, line).await;
    assert!(!matches!(answer, Value::ServerError(_)), "{line}: {answer:?}");
}

const CREATE: &str = "FT.CREATE messages ON JSON SCHEMA $.severity AS severity TEXT";

#[tokio::test]
async fn of_a_missing_index() {
    let redis = scout_testkit::redis().await;
    let mut connection = redis.connection().await.unwrap();
    for line in
        ["FT.AGGREGATE messages *", "FT.SEARCH messages *", "FT.INFO messages", "FT.DROPINDEX messages"]
    {
        assert_eq!(kind(&mut connection, line).await, StoreErrorKind::IndexMissing, "{line}");
    }
}

#[tokio::test]
async fn of_an_index_that_exists() {
    let redis = scout_testkit::redis().await;
    let mut connection = redis.connection().await.unwrap();
    done(&mut connection, CREATE).await;
    match send(&mut connection, CREATE).await {
        Value::ServerError(error) => assert!(says_index_exists(&text_of(&error))),
        answer => panic!("made twice: {answer:?}"),
    }
}

#[tokio::test]
async fn of_cursors_that_are_gone() {
    let redis = scout_testkit::redis().await;
    let mut connection = redis.connection().await.unwrap();
    done(&mut connection, CREATE).await;
    for line in ["FT.CURSOR READ messages 5", "FT.CURSOR DEL messages 5"] {
        assert_eq!(kind(&mut connection, line).await, StoreErrorKind::Partial, "{line}");
    }
}

#[tokio::test]
async fn of_an_index_dropped_under_its_cursor() {
    let redis = scout_testkit::redis().await;
    let mut connection = redis.connection().await.unwrap();
    done(&mut connection, CREATE).await;
    for key in ["a", "b"] {
        done(&mut connection, &format!(r#"JSON.SET {key} . {{"severity":"info"}}"#)).await;
    }
    let answer = send(&mut connection, "FT.AGGREGATE messages * LOAD 1 @__key WITHCURSOR COUNT 1").await;
    let number = crate::cursor::number_in(&answer).unwrap();
    done(&mut connection, "FT.DROPINDEX messages").await;
    let read = format!("FT.CURSOR READ messages {number}");
    assert_eq!(kind(&mut connection, &read).await, StoreErrorKind::IndexMissing);
}

#[tokio::test]
async fn of_too_many_cursors() {
    let redis = scout_testkit::redis().await;
    let mut connection = redis.connection().await.unwrap();
    done(&mut connection, CREATE).await;
    for key in ["a", "b"] {
        done(&mut connection, &format!(r#"JSON.SET {key} . {{"severity":"info"}}"#)).await;
    }
    let open = "FT.AGGREGATE messages * LOAD 1 @__key WITHCURSOR COUNT 1";
    for _ in 0..128 {
        done(&mut connection, open).await;
    }
    assert_eq!(kind(&mut connection, open).await, StoreErrorKind::NotReady);
}

#[tokio::test]
async fn of_queries_that_cannot_be() {
    let redis = scout_testkit::redis().await;
    let mut connection = redis.connection().await.unwrap();
    done(&mut connection, CREATE).await;
    for line in [
        "FT.AGGREGATE messages * GROUPBY 1 @nope REDUCE COUNT 0 AS count",
        "FT.AGGREGATE messages * FOO",
        "FT.SEARCH messages * LIMIT 0 100000000",
        "FT.SEARCH messages * DIALECT 9",
        "FT.SEARCH messages severity)",
        "XREADGROUP GROUP g c STREAMS messages >",
    ] {
        assert_eq!(kind(&mut connection, line).await, StoreErrorKind::Refused, "{line}");
    }
    done(&mut connection, "SELECT 1").await;
    assert_eq!(kind(&mut connection, &CREATE.replace("messages", "other")).await, StoreErrorKind::Refused);
}

#[tokio::test]
async fn of_keys_of_a_wrong_type() {
    let redis = scout_testkit::redis().await;
    let mut connection = redis.connection().await.unwrap();
    done(&mut connection, "SET messages x").await;
    for line in ["XADD messages * messageID x", "JSON.SET messages . 1"] {
        assert_eq!(kind(&mut connection, line).await, StoreErrorKind::Refused, "{line}");
    }
}

#[tokio::test]
async fn of_missing_modules() {
    let server = RedisServer::builder().modules(Modules::None).start().await.unwrap();
    let mut connection = server.connection().await.unwrap();
    for line in ["FT.AGGREGATE messages *", "FT.INFO messages", "JSON.SET a . 1"] {
        assert_eq!(kind(&mut connection, line).await, StoreErrorKind::ModuleMissing, "{line}");
    }
    let server = RedisServer::builder().modules(Modules::SearchOnly).start().await.unwrap();
    let mut connection = server.connection().await.unwrap();
    assert_eq!(kind(&mut connection, CREATE).await, StoreErrorKind::ModuleMissing);
}

#[tokio::test]
async fn of_a_query_that_ran_out_of_time() {
    let redis = RedisServer::start().await.unwrap();
    let mut connection = redis.connection().await.unwrap();
    done(&mut connection, "FT.CONFIG SET ON_TIMEOUT FAIL").await;
    done(&mut connection, CREATE).await;
    let mut pipeline = redis::pipe();
    for number in 0..20_000 {
        pipeline.cmd("JSON.SET").arg(number).arg(".").arg(r#"{"severity":"info"}"#).ignore();
    }
    let _: () = pipeline.query_async(&mut connection).await.unwrap();
    let line = "FT.AGGREGATE messages * GROUPBY 1 @severity REDUCE COUNT 0 AS count TIMEOUT 1";
    assert_eq!(kind(&mut connection, line).await, StoreErrorKind::Timeout);
}

#[tokio::test]
async fn of_missing_and_wrong_credentials() {
    let server = RedisServer::builder().password("hunter2").start().await.unwrap();
    let anonymous = redis::Client::open(format!("redis://127.0.0.1:{}", server.port())).unwrap();
    let mut connection = anonymous.get_multiplexed_async_connection().await.unwrap();
    for line in ["PING", "FT.INFO messages", "HELLO 3", "AUTH wrong", "AUTH nobody wrong"] {
        assert_eq!(kind(&mut connection, line).await, StoreErrorKind::Authentication, "{line}");
    }
    let long = "FT.AGGREGATE messages * LOAD 4 @__key @severity @system @timestamp WITHCURSOR COUNT 10";
    assert_eq!(kind(&mut connection, long).await, StoreErrorKind::Authentication);

    let redis = scout_testkit::redis().await;
    let mut connection = redis.connection().await.unwrap();
    assert_eq!(kind(&mut connection, "AUTH hunter2").await, StoreErrorKind::Authentication);
}

#[tokio::test]
async fn of_missing_rights() {
    let redis = RedisServer::start().await.unwrap();
    let mut connection = redis.connection().await.unwrap();
    done(&mut connection, "ACL SETUSER u1 on >hunter2 +ft.info").await;
    done(&mut connection, "AUTH u1 hunter2").await;
    for line in ["FT.AGGREGATE messages *", "FT.INFO messages"] {
        assert_eq!(kind(&mut connection, line).await, StoreErrorKind::Permission, "{line}");
    }
}

#[tokio::test]
async fn of_a_script_that_does_not_end() {
    let server = RedisServer::builder().config("busy-reply-threshold 1").start().await.unwrap();
    let mut connection = server.connection().await.unwrap();
    let mut other = server.connection().await.unwrap();
    let mut scripting = tokio::task::JoinSet::new();
    scripting.spawn(async move {
        redis::cmd("EVAL").arg("while true do end").arg(0).exec_async(&mut other).await
    });
    let text = loop {
        if let Value::ServerError(error) = send(&mut connection, "PING").await {
            break text_of(&error);
        }
    };
    assert_eq!(kind_of(&text), StoreErrorKind::NotReady, "{text}");
    done(&mut connection, "SCRIPT KILL").await;
}

#[tokio::test]
async fn of_a_full_memory() {
    let server = RedisServer::builder().config("maxmemory 1").start().await.unwrap();
    let mut connection = server.connection().await.unwrap();
    for line in [CREATE, "JSON.SET a . 1", "XADD messages * messageID a"] {
        assert_eq!(kind(&mut connection, line).await, StoreErrorKind::NotWritable, "{line}");
    }
}
