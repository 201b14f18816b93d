//! The folder of the file, which one process at a time has.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use scout_core::{StoreError, StoreErrorKind};

use crate::error::input_output;
use crate::identity::Identity;

const LOCK_NAME: &str = "scout.lock";

/// A folder that no other process uses while this lives.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    lock: File,
    lock_path: PathBuf,
    lock_identity: Identity,
}

impl Folder {
    /// Makes the folder if it is missing, for its owner alone, since messages may be confidential; and takes it.
    pub(crate) fn take(path: &Path) -> Result<Self, StoreError> {
        make(path).map_err(|error| input_output(error, path))?;
        let lock_path = path.join(LOCK_NAME);
        let lock = create(&lock_path).map_err(|error| input_output(error, &lock_path))?;
        match lock.try_lock() {
            Ok(()) => {
                let data = lock.metadata().map_err(|error| input_output(error, &lock_path))?;
                let lock_identity = Identity::of(&data);
                let folder = Self { path: path.to_owned(), lock, lock_path, lock_identity };
                // Whoever deletes the folder may have done so between the two steps.
                folder.check(StoreErrorKind::NotWritable)?;
                Ok(folder)
            }
            Err(TryLockError::WouldBlock) => {
                let text = format!(
                    "another process uses the folder {}; stop it, or give this one a folder of its own (SCOUT_DATA)",
                    path.display()
                );
                Err(StoreError::new(StoreErrorKind::InUse, text))
            }
            Err(TryLockError::Error(error)) => Err(input_output(error, &lock_path)),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// An error of this kind if another process could take the folder, since what keeps it out is gone.
    pub(crate) fn check(&self, kind: StoreErrorKind) -> Result<(), StoreError> {
        self.lock_identity.check(&self.lock_path, kind)
    }

    /// Makes the names in the folder as lasting as what they name.
    pub(crate) fn sync(&self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()
    }
}

impl Drop for Folder {
    /// Closing the file is not enough: a process that has just been started by this one still has it for a moment.
    fn drop(&mut self) {
        drop(self.lock.unlock());
    }
}

/// Opens a file that only its owner may read, made if it is missing.
pub(crate) fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

fn make(path: &Path) -> io::Result<()> {
    let missing: Vec<&Path> = path.ancestors().take_while(|folder| !folder.exists()).collect();
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    for parent in missing.iter().filter_map(|folder| folder.parent()) {
        let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
        File::open(parent)?.sync_all()?;
    }
    Ok(())
}
