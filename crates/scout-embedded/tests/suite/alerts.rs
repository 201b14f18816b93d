//! Alerts are kept as every store has to keep them, in the file of the messages.

use std::sync::Arc;

use scout_core::MessageIntake as _;
use scout_core::StoreErrorKind;
use scout_core::alerting::{AlertStore, Expects, Leased, Loaded, Saved};
use scout_embedded::EmbeddedStore;
use scout_testkit::alerts::{AlertPlace, LONG, changes, expect, save, take, token};
use tempfile::TempDir;

use crate::support::{message, open, scan};

struct Place {
    store: Arc<EmbeddedStore>,
    _folder: TempDir,
}

impl AlertPlace for Place {
    fn store(&self) -> &dyn AlertStore {
        &*self.store
    }
}

#[expect(clippy::unused_async, reason = "as the places of other stores are")]
async fn place() -> Place {
    let folder = TempDir::new().expect("a folder");
    Place { store: open(folder.path()), _folder: folder }
}

scout_testkit::alert_store_tests!(place);

#[tokio::test]
async fn whoever_asks_last_has_the_lease() {
    let place = place().await;
    let (first, second) = (token("a"), token("b"));
    take(place.store(), &first).await;
    save(place.store(), &first, &changes("m1", &[(1, "one")], &[])).await;
    // Nobody else can have lost or taken it, since one process has the file.
    let answer = place.store().lease(&second, LONG, Expects::State).await.unwrap();
    assert_eq!(answer, Leased::Held { has_state: true });
    assert_eq!(place.store().save(&first, &changes("late", &[], &[1])).await.unwrap(), Saved::Fenced);
    save(place.store(), &second, &changes("m2", &[], &[])).await;
    expect(place.store(), "m2", &[(1, "one")]).await;
}

#[tokio::test]
async fn alerts_stay_when_the_store_is_opened_again_and_the_lease_does_not() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    let holder = token("a");
    take(&*store, &holder).await;
    save(&*store, &holder, &changes("m1", &[(1, "one"), (2, "two")], &[])).await;
    save(&*store, &holder, &changes("m2", &[], &[2])).await;
    drop(store);
    let store = open(folder.path());
    assert_eq!(store.load(Some(b"m2")).await.unwrap(), Loaded::Same);
    expect(&*store, "m2", &[(1, "one")]).await;
    assert_eq!(store.save(&holder, &changes("late", &[], &[])).await.unwrap(), Saved::Fenced);
    assert!(take(&*store, &holder).await);
}

#[tokio::test]
async fn alerts_are_no_messages() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    store.submit(&message("flux", "t")).await.unwrap();
    take(&*store, &token("a")).await;
    for number in 0..10 {
        save(&*store, &token("a"), &changes("m", &[(number, "x")], &[])).await;
        store.submit(&message("flux", "t")).await.unwrap();
    }
    assert_eq!(scan(&store).await.1.rows, 11);
    drop(store);
    assert_eq!(scan(&open(folder.path())).await.1.rows, 11);
}

#[tokio::test]
async fn dropping_the_store_waits_for_a_write_of_alerts() {
    let folder = TempDir::new().unwrap();
    for round in 0..10 {
        let store = open(folder.path());
        take(&*store, &token("a")).await;
        let mut writing = tokio::task::JoinSet::new();
        let writer = Arc::clone(&store);
        writing.spawn(async move { writer.save(&token("a"), &changes("m", &[(round, "x")], &[])).await });
        // It has handed its work over once it has had one turn.
        tokio::task::yield_now().await;
        writing.abort_all();
        while writing.join_next().await.is_some() {}
        drop(store);
        let store = open(folder.path());
        let Loaded::State(stored) = store.load(None).await.unwrap() else { panic!("no state") };
        assert_eq!(stored.records.len(), round + 1);
    }
}

#[tokio::test]
async fn a_folder_that_is_gone_takes_no_alerts() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder.path().join("data"));
    take(&*store, &token("a")).await;
    std::fs::remove_dir_all(folder.path().join("data")).unwrap();
    let error = store.save(&token("a"), &changes("m", &[], &[])).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::NotWritable, "{error}");
    let error = store.load(None).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unreachable, "{error}");
}
