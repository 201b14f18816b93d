//! What unit tests share: a real connection, and the machine's clocks.

use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use scout_core::{Clock, MonoTime, Now, WallTime};

use crate::config::RedisConfig;
use crate::connection::Connection;
use crate::link::{Link, Patience};
use crate::metrics::Meters;

#[derive(Debug)]
struct MachineClock(Instant);

impl Clock for MachineClock {
    #[expect(clippy::disallowed_methods, reason = "here is where a test's time comes from")]
    fn now(&self) -> Now {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        Now {
            wall: WallTime::from_unix_ms(since.as_millis().try_into().unwrap()),
            mono: MonoTime::from_start(self.0.elapsed()),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "here is where a test's time comes from")]
pub(crate) fn clock() -> Arc<dyn Clock> {
    Arc::new(MachineClock(Instant::now()))
}

pub(crate) fn link(config: RedisConfig) -> Link {
    let meters = Meters::new(&metrics::NoopRecorder, config.stall_budget);
    Link::new(Arc::new(config), meters, clock()).unwrap()
}

pub(crate) async fn connect(config: RedisConfig) -> Connection {
    link(config).connection(Patience::Wait).await.unwrap()
}
