//! The demo's folder, which goes when the demo ends, or with the next demo if it was killed.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use tempfile::TempDir;

const PREFIX: &str = "scout-demo-";

/// Locked as long as the demo runs. A folder without it is passed over, be it so new that it has none yet.
const LOCK_NAME: &str = "demo.lock";

/// A temporary folder that no other demo takes for a leftover while this lives.
pub(crate) struct DemoFolder {
    folder: TempDir,
    _lock: File,
}

impl DemoFolder {
    /// Makes the folder, and removes those of demos that were killed.
    pub(crate) fn make() -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir()?;
        // It gets its name once it is locked, or another demo could find it free.
        let unnamed = folder.path().join("demo.lock.new");
        let lock = File::create_new(&unnamed)?;
        lock.lock()?;
        fs::rename(unnamed, folder.path().join(LOCK_NAME))?;
        remove_leftovers(folder.path());
        Ok(Self { folder, _lock: lock })
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// What cannot be read or removed is no reason to have no demo.
fn remove_leftovers(own: &Path) {
    let (Some(parent), Ok(owner)) = (own.parent(), fs::metadata(own).map(|own| own.uid())) else { return };
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let is_demo = entry.file_name().to_string_lossy().starts_with(PREFIX);
        // Others may write here too, and must not lead us into folders that are not ours; nor does a link.
        let is_ours = |found: fs::Metadata| found.is_dir() && found.uid() == owner;
        if !is_demo || !entry.metadata().is_ok_and(is_ours) {
            continue;
        }
        let Ok(lock) = File::open(entry.path().join(LOCK_NAME)) else { continue };
        // Our own is locked too.
        if lock.try_lock().is_ok() {
            drop(fs::remove_dir_all(entry.path()));
        }
    }
}
