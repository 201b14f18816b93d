//! What goes wrong with a file, in the words of the port.

use std::io;
use std::path::Path;

use redb::DatabaseError;
use scout_core::{StoreError, StoreErrorKind};

/// An error of opening the file.
pub(crate) fn opening(error: DatabaseError, file: &Path) -> StoreError {
    let name = file.display();
    match error {
        DatabaseError::DatabaseAlreadyOpen => {
            let text =
                format!("another process has {name} open; give this one a folder of its own (SCOUT_DATA)");
            StoreError::new(StoreErrorKind::InUse, text)
        }
        DatabaseError::RepairAborted => damaged(name, "it could not be repaired"),
        DatabaseError::UpgradeRequired(version) => {
            damaged(name, &format!("it has file format {version}, which this version does not read"))
        }
        other => running(other.into(), file),
    }
}

/// An error of using it.
pub(crate) fn running(error: redb::Error, file: &Path) -> StoreError {
    let name = file.display();
    match error {
        redb::Error::Io(error) => input_output(error, file),
        redb::Error::Corrupted(reason) => damaged(name, &reason),
        redb::Error::PreviousIo => {
            let text = format!("{name} could not be written before; restart Scout once the cause is gone");
            StoreError::new(StoreErrorKind::NotWritable, text)
        }
        error @ (redb::Error::TableTypeMismatch { .. } | redb::Error::TypeDefinitionChanged { .. }) => {
            damaged(name, &error.to_string())
        }
        other => {
            let text = format!("cannot use {name}: {other}");
            StoreError::new(StoreErrorKind::Refused, text).with_source(other)
        }
    }
}

/// An error of the file system.
pub(crate) fn input_output(error: io::Error, path: &Path) -> StoreError {
    use io::ErrorKind as Io;
    let kind = match error.kind() {
        Io::InvalidData | Io::UnexpectedEof => StoreErrorKind::Corrupt,
        Io::PermissionDenied
        | Io::ReadOnlyFilesystem
        | Io::StorageFull
        | Io::QuotaExceeded
        | Io::FileTooLarge => StoreErrorKind::NotWritable,
        _ => StoreErrorKind::Unreachable,
    };
    StoreError::new(kind, format!("cannot use {}: {error}", path.display())).with_source(error)
}

/// A file that holds something else than it should.
pub(crate) fn damaged(name: impl std::fmt::Display, reason: &str) -> StoreError {
    let text = format!("{name} is damaged or of another version: {reason}");
    StoreError::new(StoreErrorKind::Corrupt, text)
}
