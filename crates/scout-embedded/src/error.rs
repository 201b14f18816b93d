//! What goes wrong with a file, in the words of the port.

use std::io;
use std::path::Path;

use redb::DatabaseError;
use scout_core::{StoreError, StoreErrorKind};

/// An error of opening the file.
pub(crate) fn opening(error: DatabaseError, file: &Path) -> StoreError {
    match error {
        DatabaseError::DatabaseAlreadyOpen => {
            let text = format!("another process has {} open; stop it first", file.display());
            StoreError::new(StoreErrorKind::InUse, text)
        }
        DatabaseError::RepairAborted => damaged(file, "it could not be repaired"),
        DatabaseError::UpgradeRequired(version) => {
            damaged(file, &format!("its file format is {version}, which this version does not read"))
        }
        other => running(other.into(), file),
    }
}

/// An error of using it.
pub(crate) fn running(error: redb::Error, file: &Path) -> StoreError {
    match error {
        redb::Error::Io(error) => input_output(error, file),
        redb::Error::PreviousIo => {
            let text = format!("{} could not be written before", file.display());
            StoreError::new(StoreErrorKind::NotWritable, text)
        }
        redb::Error::Corrupted(reason) => damaged(file, &reason),
        error @ (redb::Error::TableTypeMismatch { .. }
        | redb::Error::TypeDefinitionChanged { .. }
        | redb::Error::TableDoesNotExist(_)
        | redb::Error::LockPoisoned(_)) => damaged(file, &error.to_string()),
        other => {
            let text = format!("cannot use {}: {other}", file.display());
            StoreError::new(StoreErrorKind::Refused, text).with_source(other)
        }
    }
}

/// An error of the file system.
pub(crate) fn input_output(error: io::Error, path: &Path) -> StoreError {
    use io::ErrorKind as Io;
    let kind = match error.kind() {
        Io::InvalidData | Io::UnexpectedEof => {
            return damaged(path, &error.to_string()).with_source(error);
        }
        Io::PermissionDenied
        | Io::ReadOnlyFilesystem
        | Io::StorageFull
        | Io::QuotaExceeded
        | Io::FileTooLarge
        | Io::NotADirectory
        | Io::IsADirectory
        | Io::AlreadyExists
        | Io::NotFound => StoreErrorKind::NotWritable,
        _ => StoreErrorKind::Unreachable,
    };
    StoreError::new(kind, format!("cannot use {}: {error}", path.display())).with_source(error)
}

/// A file that holds something else than it should.
pub(crate) fn damaged(file: &Path, reason: &str) -> StoreError {
    let text = format!("{} is damaged or of another version: {reason}", file.display());
    StoreError::new(StoreErrorKind::Corrupt, text)
}

/// The store is being dropped.
pub(crate) fn closing() -> StoreError {
    StoreError::new(StoreErrorKind::NotReady, "the store is closing")
}
