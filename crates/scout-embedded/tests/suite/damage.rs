//! A file that holds something else than it should is refused, never counted, and never ends the process.

use std::fs;
use std::path::{Path, PathBuf};

use redb::{Database, ReadableDatabase as _, TableDefinition};
use scout_core::{MessageIntake as _, MessageStore as _, StoreError, StoreErrorKind, Urgency};
use tempfile::TempDir;

use crate::support::{Kept, message, open, submit_all, try_open};

const MESSAGES: usize = 1000;

/// The file of a store with some messages.
async fn filled(folder: &Path) -> PathBuf {
    let store = open(folder);
    submit_all(&store, vec![message("a", &"x".repeat(200)); MESSAGES]).await;
    folder.join("scout.redb")
}

fn refused_as_corrupt(folder: &Path) -> String {
    let error = try_open(folder).expect_err("a damaged file was opened");
    assert_eq!(error.kind(), StoreErrorKind::Corrupt, "{error}");
    assert!(error.to_string().contains("scout.redb is damaged or of another version: "), "{error}");
    error.to_string()
}

#[tokio::test]
async fn a_file_of_a_newer_format_is_refused_with_both_numbers() {
    let folder = TempDir::new().unwrap();
    let path = filled(folder.path()).await;
    let database = Database::open(&path).unwrap();
    let transaction = database.begin_write().unwrap();
    let meta: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
    transaction.open_table(meta).unwrap().insert("format", 2).unwrap();
    transaction.commit().unwrap();
    drop(database);
    let text = refused_as_corrupt(folder.path());
    assert!(text.ends_with("its format is 2, and this version of Scout knows 1"), "{text}");
    // Nor has it been changed.
    let database = Database::open(&path).unwrap();
    let format = database.begin_read().unwrap().open_table(meta).unwrap().get("format").unwrap().unwrap();
    assert_eq!(format.value(), 2);
}

#[test]
fn another_programs_file_is_refused() {
    let folder = TempDir::new().unwrap();
    drop(Database::create(folder.path().join("scout.redb")).unwrap());
    assert!(refused_as_corrupt(folder.path()).ends_with("it is no store of Scout's"));
}

#[test]
fn a_file_that_is_none_of_the_engines_is_refused() {
    for content in [vec![], b"text".to_vec(), vec![0; 100_000], vec![0xff; 100_000]] {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("scout.redb"), content).unwrap();
        refused_as_corrupt(folder.path());
    }
}

#[tokio::test]
async fn a_file_that_was_cut_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = filled(folder.path()).await;
    let whole = fs::read(&path).unwrap();
    for part in [whole.len() / 2, whole.len() / 4, 5000, 4096, 300, 10] {
        fs::write(&path, &whole[..part]).unwrap();
        refused_as_corrupt(folder.path());
    }
}

/// Opens the store and uses all of it.
async fn used(folder: &Path) -> Result<u64, StoreError> {
    let store = try_open(folder)?;
    let rows = store.scan(Urgency::Urgent, &mut Kept::default()).await?.rows;
    store.inspect().await?;
    store.submit(&message("a", "t")).await?;
    Ok(rows)
}

#[tokio::test]
async fn a_file_with_overwritten_pages_gives_an_error_or_all_its_rows() {
    let folder = TempDir::new().unwrap();
    let path = filled(folder.path()).await;
    let whole = fs::read(&path).unwrap();
    let mut refused = 0;
    for page in 0..whole.len() / 4096 {
        let mut damaged = whole.clone();
        damaged[page * 4096..(page + 1) * 4096].fill(if page % 2 == 0 { 0xff } else { 0 });
        fs::write(&path, &damaged).unwrap();
        match used(folder.path()).await {
            Ok(rows) => assert_eq!(rows, MESSAGES as u64, "page {page}"),
            Err(error) => {
                assert_eq!(error.kind(), StoreErrorKind::Corrupt, "page {page}: {error}");
                refused += 1;
            }
        }
    }
    assert!(refused > 10, "{refused} refused");
}

#[tokio::test]
async fn damage_that_is_met_while_a_file_is_opened_is_told_with_its_name() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("scout.redb");
    let store = open(folder.path());
    // What is left when the process is killed now: as nothing was written, the engine trusts it unread.
    let whole = fs::read(&path).unwrap();
    drop(store);
    let mut senseless = Vec::new();
    for place in (4096..whole.len().min(1 << 16)).step_by(512) {
        let mut damaged = whole.clone();
        damaged[place..][..16].fill(0xff);
        fs::write(&path, &damaged).unwrap();
        if let Err(error) = try_open(folder.path()) {
            assert_eq!(error.kind(), StoreErrorKind::Corrupt, "at {place}: {error}");
            let text = format!("{} is damaged or of another version: ", path.display());
            assert!(error.to_string().contains(&text), "at {place}: {error}");
            if error.to_string().ends_with("what it holds makes no sense") {
                senseless.push(place);
            }
        }
    }
    assert!(senseless.contains(&4096) && senseless.len() > 3, "{senseless:?}");
}
