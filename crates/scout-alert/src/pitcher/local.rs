//! The store that Scout watches, without a way through HTTP.

use std::sync::Arc;

use async_trait::async_trait;
use scout_core::alerting::{DeliveryError, DeliveryErrorKind, Notification, Receiver};
use scout_core::{Message, MessageIntake};

use super::body::Body;
use crate::Templates;

/// Writes alerts to the store that messages are counted in. Nobody is told while that store is away.
#[derive(Clone, Debug)]
pub struct LocalPitcher {
    intake: Arc<dyn MessageIntake>,
    templates: Arc<Templates>,
}

impl LocalPitcher {
    /// A receiver that submits to this intake.
    pub fn new(intake: Arc<dyn MessageIntake>, templates: Arc<Templates>) -> Self {
        Self { intake, templates }
    }
}

#[async_trait]
impl Receiver for LocalPitcher {
    async fn deliver(&self, notification: &Notification) -> Result<(), DeliveryError> {
        let body = Body::of(notification, &self.templates).to_json()?;
        // The way that a message over HTTP takes, so that both are the same document.
        let message = Message::from_pitch(&body, notification.at).map_err(|error| {
            DeliveryError::new(DeliveryErrorKind::Unwritable, format!("is no message: {error}"))
        })?;
        self.intake.submit(&message).await.map(drop).map_err(|error| {
            let text = format!("the store did not take the message: {error}");
            let failed = DeliveryError::new(DeliveryErrorKind::Store, text);
            if error.is_retryable() { failed } else { failed.for_good() }
        })
    }
}
