//! The heartbeat: as long as rules are judged, somebody is told so, and raises the alarm when that ends.

use std::sync::Arc;
use std::time::Duration;

use scout_alert::Heartbeat;
use scout_core::MonoTime;
use scout_core::alerting::DeliveryError;
use tracing::{debug, info, warn};

/// Sends heartbeats in time.
#[derive(Debug)]
pub(in crate::app) struct Beat {
    heartbeat: Arc<Heartbeat>,
    interval: Duration,
    next: MonoTime,
    is_failing: bool,
}

impl Beat {
    pub(in crate::app) fn new(heartbeat: Heartbeat, interval: Duration) -> Self {
        Self { heartbeat: Arc::new(heartbeat), interval, next: MonoTime::default(), is_failing: false }
    }

    /// What to send now, if it is time.
    pub(super) fn due(&mut self, now: MonoTime) -> Option<Arc<Heartbeat>> {
        if now < self.next {
            return None;
        }
        self.next = now.plus(self.interval);
        Some(Arc::clone(&self.heartbeat))
    }

    pub(super) fn next(&self) -> MonoTime {
        self.next
    }

    pub(super) fn ended(&mut self, result: &Result<(), DeliveryError>) {
        match result {
            Ok(()) if self.is_failing => info!("the heartbeat is received again"),
            Ok(()) => debug!("heartbeat sent"),
            Err(error) => {
                warn!(kind = error.kind().as_str(), error = %error, "the heartbeat was not received");
            }
        }
        self.is_failing = result.is_err();
    }
}
