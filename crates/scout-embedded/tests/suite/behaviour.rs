//! What the store does while it is open.

use std::future::Future as _;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Waker};

use proptest::prelude::*;
use scout_core::{Message, MessageIntake as _, MessageStore as _, Urgency, WallTime};
use scout_embedded::{EmbeddedConfig, EmbeddedStore};
use tempfile::TempDir;
use uuid::Uuid;

use crate::support::{Kept, OwnedRow, START_MS, TestClock, message, open, scan, submit_all};

#[tokio::test]
async fn a_submitted_message_is_found_by_the_next_scan() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    let receipt = store.submit(&message("org/repo", "pushed")).await.unwrap();
    let (kept, report) = scan(&store).await;
    let row = OwnedRow {
        severity: Some("ERROR".to_owned()),
        system: Some("org/repo".to_owned()),
        timestamp: Some("2026-04-01T08:00:00Z".to_owned()),
        timestamp_unix: Some("1775030400".to_owned()),
    };
    assert_eq!(kept.rows, [(receipt.key, row)]);
    assert_eq!((report.rows, report.expected, report.difference()), (1, 1, 0));
    assert!(report.findings.is_empty());
}

#[tokio::test]
async fn a_key_is_a_random_uuid_and_the_system() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    for system in ["flux", "", "org/repo", "Küche 7", "-"] {
        let receipt = store.submit(&message(system, "t")).await.unwrap();
        let (uuid, rest) = receipt.key.split_at(36);
        assert_eq!(Uuid::parse_str(uuid).unwrap().get_version_num(), 4);
        assert_eq!(rest, format!("-{system}"));
        assert_eq!(receipt.stream, "messages");
    }
}

#[tokio::test]
async fn an_empty_store_has_a_scan_without_rows() {
    let folder = TempDir::new().unwrap();
    let (kept, report) = scan(&open(folder.path())).await;
    assert_eq!(kept.begun, [WallTime::from_unix_ms(START_MS)]);
    assert!(kept.rows.is_empty());
    assert_eq!((report.rows, report.expected), (0, 0));
}

#[tokio::test]
async fn rows_come_in_the_order_of_arrival() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    let mut keys = Vec::new();
    for number in 0..20 {
        keys.push(store.submit(&message(&format!("{}", 100 - number), "t")).await.unwrap().key);
    }
    assert_eq!(scan(&store).await.0.keys(), keys);
}

#[tokio::test]
async fn entries_grow_while_the_clock_stands_or_steps_back() {
    let folder = TempDir::new().unwrap();
    let clock = TestClock::new();
    let store = EmbeddedStore::open(&EmbeddedConfig::new(folder.path()), clock.clone()).unwrap();
    let mut entries = Vec::new();
    for step in [0, 0, -3_600_000, 0, 3_600_001] {
        clock.step(step);
        entries.push(store.submit(&message("a", "t")).await.unwrap().entry);
    }
    assert_eq!(
        entries,
        ["1775030400000-0", "1775030400000-1", "1775030400000-2", "1775030400000-3", "1775030400001-0"]
    );
}

