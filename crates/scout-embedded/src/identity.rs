//! Which file a name leads to, whatever happens to the name later.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use scout_core::{StoreError, StoreErrorKind};

use crate::error::input_output;

/// What tells a file from all others for as long as it is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    /// Of the file that the name leads to now, by way of symbolic links.
    pub(crate) fn at(path: &Path) -> io::Result<Self> {
        fs::metadata(path).map(|data| Self::of(&data))
    }

    pub(crate) fn of(data: &Metadata) -> Self {
        Self { device: data.dev(), inode: data.ino() }
    }

    /// An error of this kind unless the name still leads to this file: what is written to a file without a name is
    /// gone with the process.
    pub(crate) fn check(self, path: &Path, kind: StoreErrorKind) -> Result<(), StoreError> {
        let what = match Self::at(path) {
            Ok(found) if found == self => return Ok(()),
            Ok(_) => "replaced",
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                "deleted or moved"
            }
            Err(error) => {
                let text = input_output(error, path).to_string();
                return Err(StoreError::new(kind, text));
            }
        };
        let text = format!(
            "{} was {what} while it was in use; put it back, or start again to use what is there now",
            path.display()
        );
        Err(StoreError::new(kind, text))
    }
}
