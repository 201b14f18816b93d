//! The log as a receiver.

use async_trait::async_trait;
use scout_core::alerting::{AlertState, DeliveryError, Notification, Receiver};
use tracing::{info, warn};

use crate::number::Number;

/// Writes a line to the log for each notification; one that fires is a warning. Needs nothing and nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Log;

#[async_trait]
impl Receiver for Log {
    async fn deliver(&self, notification: &Notification) -> Result<(), DeliveryError> {
        let Notification { key, rule, reason, .. } = notification;
        let (state, reason, value) = (key.state.as_str(), reason.as_str(), Number(notification.value));
        // A map of texts can always be written.
        let labels = serde_json::to_string(&notification.labels).unwrap_or_default();
        match key.state {
            AlertState::Firing => warn!(%key, rule = &**rule, state, reason, labels, %value, "alert"),
            AlertState::Resolved => info!(%key, rule = &**rule, state, reason, labels, %value, "alert"),
        }
        Ok(())
    }
}
