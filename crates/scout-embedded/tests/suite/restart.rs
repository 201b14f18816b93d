//! What stays when the store is closed and opened again.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use scout_core::{MessageIntake as _, StoreErrorKind};
use scout_embedded::{EmbeddedConfig, EmbeddedStore};
use tempfile::TempDir;

use crate::support::{TestClock, message, open, scan, submit_all, try_open};

#[tokio::test]
async fn messages_stay() {
    let folder = TempDir::new().unwrap();
    let first = open(folder.path()).submit(&message("a", "t")).await.unwrap();
    let second = open(folder.path()).submit(&message("b", "t")).await.unwrap();
    let (kept, _) = scan(&open(folder.path())).await;
    assert_eq!(kept.keys(), [first.key, second.key]);
}

#[tokio::test]
async fn entries_keep_growing_when_the_clock_was_set_back_in_between() {
    let folder = TempDir::new().unwrap();
    assert_eq!(open(folder.path()).submit(&message("a", "t")).await.unwrap().entry, "1775030400000-0");
    let clock = TestClock::new();
    clock.step(-86_400_000);
    let store = EmbeddedStore::open(&EmbeddedConfig::new(folder.path()), clock).unwrap();
    assert_eq!(store.submit(&message("a", "t")).await.unwrap().entry, "1775030400000-1");
}

#[tokio::test]
async fn dropping_the_store_writes_what_waits() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let store = store.clone();
        callers.spawn(async move { store.submit(&message("a", "t")).await.map(|_| ()) });
    }
    // Each caller has handed its message over once it has had one turn.
    tokio::task::yield_now().await;
    callers.abort_all();
    while callers.join_next().await.is_some() {}
    drop(store);
    assert_eq!(scan(&open(folder.path())).await.1.rows, 50);
}

#[test]
fn a_folder_is_used_by_one_store_at_a_time() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    let error = try_open(folder.path()).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::InUse);
    let text = format!("another process uses the folder {};", folder.path().display());
    assert!(error.to_string().starts_with(&text), "{error}");
    drop(store);
    assert!(try_open(folder.path()).is_ok());
}

#[test]
fn a_missing_folder_is_made_for_its_owner_alone() {
    let parent = TempDir::new().unwrap();
    let folder = parent.path().join("a/b");
    open(&folder);
    let mode = |path: &Path| fs::metadata(path).expect("it exists").permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(&folder.join("scout.redb")), 0o600);
}

#[test]
fn a_folder_that_cannot_be_made_is_not_writable() {
    let parent = TempDir::new().unwrap();
    let file = parent.path().join("file");
    fs::write(&file, "text").unwrap();
    for folder in [file.clone(), file.join("folder")] {
        let error = try_open(&folder).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::NotWritable);
        assert!(error.to_string().contains(&folder.display().to_string()), "{error}");
    }
}

#[tokio::test]
async fn what_a_crash_left_of_making_the_file_is_replaced() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("scout.redb.new"), vec![0; 5000]).unwrap();
    let store = open(folder.path());
    store.submit(&message("a", "t")).await.unwrap();
    assert!(!folder.path().join("scout.redb.new").exists());
}

#[tokio::test]
async fn a_store_in_the_current_folder_can_be_named_by_a_relative_path() {
    let folder = TempDir::new_in(".").unwrap();
    let name = Path::new(folder.path().file_name().unwrap()).join("new");
    submit_all(&open(&name), vec![message("a", "t")]).await;
    assert_eq!(scan(&open(&folder.path().join("new"))).await.1.rows, 1);
}

#[test]
fn whether_a_store_exists_can_be_asked_without_making_one() {
    let parent = TempDir::new().unwrap();
    let data = parent.path().join("data");
    let config = EmbeddedConfig::new(&data);
    assert!(!EmbeddedStore::exists(&config).unwrap());
    assert!(!data.exists());
    drop(open(&data));
    assert!(EmbeddedStore::exists(&config).unwrap());

    let (file, away) = (data.join("scout.redb"), parent.path().join("away"));
    fs::remove_file(&file).unwrap();
    symlink(&away, &file).unwrap();
    let error = EmbeddedStore::exists(&config).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unreachable, "{error}");
}

#[tokio::test]
async fn a_link_to_a_file_elsewhere_is_followed_and_refused_while_the_file_is_away() {
    let parent = TempDir::new().unwrap();
    let (data, disk) = (parent.path().join("data"), parent.path().join("disk"));
    submit_all(&open(&data), vec![message("a", "t")]).await;
    let (file, target) = (data.join("scout.redb"), disk.join("scout.redb"));
    fs::create_dir(&disk).unwrap();
    fs::rename(&file, &target).unwrap();
    symlink(&target, &file).unwrap();
    submit_all(&open(&data), vec![message("b", "t")]).await;

    let unmounted = parent.path().join("unmounted");
    fs::rename(&disk, &unmounted).unwrap();
    let error = try_open(&data).expect_err("an empty store took the place of the link");
    assert_eq!(error.kind(), StoreErrorKind::Unreachable);
    let text = format!("{} is a link to a file that does not exist", file.display());
    assert!(error.to_string().contains(&text), "{error}");
    assert_eq!(fs::read_link(&file).unwrap(), target);
    assert!(!disk.exists());

    fs::rename(&unmounted, &disk).unwrap();
    assert_eq!(scan(&open(&data)).await.1.rows, 2);
}
