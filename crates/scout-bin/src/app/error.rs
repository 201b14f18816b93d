//! Why the service cannot run.

use scout_alert::SetupError;
use scout_core::{LedgerConfigError, StoreError, StoreErrorKind};
use scout_http::HttpError;
use tokio::task::JoinError;

use crate::cli::Exit;

/// Why the service could not start, or ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppError {
    /// `SCOUT_RETENTION_TTL` and `SCOUT_LEDGER_BUDGET_BYTES` do not go together.
    #[error("{0} (SCOUT_RETENTION_TTL, SCOUT_LEDGER_BUDGET_BYTES)")]
    Ledger(LedgerConfigError),
    /// The store cannot be used as it is configured.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The server cannot listen.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// A receiver of alerts cannot be used as it is configured.
    #[error("cannot use a receiver of alerts: {0}")]
    Receiver(#[from] SetupError),
    /// The process cannot listen for signals.
    #[error("cannot listen for signals: {0}")]
    Signals(std::io::Error),
    /// A task panicked.
    #[error("a part of the service panicked: {0}")]
    Task(JoinError),
    /// A task ended without having been asked to.
    #[error("a part of the service ended without having been asked to")]
    Ended,
}

impl AppError {
    /// How a process ends over it.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Ledger(_) | Self::Receiver(_) => Exit::Usage,
            Self::Store(error) => match error.kind() {
                StoreErrorKind::Refused => Exit::Usage,
                _ => Exit::Unavailable,
            },
            Self::Http(_) => Exit::Unavailable,
            Self::Signals(_) | Self::Task(_) | Self::Ended => Exit::Internal,
        }
    }
}
