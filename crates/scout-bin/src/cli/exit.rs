//! How the process ends, as `sysexits.h` numbers it, and shells number signals.

use std::process::ExitCode;

/// Why the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Exit {
    /// Done, or stopped as asked: 0.
    Ok,
    /// Tests of rules failed: 1.
    TestsFailed,
    /// The command line or the configuration cannot be used: 64.
    Usage,
    /// Messages were refused, or could not be read: 65.
    Data,
    /// What Scout needs, or talks to, is not there: 69.
    Unavailable,
    /// Scout itself failed: 70.
    Internal,
    /// Ctrl-C came before everything was sent: 130.
    Interrupted,
    /// SIGTERM came before everything was sent: 143.
    Terminated,
}

impl Exit {
    /// The process' exit code.
    pub const fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::TestsFailed => 1,
            Self::Usage => 64,
            Self::Data => 65,
            Self::Unavailable => 69,
            Self::Internal => 70,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
