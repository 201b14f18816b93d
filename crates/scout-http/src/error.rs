//! What keeps the server from running.

use std::io;
use std::net::SocketAddr;

/// Why the server cannot run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// The address is in use, not this machine's, or not allowed to this user.
    #[error("cannot listen at {address}: {source}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
}

impl HttpError {
    /// Whether the same start may succeed later by itself: another process may give the port back.
    pub fn is_retryable(&self) -> bool {
        let Self::Listen { source, .. } = self;
        source.kind() == io::ErrorKind::AddrInUse
    }
}
