//! The machine's clocks, as the binary reads them.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use scout_core::{Clock, MonoTime, Now, WallTime};

/// Reads both clocks of the machine.
#[derive(Debug)]
pub struct MachineClock(Instant);

impl MachineClock {
    /// A clock that starts now.
    #[expect(clippy::disallowed_methods, reason = "what a request costs includes reading the real clocks")]
    pub fn start() -> Self {
        Self(Instant::now())
    }
}

impl Clock for MachineClock {
    #[expect(clippy::disallowed_methods, reason = "what a request costs includes reading the real clocks")]
    fn now(&self) -> Now {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Now { wall: WallTime::default().plus(since_epoch), mono: MonoTime::from_start(self.0.elapsed()) }
    }
}
