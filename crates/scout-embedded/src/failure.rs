//! Why work on the file ended early.

use redb::{CommitError, StorageError, TableError, TransactionError};

/// Why work on the file ended early.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The engine met an error.
    Engine(redb::Error),
    /// Nobody waits for the result any more.
    Abandoned,
}

impl Failure {
    /// Whether the engine refuses everything from now on, until the file is opened anew.
    pub(crate) fn ends_all_work(&self) -> bool {
        use redb::Error::{DatabaseClosed, Io, LockPoisoned, PreviousIo};
        matches!(self, Self::Engine(Io(_) | PreviousIo | LockPoisoned(_) | DatabaseClosed))
    }
}

impl From<StorageError> for Failure {
    fn from(error: StorageError) -> Self {
        Self::Engine(error.into())
    }
}

impl From<TableError> for Failure {
    fn from(error: TableError) -> Self {
        Self::Engine(error.into())
    }
}

impl From<TransactionError> for Failure {
    fn from(error: TransactionError) -> Self {
        Self::Engine(error.into())
    }
}

impl From<CommitError> for Failure {
    fn from(error: CommitError) -> Self {
        Self::Engine(error.into())
    }
}
