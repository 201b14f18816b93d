//! A process that is killed has lost nothing that it called stored.

use std::collections::BTreeSet;

use scout_core::StoreErrorKind;
use tempfile::TempDir;

use crate::process::{Orders, Other};
use crate::support::{open, scan, try_open};

/// When a process is killed.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// When it is about to open the store.
    Opening,
    /// When it has told of so many messages.
    Stored(usize),
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_the_process_was_killed() {
    use Moment::{Opening, Stored};
    let folder = TempDir::new().unwrap();
    let moments = [
        Stored(8),
        Opening,
        Opening,
        Stored(0),
        Opening,
        Stored(1),
        Stored(2),
        Stored(40),
        Stored(8),
        Stored(9),
        Stored(100),
        Opening,
        Stored(3),
        Stored(17),
        Stored(64),
        Opening,
        Stored(150),
        Stored(5),
        Opening,
        Stored(33),
    ];
    let mut acknowledged = BTreeSet::new();
    for (round, moment) in moments.into_iter().enumerate() {
        let mut other = Other::start(folder.path(), Orders::Submit, r#"exec "$@""#);
        match moment {
            Opening => assert!(other.hear("starting").is_some()),
            Stored(count) => {
                assert!(other.hear("open").is_some());
                for _ in 0..count {
                    acknowledged.insert(other.hear("on disk ").expect("it goes on until it is killed"));
                }
            }
        }
        other.kill();
        while let Some(key) = other.hear("on disk ") {
            acknowledged.insert(key);
        }
        // Every other time, so that a store that was not closed is also opened by one that will be killed.
        if round % 2 == 1 {
            let (kept, _) = scan(&open(&folder.path().join("data"))).await;
            let found: BTreeSet<String> = kept.keys().into_iter().map(str::to_owned).collect();
            assert_eq!(found.len(), kept.rows.len(), "a message came twice");
            assert!(acknowledged.is_subset(&found), "lost after {moment:?} in round {round}");
        }
    }
    assert!(acknowledged.len() > 400);
}

#[test]
fn a_process_killed_while_it_makes_the_store_leaves_a_folder_that_can_be_used() {
    let mut unfinished = 0;
    for round in 0..16_u32 {
        let folder = TempDir::new().unwrap();
        let mut other = Other::start(folder.path(), Orders::Hold, r#"exec "$@""#);
        assert!(other.hear("starting").is_some());
        // The making takes some milliseconds: each round goes a little further into it.
        for _ in 0..round * 20_000 {
            std::hint::spin_loop();
        }
        other.kill();
        unfinished += u32::from(!folder.path().join("data/scout.redb").exists());
        assert!(try_open(&folder.path().join("data")).is_ok(), "round {round}");
    }
    assert!(unfinished > 0, "the store was made before the process was killed each time");
}

#[test]
fn a_folder_that_another_process_uses_is_refused_until_it_ends() {
    let folder = TempDir::new().unwrap();
    let mut other = Other::start(folder.path(), Orders::Hold, r#"exec "$@""#);
    assert!(other.hear("starting").is_some() && other.hear("open").is_some());
    let error = try_open(&folder.path().join("data")).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::InUse);
    assert!(error.to_string().contains(&folder.path().display().to_string()), "{error}");
    other.go_on();
    other.process.wait().unwrap();
    assert!(try_open(&folder.path().join("data")).is_ok());
}
