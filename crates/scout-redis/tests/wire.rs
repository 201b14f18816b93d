//! What a network does to a store.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail as loudly as tests"
)]

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{documents, failure, failure_kind, message, plain, scan, store, write};
use scout_core::{MessageIntake, StoreErrorKind};
use scout_redis::{Protocol, RedisConfig, RedisStore};
use scout_testkit::{Direction, Fault, FaultProxy, Redis, RedisServer};

const DOCUMENTS: usize = 500;

/// A server with some documents, and a proxy before it.
async fn proxied() -> (Redis, FaultProxy) {
    let redis = scout_testkit::redis().await;
    let mut connection = redis.connection().await.unwrap();
    write(&mut connection, DOCUMENTS).await;
    let proxy = FaultProxy::before(&redis.url()).await.unwrap();
    (redis, proxy)
}

fn impatient(url: &str, protocol: Protocol) -> RedisStore {
    let mut config = RedisConfig::from_url(url).unwrap();
    config.protocol = protocol;
    config.connect_timeout = Duration::from_millis(300);
    config.response_timeout = Duration::from_millis(300);
    store(config)
}

/// Scans until it works again; what comes before is an error, and at most that many.
async fn heals_within(store: &RedisStore, scans: usize) {
    for _ in 1..scans {
        if let Ok((_, report)) = scan(store).await {
            assert_eq!(report.rows, DOCUMENTS as u64);
            return;
        }
    }
    assert_eq!(documents(store).await, DOCUMENTS as u64);
}

#[tokio::test]
async fn silence_is_a_timeout_and_heals_with_the_next_scan() {
    let (redis, proxy) = proxied().await;
    let store = impatient(&proxy.url(&redis.url()), Protocol::Auto);
    assert_eq!(documents(&store).await, DOCUMENTS as u64);
    proxy.set(Fault::BlackHole).await;
    for _ in 0..2 {
        let error = failure(&store).await;
        assert_eq!(error.kind(), StoreErrorKind::Timeout, "{error}");
        assert!(error.to_string().contains("within 300ms"), "{error}");
    }
    assert!(store.submit(&message()).await.is_err());
    proxy.set(Fault::None).await;
    heals_within(&store, 2).await;
}

#[tokio::test]
async fn nobody_listening_is_unreachable_and_heals_with_the_next_scan() {
    let (redis, proxy) = proxied().await;
    let store = impatient(&proxy.url(&redis.url()), Protocol::Auto);
    assert_eq!(documents(&store).await, DOCUMENTS as u64);
    proxy.set(Fault::Refuse).await;
    for _ in 0..3 {
        assert_eq!(failure_kind(&store).await, StoreErrorKind::Unreachable);
    }
    proxy.set(Fault::None).await;
    heals_within(&store, 2).await;
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_never_a_number() {
    for protocol in [Protocol::Resp2, Protocol::Resp3] {
        let (redis, proxy) = proxied().await;
        let url = proxy.url(&redis.url());
        assert_eq!(documents(&impatient(&url, protocol)).await, DOCUMENTS as u64);
        // From within the greeting to within the last rows; beyond some length it is whole.
        let (mut errors, mut whole) = (0, 0);
        for after_bytes in (10..80_000).step_by(1_777) {
            let store = impatient(&url, protocol);
            proxy.set(Fault::Cut { direction: Direction::ToClient, after_bytes }).await;
            match scan(&store).await {
                Ok((_, report)) => {
                    assert_eq!((report.rows, report.difference()), (DOCUMENTS as u64, 0));
                    whole += 1;
                }
                Err(error) => {
                    assert_eq!(error.kind(), StoreErrorKind::Unreachable, "{error}");
                    errors += 1;
                }
            }
            proxy.set(Fault::None).await;
            heals_within(&store, 2).await;
        }
        assert!(errors > 10 && whole > 0, "{errors} {whole}");
    }
}

#[tokio::test]
async fn a_connection_that_was_reset_while_idle_costs_no_scan() {
    let (redis, proxy) = proxied().await;
    let store = plain(&proxy.url(&redis.url()));
    for _ in 0..5 {
        assert_eq!(documents(&store).await, DOCUMENTS as u64);
        proxy.reset_connections();
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn the_way_to_redis_is_not_taken_for_its_work() {
    const DELAY: Duration = Duration::from_millis(40);
    let (redis, proxy) = proxied().await;
    let store = plain(&proxy.url(&redis.url()));
    proxy.set(Fault::Delay(DELAY)).await;
    let (_, report) = scan(&store).await.unwrap();
    let answers = u32::try_from(report.commands).unwrap() - 1;
    assert!(report.busy < DELAY * answers, "{:?} in {answers} answers", report.busy);
}

#[tokio::test]
async fn many_callers_share_one_attempt_to_connect() {
    let (redis, proxy) = proxied().await;
    let store = Arc::new(plain(&proxy.url(&redis.url())));
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let store = Arc::clone(&store);
        callers.spawn(async move { store.submit(&message()).await.is_ok() });
    }
    assert_eq!(callers.join_all().await, [true; 50]);
    assert_eq!(proxy.accepted(), 1);
}

#[tokio::test]
async fn a_dead_redis_is_not_hammered_by_those_who_submit() {
    let mut server = RedisServer::start().await.unwrap();
    let proxy = FaultProxy::before(&server.url()).await.unwrap();
    let store = plain(&proxy.url(&server.url()));
    server.kill().unwrap();
    let mut refused = 0_u32;
    // With every attempt the pauses grow, so that these come to less than a second.
    for _ in 0..20_000 {
        refused += u32::from(store.submit(&message()).await.is_err());
    }
    assert_eq!(refused, 20_000);
    assert!(proxy.accepted() < 100, "{} attempts", proxy.accepted());
    server.restart().await.unwrap();
    while store.submit(&message()).await.is_err() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
