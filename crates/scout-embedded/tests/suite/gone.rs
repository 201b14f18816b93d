//! A store whose files were deleted, moved or replaced under it acknowledges nothing that a new start would not find.

use std::fs;
use std::path::{Path, PathBuf};

use scout_core::{MessageIntake as _, MessageStore as _, StoreErrorKind, Urgency};
use scout_embedded::EmbeddedStore;
use tempfile::TempDir;

use crate::support::{Kept, message, open, scan};

/// All uses of the store fail, naming this path.
async fn refuses(store: &EmbeddedStore, path: &Path, what: &str) {
    let text = format!("{} was {what} while it was in use; ", path.display());
    let submitted = store.submit(&message("a", "t")).await.expect_err("a message was acknowledged");
    assert_eq!(submitted.kind(), StoreErrorKind::NotWritable);
    assert!(submitted.to_string().contains(&text), "{submitted}");
    let scanned = store.scan(Urgency::Urgent, &mut Kept::default()).await.expect_err("a scan was whole");
    assert_eq!(scanned.kind(), StoreErrorKind::Unreachable);
    assert!(scanned.to_string().contains(&text), "{scanned}");
    assert_eq!(store.inspect().await.expect_err("a report was made").kind(), StoreErrorKind::Unreachable);
}

/// A folder for a store, in one that stays, and its two files.
fn folder() -> (TempDir, PathBuf, PathBuf, PathBuf) {
    let parent = TempDir::new().expect("a folder");
    let data = parent.path().join("data");
    let (file, lock) = (data.join("scout.redb"), data.join("scout.lock"));
    (parent, data, file, lock)
}

#[tokio::test]
async fn a_deleted_folder_ends_acknowledging_and_scanning() {
    let (_parent, data, _, lock) = folder();
    let store = open(&data);
    store.submit(&message("a", "t")).await.unwrap();
    fs::remove_dir_all(&data).unwrap();
    refuses(&store, &lock, "deleted or moved").await;
    assert!(!data.exists());
}

#[tokio::test]
async fn a_folder_that_another_store_took_anew_is_left_to_it() {
    let (_parent, data, _, lock) = folder();
    let store = open(&data);
    store.submit(&message("a", "t")).await.unwrap();
    fs::remove_dir_all(&data).unwrap();
    let other = open(&data);
    let receipt = other.submit(&message("b", "t")).await.unwrap();
    refuses(&store, &lock, "replaced").await;
    drop(store);
    assert_eq!(scan(&other).await.0.keys(), [receipt.key.as_str()]);
}

#[tokio::test]
async fn a_deleted_file_ends_acknowledging_and_scanning() {
    let (_parent, data, file, _) = folder();
    let store = open(&data);
    fs::remove_file(&file).unwrap();
    refuses(&store, &file, "deleted or moved").await;
}

#[tokio::test]
async fn a_replaced_file_ends_acknowledging_and_scanning() {
    let (parent, data, file, _) = folder();
    let store = open(&data);
    let copy = parent.path().join("copy");
    fs::copy(&file, &copy).unwrap();
    fs::rename(&copy, &file).unwrap();
    refuses(&store, &file, "replaced").await;
}

#[tokio::test]
async fn a_deleted_lock_ends_acknowledging_and_scanning() {
    let (_parent, data, _, lock) = folder();
    let store = open(&data);
    fs::remove_file(&lock).unwrap();
    refuses(&store, &lock, "deleted or moved").await;
}

#[tokio::test]
async fn a_folder_that_is_put_back_is_used_again() {
    let (parent, data, _, lock) = folder();
    let store = open(&data);
    let first = store.submit(&message("a", "t")).await.unwrap();
    let elsewhere = parent.path().join("elsewhere");
    fs::rename(&data, &elsewhere).unwrap();
    refuses(&store, &lock, "deleted or moved").await;
    fs::rename(&elsewhere, &data).unwrap();
    let facts = store.inspect().await.unwrap().facts;
    assert!(facts.contains(&("failed commits".to_owned(), "1".to_owned())), "{facts:?}");
    let second = store.submit(&message("b", "t")).await.unwrap();
    drop(store);
    assert_eq!(scan(&open(&data)).await.0.keys(), [first.key, second.key]);
}