#[tokio::test]
async fn a_scan_says_when_it_began_on_the_stores_clock() {
    let folder = TempDir::new().unwrap();
    let clock = TestClock::new();
    let store = EmbeddedStore::open(&EmbeddedConfig::new(folder.path()), clock.clone()).unwrap();
    clock.step(5);
    assert_eq!(scan(&store).await.0.begun, [WallTime::from_unix_ms(START_MS + 5)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_shows_one_moment_while_messages_arrive() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    let before = submit_all(&store, vec![message("before", "t"); 3000]).await.len() as u64;
    let during =
        tokio::join!(scan(&store), scan(&store), submit_all(&store, vec![message("during", "t"); 500]));
    let (all, _) = scan(&store).await;
    for (kept, report) in [during.0, during.1] {
        assert!(report.rows >= before);
        assert_eq!((report.rows, kept.rows.len() as u64), (report.expected, report.rows));
        assert_eq!(kept.rows, all.rows[..kept.rows.len()], "what is missing is what came last");
    }
    assert_eq!(all.rows.len(), 3500);
}

#[tokio::test]
async fn a_scan_lets_others_have_their_turn_on_the_same_thread() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    submit_all(&store, vec![message("a", "t"); 4000]).await;
    let turns = Arc::new(AtomicU64::new(0));
    let mut others = tokio::task::JoinSet::new();
    let counted = Arc::clone(&turns);
    others.spawn(async move {
        loop {
            counted.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
        }
    });
    let (_, report) = scan(&store).await;
    assert!(report.commands >= 8);
    assert!(turns.load(Ordering::Relaxed) >= report.commands);
}

#[tokio::test]
async fn a_scan_that_is_given_up_does_not_keep_the_store_from_closing() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    submit_all(&store, vec![message("a", "t"); 8000]).await;
    {
        let mut kept = Kept::default();
        let mut scanning = pin!(store.scan(Urgency::Urgent, &mut kept));
        assert!(scanning.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    drop(store);
    assert_eq!(scan(&open(folder.path())).await.1.rows, 8000);
}

/// What the store says that it has counted.
async fn count(store: &EmbeddedStore, name: &str) -> u64 {
    let facts = store.inspect().await.expect("a report").facts;
    let (_, value) = facts.iter().find(|(fact, _)| fact == name).expect("a fact of this name");
    value.parse().expect("a number")
}

#[tokio::test(flavor = "multi_thread")]
async fn many_callers_share_a_commit() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    submit_all(&store, vec![message("a", "t"); 2000]).await;
    assert_eq!(count(&store, "messages written").await, 2000);
    assert_eq!(count(&store, "failed commits").await, 0);
    let commits = count(&store, "commits").await;
    assert!((1..=200).contains(&commits), "{commits} commits");
}

#[tokio::test]
async fn callers_wait_while_the_queue_is_full_and_are_counted() {
    let folder = TempDir::new().unwrap();
    let clock = TestClock::new();
    let store = Arc::new(EmbeddedStore::open(&EmbeddedConfig::new(folder.path()), clock.clone()).unwrap());
    // The writer asks for the time with each commit, so none ends until it is told.
    clock.hold(true);
    let large = message("a", &"x".repeat(1 << 20));
    let mut submitting = pin!(submit_all(&store, vec![large; 20]));
    assert!(submitting.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    tokio::task::yield_now().await;
    assert_eq!(count(&store, "waits for the queue").await, 13, "of 20 messages, 7 fit into 8 MiB");
    clock.hold(false);
    submitting.await;
    assert_eq!(count(&store, "messages written").await, 20);
    assert_eq!(scan(&store).await.1.rows, 20);
}

#[tokio::test]
async fn a_message_larger_than_the_queue_is_stored() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    let large = message("a", &"x".repeat(9 << 20));
    submit_all(&store, vec![large, message("b", "t"), message("c", "t")]).await;
    assert_eq!(scan(&store).await.1.rows, 3);
}

#[tokio::test]
async fn a_caller_that_stops_waiting_holds_nobody_up() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    let patient = message("patient", "t");
    let impatient = message("impatient", "t");
    {
        let mut submitting = pin!(store.submit(&impatient));
        assert!(submitting.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    let receipt = store.submit(&patient).await.unwrap();
    assert!(scan(&store).await.0.keys().contains(&receipt.key.as_str()));
}

#[tokio::test]
async fn a_message_without_anything_is_stored_as_a_foreign_document() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    store.submit(&Message::default()).await.unwrap();
    assert_eq!(scan(&store).await.0.rows[0].1, OwnedRow::default());
}

#[tokio::test]
async fn inspecting_says_what_the_store_is_and_how_much_is_in_it() {
    let folder = TempDir::new().unwrap();
    let config = EmbeddedConfig::new(folder.path()).cache_bytes(4 << 20);
    let store = EmbeddedStore::open(&config, TestClock::new()).unwrap();
    store.submit(&message("a", "t")).await.unwrap();
    let facts = store.inspect().await.unwrap().facts;
    let file = folder.path().join("scout.redb");
    let size = format!("{} bytes", file.metadata().unwrap().len());
    let expected = [
        ("store", "embedded"),
        ("file", file.to_str().unwrap()),
        ("format", "1"),
        ("size", &size),
        ("documents", "1"),
        ("page cache", "at most 4194304 bytes"),
        ("messages written", "1"),
        ("commits", "1"),
        ("failed commits", "0"),
        ("waits for the queue", "0"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(facts, expected);
}

fn any_message() -> impl Strategy<Value = Message> {
    (any::<[String; 6]>(), any::<Option<i64>>()).prop_map(|(texts, timestamp_unix)| {
        let mut message = Message::default();
        [message.title, message.message, message.severity, message.system, message.timestamp, message.url] =
            texts;
        message.timestamp_unix = timestamp_unix;
        message
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn what_counts_of_any_message_comes_out_as_it_went_in(messages in prop::collection::vec(any_message(), 0..100)) {
        let folder = TempDir::new().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let store = open(folder.path());
            let receipts = submit_all(&store, messages.clone()).await;
            let (kept, _) = scan(&store).await;
            prop_assert_eq!(kept.rows.len(), messages.len());
            for (message, receipt) in messages.iter().zip(receipts) {
                let row = kept.rows.iter().find(|(key, _)| *key == receipt.key).map(|(_, row)| row.clone());
                prop_assert_eq!(row, Some(message.with_row(|row| OwnedRow::from(row))));
            }
            Ok(())
        })?;
    }
}
