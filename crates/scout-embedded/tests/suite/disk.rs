//! A disk that is full is an error for as long as it is full.
#![cfg(target_os = "linux")]

use std::process::Command;

use tempfile::TempDir;

use crate::process::{Orders, Other};

/// Files of this process may grow to some megabytes, and a write beyond that is an error instead of a signal.
const SMALL_FILES: &str = r#"trap '' XFSZ; ulimit -S -f 16384; exec "$@""#;

#[test]
fn a_full_disk_is_told_and_the_store_goes_on_once_there_is_room() {
    let folder = TempDir::new().unwrap();
    let mut other = Other::start(folder.path(), Orders::Fill, SMALL_FILES);
    let told = other.hear("full after ").expect("the disk is full in the end");
    let (stored, told) = told.split_once(": ").unwrap();
    let stored: u64 = stored.parse().unwrap();
    assert!(stored > 10);
    assert!(told.starts_with("not_writable: not_writable: cannot use data/scout.redb: "), "{told}");

    let pid = other.process.id().to_string();
    let raised = Command::new("prlimit").args(["--pid", &pid, "--fsize=unlimited"]).status();
    assert!(raised.expect("prlimit, of util-linux, is needed").success());
    other.go_on();
    assert_eq!(other.hear("rows "), Some((stored + 1).to_string()));
}
