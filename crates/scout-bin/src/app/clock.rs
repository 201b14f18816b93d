//! The machine's clocks: the one place where they are read.

use std::time::{Instant, SystemTime};

use scout_core::{Clock, MonoTime, Now, WallTime};

/// The wall clock and the monotonic clock of this machine.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    start: Instant,
}

impl SystemClock {
    /// A clock whose monotonic time begins now.
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everything else is given")]
    pub fn new() -> Self {
        Self { start: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everything else is given")]
    fn now(&self) -> Now {
        let wall = SystemTime::now();
        let wall = match wall.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(since) => WallTime::default().plus(since),
            Err(before) => WallTime::default().minus(before.duration()),
        };
        Now { wall, mono: MonoTime::from_start(self.start.elapsed()) }
    }
}
