//! What each state of a server comes to: an error of its kind, never a number.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail as loudly as tests"
)]

mod common;

use common::{
    COUNTING, SUBMITTING, as_user, documents, failure, inspect, make_user, message, plain, run, store, write,
};
use scout_core::{FindingKind, MessageIntake, MessageStore, StoreErrorKind, Urgency};
use scout_redis::{Password, Protocol, RedisConfig, RedisStore};
use scout_testkit::{Modules, RedisServer};

async fn refusal(store: &RedisStore) -> StoreErrorKind {
    store.submit(&message()).await.unwrap_err().kind()
}

#[tokio::test]
async fn a_server_without_the_modules() {
    for modules in [Modules::None, Modules::SearchOnly] {
        let server = RedisServer::builder().modules(modules).start().await.unwrap();
        let store = plain(&server.url());
        let error = failure(&store).await;
        assert_eq!(error.kind(), StoreErrorKind::ModuleMissing, "{error}");
        assert!(error.to_string().contains("search and ReJSON"), "{error}");
        assert_eq!(refusal(&store).await, StoreErrorKind::ModuleMissing);
        assert_eq!(store.inspect().await.unwrap_err().kind(), StoreErrorKind::ModuleMissing);
    }
}

#[tokio::test]
async fn a_part_of_a_cluster() {
    let server =
        RedisServer::builder().modules(Modules::None).config("cluster-enabled yes").start().await.unwrap();
    let store = plain(&server.url());
    let error = failure(&store).await;
    assert_eq!(error.kind(), StoreErrorKind::Clustered);
    assert!(error.to_string().contains("standalone"), "{error}");
}

#[tokio::test]
async fn a_server_that_knows_no_resp3() {
    let server = RedisServer::builder().config("rename-command HELLO \"\"").start().await.unwrap();
    let mut connection = server.connection().await.unwrap();
    write(&mut connection, 10).await;
    let with = |protocol| {
        let mut config = RedisConfig::from_url(&server.url()).unwrap();
        config.protocol = protocol;
        store(config)
    };
    for protocol in [Protocol::Auto, Protocol::Resp2] {
        let store = with(protocol);
        assert_eq!(documents(&store).await, 10);
        assert!(inspect(&store).await.facts.contains(&("protocol".to_owned(), "RESP2".to_owned())));
    }
    let error = failure(&with(Protocol::Resp3)).await;
    assert_eq!(error.kind(), StoreErrorKind::ModuleMissing);
    assert!(error.to_string().contains("RESP3"), "{error}");
}

#[tokio::test]
async fn credentials_that_are_missing_or_wrong() {
    let server = RedisServer::builder().password("hunter2").start().await.unwrap();
    for protocol in [Protocol::Resp2, Protocol::Resp3, Protocol::Auto] {
        for (username, password) in
            [(None, None), (None, Some("hunter1")), (Some("nobody"), Some("hunter2")), (Some("nobody"), None)]
        {
            let mut config = RedisConfig::tcp("127.0.0.1", server.port());
            config.protocol = protocol;
            config.username = username.map(str::to_owned);
            config.password = password.map(Password::new);
            let error = failure(&store(config)).await;
            assert_eq!(error.kind(), StoreErrorKind::Authentication, "{error}");
            assert!(!format!("{error} {error:?}").contains("hunter"), "{error:?}");
        }
        let mut config = RedisConfig::from_url(&server.url()).unwrap();
        config.protocol = protocol;
        assert_eq!(documents(&store(config)).await, 0);
    }
}

#[tokio::test]
async fn a_password_that_nobody_asked_for_is_tolerated_and_said() {
    let redis = scout_testkit::redis().await;
    for protocol in [Protocol::Resp2, Protocol::Resp3] {
        let mut config = RedisConfig::from_url(&redis.url()).unwrap();
        config.password = Some(Password::new("hunter2"));
        config.protocol = protocol;
        let store = store(config);
        assert_eq!(documents(&store).await, 0);
        let findings = inspect(&store).await.findings;
        assert!(findings.iter().any(|finding| finding.text.contains("asks for none")), "{findings:?}");
    }
}

