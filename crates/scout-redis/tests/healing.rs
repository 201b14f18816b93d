//! Everything that goes wrong heals by itself within two scans, and until then nothing is a number that is not true.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail as loudly as tests"
)]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use common::{COUNTING, as_user, documents, failure_kind, make_user, plain, run, scan, store, write};
use scout_core::{MessageStore, StoreErrorKind, Urgency};
use scout_redis::{Password, Protocol, RedisConfig};
use scout_testkit::{Modules, RedisServer};

const DOCUMENTS: u64 = 2_000;

/// The first or the second scan is whole.
async fn heals(store: &scout_redis::RedisStore, expected: u64) {
    if let Ok((_, report)) = scan(store).await {
        assert_eq!(report.rows, expected);
    }
    assert_eq!(documents(store).await, expected);
}

async fn with_documents(server: &RedisServer) {
    let mut connection = server.connection().await.unwrap();
    write(&mut connection, usize::try_from(DOCUMENTS).unwrap()).await;
}

#[tokio::test]
async fn a_redis_that_was_killed_and_comes_back_with_its_data() {
    let mut server = RedisServer::builder().append_only().start().await.unwrap();
    with_documents(&server).await;
    let store = plain(&server.url());
    heals(&store, DOCUMENTS).await;
    for _ in 0..2 {
        server.kill().unwrap();
        assert_eq!(failure_kind(&store).await, StoreErrorKind::Unreachable);
        assert_eq!(failure_kind(&store).await, StoreErrorKind::Unreachable);
        server.restart().await.unwrap();
        heals(&store, DOCUMENTS).await;
    }
}

#[tokio::test]
async fn a_redis_that_comes_up_late() {
    let mut server = RedisServer::builder().append_only().start().await.unwrap();
    with_documents(&server).await;
    server.stop().await.unwrap();
    let store = plain(&server.url());
    assert_eq!(failure_kind(&store).await, StoreErrorKind::Unreachable);
    server.restart().await.unwrap();
    heals(&store, DOCUMENTS).await;
}

#[tokio::test]
async fn a_redis_that_comes_back_empty_really_is_zero() {
    let mut server = RedisServer::start().await.unwrap();
    with_documents(&server).await;
    let store = plain(&server.url());
    heals(&store, DOCUMENTS).await;
    server.restart().await.unwrap();
    heals(&store, 0).await;
    with_documents(&server).await;
    heals(&store, DOCUMENTS).await;
    let mut connection = server.connection().await.unwrap();
    run(&mut connection, &["FLUSHALL"]).await;
    heals(&store, 0).await;
}

#[tokio::test]
async fn a_password_that_was_wrong_and_is_right_now() {
    let mut server = RedisServer::builder().append_only().password("first").start().await.unwrap();
    with_documents(&server).await;
    let mut config = RedisConfig::tcp("127.0.0.1", server.port());
    config.password = Some(Password::new("second"));
    let store = store(config);
    for _ in 0..3 {
        assert_eq!(failure_kind(&store).await, StoreErrorKind::Authentication);
    }
    server.restart_with(|settings| settings.password("second")).await.unwrap();
    heals(&store, DOCUMENTS).await;
}

#[tokio::test]
async fn a_user_who_was_deleted_and_is_back() {
    let server = RedisServer::start().await.unwrap();
    with_documents(&server).await;
    let mut connection = server.connection().await.unwrap();
    make_user(&mut connection, COUNTING).await;
    let store = store(as_user(&server.url(), Protocol::Auto));
    heals(&store, DOCUMENTS).await;
    run(&mut connection, &["ACL", "DELUSER", "scout"]).await;
    // Redis closes the user's connections, which the first scan may find before it is told why.
    let first = failure_kind(&store).await;
    assert!(matches!(first, StoreErrorKind::Unreachable | StoreErrorKind::Authentication), "{first}");
    assert_eq!(failure_kind(&store).await, StoreErrorKind::Authentication);
    make_user(&mut connection, COUNTING).await;
    heals(&store, DOCUMENTS).await;
    make_user(&mut connection, "~messages +info").await;
    assert_eq!(failure_kind(&store).await, StoreErrorKind::Permission);
    make_user(&mut connection, COUNTING).await;
    heals(&store, DOCUMENTS).await;
}

#[tokio::test]
async fn modules_that_were_missing_and_are_loaded_now() {
    let mut server = RedisServer::builder().modules(Modules::None).start().await.unwrap();
    let store = plain(&server.url());
    for _ in 0..3 {
        assert_eq!(failure_kind(&store).await, StoreErrorKind::ModuleMissing);
    }
    server.restart_with(|settings| settings.modules(Modules::SearchAndJson)).await.unwrap();
    with_documents(&server).await;
    heals(&store, DOCUMENTS).await;
}

#[tokio::test]
async fn a_redis_that_hangs_and_goes_on() {
    let server = RedisServer::start().await.unwrap();
    with_documents(&server).await;
    let mut config = RedisConfig::from_url(&server.url()).unwrap();
    config.connect_timeout = Duration::from_millis(200);
    config.response_timeout = Duration::from_millis(200);
    let store = store(config);
    heals(&store, DOCUMENTS).await;
    server.pause().unwrap();
    for _ in 0..3 {
        assert_eq!(failure_kind(&store).await, StoreErrorKind::Timeout);
    }
    server.resume().unwrap();
    heals(&store, DOCUMENTS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_one_disaster_after_the_other_no_number_is_false() {
    let mut server = RedisServer::builder().append_only().start().await.unwrap();
    with_documents(&server).await;
    let mut config = RedisConfig::from_url(&server.url()).unwrap();
    config.connect_timeout = Duration::from_millis(200);
    config.response_timeout = Duration::from_millis(200);
    let store = Arc::new(store(config));
    heals(&store, DOCUMENTS).await;
    let over = Arc::new(AtomicBool::new(false));
    let mut watching = tokio::task::JoinSet::new();
    let (watched, ended) = (Arc::clone(&store), Arc::clone(&over));
    watching.spawn(async move {
        let (mut right, mut errors) = (0_u32, 0_u32);
        while !ended.load(Ordering::Relaxed) {
            match watched.scan(Urgency::Urgent, &mut common::Counted::default()).await {
                Ok(report) => {
                    assert_eq!((report.rows, report.expected), (DOCUMENTS, DOCUMENTS));
                    right += 1;
                }
                Err(_) => errors += 1,
            }
        }
        (right, errors)
    });
    let moment = Duration::from_millis(70);
    for _ in 0..4 {
        server.kill().unwrap();
        tokio::time::sleep(moment).await;
        server.restart().await.unwrap();
        let mut connection = server.connection().await.unwrap();
        tokio::time::sleep(moment).await;
        // It may be missing still from the round before.
        let _ = redis::cmd("FT.DROPINDEX").arg("messages").exec_async(&mut connection).await;
        tokio::time::sleep(moment).await;
        server.pause().unwrap();
        tokio::time::sleep(moment * 4).await;
        server.resume().unwrap();
        tokio::time::sleep(moment).await;
        run(&mut connection, &["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]).await;
        tokio::time::sleep(moment).await;
    }
    over.store(true, Ordering::Relaxed);
    let (right, errors) = watching.join_next().await.unwrap().unwrap();
    assert!(right > 0 && errors > 0, "{right} right, {errors} errors");
    heals(&store, DOCUMENTS).await;
}
