//! omni-pitcher, over HTTP.

use std::sync::Arc;

use async_trait::async_trait;
use scout_core::alerting::{DeliveryError, Notification, Receiver};

use super::body::Body;
use crate::http::{Client, Endpoint, Outgoing};
use crate::idempotency::with_key;
use crate::{Secret, SetupError, Templates};

/// The intake's route.
const ROUTE: &str = "/pitch";

/// Sends alerts to an omni-pitcher, or to whatever takes its messages.
#[derive(Clone, Debug)]
pub struct Pitcher {
    client: Client,
    endpoint: Endpoint,
    templates: Arc<Templates>,
}

impl Pitcher {
    /// A receiver at this URL, which may end in `/pitch` or not.
    ///
    /// # Errors
    /// [`SetupError`] if nothing can be sent there with these settings.
    pub fn new(
        url: &Secret,
        token: Option<&Secret>,
        client: Client,
        templates: Arc<Templates>,
    ) -> Result<Self, SetupError> {
        let endpoint = Endpoint::new(url, token)?.with_route(ROUTE)?;
        client.check(&endpoint)?;
        Ok(Self { client, endpoint, templates })
    }
}

#[async_trait]
impl Receiver for Pitcher {
    async fn deliver(&self, notification: &Notification) -> Result<(), DeliveryError> {
        let body = Body::of(notification, &self.templates).to_json()?;
        let outgoing = with_key(Outgoing::json(body), notification);
        self.client.send(&self.endpoint, &outgoing, notification.at).await.map(drop)
    }
}