#[tokio::test]
async fn rights_that_are_missing() {
    let redis = RedisServer::start().await.unwrap();
    let mut connection = redis.connection().await.unwrap();
    // More than one step takes.
    write(&mut connection, 200).await;
    // What the tail needs is tested with it.
    let of_scans = |right: &&str| !["+xread", "+ft.search"].contains(right);
    for right in COUNTING.split_whitespace().filter(of_scans) {
        let others: Vec<&str> = COUNTING.split(' ').filter(|other| *other != right).collect();
        make_user(&mut connection, &others.join(" ")).await;
        for protocol in [Protocol::Resp2, Protocol::Resp3] {
            let error = failure(&store(as_user(&redis.url(), protocol))).await;
            let kind = match right {
                "+ft.create" => StoreErrorKind::IndexMissing,
                _ => StoreErrorKind::Permission,
            };
            assert_eq!(error.kind(), kind, "without {right}: {error}");
            assert!(error.to_string().contains("NOPERM"), "without {right}: {error}");
        }
        let _ = redis::cmd("FT.DROPINDEX").arg("messages").exec_async(&mut connection).await;
    }
    make_user(&mut connection, COUNTING).await;
    let counting = store(as_user(&redis.url(), Protocol::Auto));
    assert_eq!(documents(&counting).await, 200);
    assert_eq!(refusal(&counting).await, StoreErrorKind::Permission);
    make_user(&mut connection, &format!("{COUNTING} {SUBMITTING}")).await;
    let both = store(as_user(&redis.url(), Protocol::Auto));
    both.submit(&message()).await.unwrap();
    assert_eq!(documents(&both).await, 201);
}

#[tokio::test]
async fn a_full_memory() {
    let server = RedisServer::builder().config("maxmemory 1").start().await.unwrap();
    let store = plain(&server.url());
    let error = failure(&store).await;
    assert_eq!(error.kind(), StoreErrorKind::IndexMissing);
    assert!(error.is_retryable());
    assert!(error.to_string().contains("cannot be made"), "{error}");
    assert!(error.to_string().contains("OOM"), "{error}");
    assert_eq!(refusal(&store).await, StoreErrorKind::NotWritable);
    // What is there can be counted all the same.
    let mut connection = server.connection().await.unwrap();
    run(&mut connection, &["CONFIG", "SET", "maxmemory", "0"]).await;
    write(&mut connection, 10).await;
    assert_eq!(documents(&store).await, 10);
    run(&mut connection, &["CONFIG", "SET", "maxmemory", "1"]).await;
    assert_eq!(documents(&store).await, 10);
    assert_eq!(refusal(&store).await, StoreErrorKind::NotWritable);
}

#[tokio::test]
async fn a_disk_that_cannot_be_written() {
    let server = RedisServer::start().await.unwrap();
    let mut connection = server.connection().await.unwrap();
    let store = plain(&server.url());
    write(&mut connection, 10).await;
    assert_eq!(documents(&store).await, 10);
    // A folder with something in it stands where the snapshot has to go.
    std::fs::create_dir_all(server.folder().join("dump.rdb/occupied")).unwrap();
    run(&mut connection, &["CONFIG", "SET", "save", "3600 100000"]).await;
    run(&mut connection, &["BGSAVE"]).await;
    while refused_or_none(&store).await != Some(StoreErrorKind::NotWritable) {}
    assert!(documents(&store).await >= 10);
    let findings = inspect(&store).await.findings;
    assert!(findings.iter().any(|finding| finding.text.contains("cannot write to its disk")), "{findings:?}");
}

async fn refused_or_none(store: &RedisStore) -> Option<StoreErrorKind> {
    store.submit(&message()).await.err().map(|error| error.kind())
}

