//! A sign of life for whoever watches Scout.

use http::Method;
use scout_core::WallTime;
use scout_core::alerting::DeliveryError;

use crate::http::{Client, Endpoint, Outgoing};
use crate::{Secret, SetupError};

/// How a dead-man's switch is reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HeartbeatMethod {
    /// GET.
    #[default]
    Get,
    /// POST, without a body.
    Post,
}

/// Calls a dead-man's switch, which raises an alarm when the calls end.
#[derive(Clone, Debug)]
pub struct Heartbeat {
    client: Client,
    endpoint: Endpoint,
    outgoing: Outgoing,
}

impl Heartbeat {
    /// A heartbeat to this URL.
    ///
    /// # Errors
    /// [`SetupError`] if nothing can be sent there with these settings.
    pub fn new(url: &Secret, method: HeartbeatMethod, client: Client) -> Result<Self, SetupError> {
        let endpoint = Endpoint::new(url, None)?;
        client.check(&endpoint)?;
        let method = match method {
            HeartbeatMethod::Get => Method::GET,
            HeartbeatMethod::Post => Method::POST,
        };
        Ok(Self { client, endpoint, outgoing: Outgoing::empty(method) })
    }

    /// One beat.
    ///
    /// # Errors
    /// [`DeliveryError`] unless the switch answers 200 to 299.
    pub async fn beat(&self, now: WallTime) -> Result<(), DeliveryError> {
        self.client.send(&self.endpoint, &self.outgoing, now).await.map(drop)
    }
}