#[tokio::test]
async fn a_script_that_does_not_end() {
    let server = RedisServer::builder().config("busy-reply-threshold 1").start().await.unwrap();
    let mut connection = server.connection().await.unwrap();
    let store = plain(&server.url());
    write(&mut connection, 10).await;
    assert_eq!(documents(&store).await, 10);
    let mut other = server.connection().await.unwrap();
    let mut scripting = tokio::task::JoinSet::new();
    scripting.spawn(async move {
        redis::cmd("EVAL").arg("while true do end").arg(0).exec_async(&mut other).await
    });
    let mut kill = redis::cmd("SCRIPT");
    kill.arg("KILL");
    let error = loop {
        match store.scan(Urgency::Urgent, &mut common::Counted::default()).await {
            Ok(report) => assert_eq!(report.rows, 10),
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), StoreErrorKind::NotReady, "{error}");
    assert_eq!(refusal(&store).await, StoreErrorKind::NotReady);
    // Also for somebody who only now arrives.
    assert_eq!(common::failure_kind(&plain(&server.url())).await, StoreErrorKind::NotReady);
    kill.exec_async(&mut connection).await.unwrap();
    assert!(scripting.join_next().await.unwrap().unwrap().is_err());
    assert_eq!(documents(&store).await, 10);
}

#[tokio::test]
async fn a_server_that_is_loading() {
    let mut server = RedisServer::builder().append_only().config("key-load-delay 200").start().await.unwrap();
    let mut connection = server.connection().await.unwrap();
    let store = plain(&server.url());
    assert_eq!(documents(&store).await, 0);
    let mut pipeline = redis::pipe();
    for number in 0..5_000 {
        pipeline.cmd("JSON.SET").arg(number).arg(".").arg(r#"{"severity":"info"}"#).ignore();
    }
    let _: () = pipeline.query_async(&mut connection).await.unwrap();
    run(&mut connection, &["SAVE"]).await;
    let watching = async {
        let mut kinds = Vec::new();
        loop {
            match store.scan(Urgency::Urgent, &mut common::Counted::default()).await {
                Ok(report) if kinds.contains(&StoreErrorKind::NotReady) => break report.rows,
                Ok(report) => assert_eq!(report.rows, 5_000),
                Err(error) => kinds.push(error.kind()),
            }
        }
    };
    let (restarted, rows) = tokio::join!(server.restart(), watching);
    restarted.unwrap();
    assert_eq!(rows, 5_000);
}

#[tokio::test]
async fn a_replica_counts_but_takes_nothing_in() {
    let mut primary = RedisServer::start().await.unwrap();
    let of = format!("replicaof 127.0.0.1 {}", primary.port());
    let replica = RedisServer::builder().config(&of).config("replica-serve-stale-data no").start().await;
    // It may be told to be silent before its first copy is whole, so that it cannot be waited for with PING.
    let Ok(replica) = replica else { panic!("{replica:?}") };
    let mut connection = primary.connection().await.unwrap();
    write(&mut connection, 10).await;
    let store = plain(&replica.url());
    // Without an index there: it cannot make one.
    let error = failure(&store).await;
    assert!(
        matches!(error.kind(), StoreErrorKind::IndexMissing | StoreErrorKind::NotReady),
        "{}: {error}",
        error.kind()
    );
    assert_eq!(documents(&plain(&primary.url())).await, 10);
    loop {
        match store.scan(Urgency::Urgent, &mut common::Counted::default()).await {
            Ok(report) => {
                assert_eq!(report.rows, 10);
                break;
            }
            Err(error) => assert!(
                matches!(
                    error.kind(),
                    StoreErrorKind::IndexMissing | StoreErrorKind::NotReady | StoreErrorKind::IndexBuilding
                ),
                "{error}"
            ),
        }
    }
    assert_eq!(refusal(&store).await, StoreErrorKind::NotWritable);
    let facts = inspect(&store).await.facts;
    assert!(facts.iter().any(|(name, fact)| name == "role" && fact.contains("replica")), "{facts:?}");
    primary.kill().unwrap();
    let error = loop {
        match store.scan(Urgency::Urgent, &mut common::Counted::default()).await {
            Ok(report) => assert_eq!(report.rows, 10),
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), StoreErrorKind::NotReady, "{error}");
}

#[tokio::test]
async fn a_replica_that_has_lost_its_master_says_so_with_its_numbers() {
    let server = RedisServer::start().await.unwrap();
    let mut connection = server.connection().await.unwrap();
    write(&mut connection, 10).await;
    make_user(&mut connection, COUNTING).await;
    for protocol in [Protocol::Resp2, Protocol::Resp3] {
        let store = store(as_user(&server.url(), protocol));
        let (_, report) = common::scan(&store).await.unwrap();
        assert_eq!((report.rows, report.findings.len()), (10, 0));
        run(&mut connection, &["REPLICAOF", "127.0.0.1", "1"]).await;
        let (_, report) = common::scan(&store).await.unwrap();
        assert_eq!((report.rows, report.findings.len()), (10, 1));
        let said = "has lost its master 127.0.0.1:1";
        assert_eq!(report.findings[0].kind, FindingKind::MasterLost);
        assert!(report.findings[0].text.contains(said), "{report:?}");
        let findings = inspect(&store).await.findings;
        assert!(findings.iter().any(|finding| finding.text.contains(said)), "{findings:?}");
        run(&mut connection, &["REPLICAOF", "NO", "ONE"]).await;
    }
}

#[tokio::test]
async fn a_replica_that_has_lost_its_master_is_no_source_of_zeros() {
    let server = RedisServer::start().await.unwrap();
    let mut connection = server.connection().await.unwrap();
    let store = plain(&server.url());
    assert_eq!(documents(&store).await, 0);
    run(&mut connection, &["REPLICAOF", "127.0.0.1", "1"]).await;
    assert_eq!(failure(&store).await.kind(), StoreErrorKind::NotReady);
    run(&mut connection, &["REPLICAOF", "NO", "ONE"]).await;
    assert_eq!(documents(&store).await, 0);
}

#[tokio::test]
async fn a_server_that_has_enough_clients() {
    let server = RedisServer::start().await.unwrap();
    let mut connection = server.connection().await.unwrap();
    run(&mut connection, &["CONFIG", "SET", "maxclients", "1"]).await;
    let store = plain(&server.url());
    let error = failure(&store).await;
    assert_eq!(error.kind(), StoreErrorKind::Unreachable, "{error}");
    run(&mut connection, &["CONFIG", "SET", "maxclients", "100"]).await;
    assert_eq!(documents(&store).await, 0);
}

#[tokio::test]
async fn a_stream_that_is_none() {
    let redis = scout_testkit::redis().await;
    let mut connection = redis.connection().await.unwrap();
    run(&mut connection, &["SET", "messages", "x"]).await;
    let open = plain(&redis.url());
    for _ in 0..3 {
        let error = open.submit(&message()).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Refused);
        assert!(error.to_string().contains("answered xadd with: WRONGTYPE"), "{error}");
        assert_eq!(run(&mut connection, &["DBSIZE"]).await, redis::Value::Int(1));
    }
    let said = |findings: &[scout_core::Finding]| {
        findings.iter().any(|finding| finding.text.contains("is a string and no stream"))
    };
    assert!(said(&inspect(&open).await.findings));

    // Without the right to undo it, what is left is named.
    let rights = format!("{COUNTING} {SUBMITTING}");
    make_user(&mut connection, &rights).await;
    let least = store(as_user(&redis.url(), Protocol::Auto));
    let error = least.submit(&message()).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Refused);
    assert!(error.to_string().contains("is stored all the same"), "{error}");
    assert!(error.to_string().contains("'unlink' command"), "{error}");
    assert!(!said(&inspect(&least).await.findings));

    make_user(&mut connection, &format!("{rights} +unlink +type")).await;
    let more = store(as_user(&redis.url(), Protocol::Auto));
    assert!(!more.submit(&message()).await.unwrap_err().to_string().contains("all the same"));
    assert!(said(&inspect(&more).await.findings));
    assert_eq!(run(&mut connection, &["DBSIZE"]).await, redis::Value::Int(2));
}

#[tokio::test]
async fn nobody_there() {
    let mut server = RedisServer::start().await.unwrap();
    server.stop().await.unwrap();
    let store = plain(&server.url());
    for kind in
        [common::failure_kind(&store).await, refusal(&store).await, store.inspect().await.unwrap_err().kind()]
    {
        assert_eq!(kind, StoreErrorKind::Unreachable);
    }
    assert_eq!(common::failure_kind(&plain("unix:///nowhere/redis.sock")).await, StoreErrorKind::Unreachable);
}
