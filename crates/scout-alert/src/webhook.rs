//! Alertmanager's webhook.

mod body;
mod signature;

use std::sync::Arc;

use async_trait::async_trait;
use http::HeaderName;
use scout_core::alerting::{DeliveryError, DeliveryErrorKind, Notification, Receiver};

use crate::http::{Client, Endpoint, Outgoing};
use crate::idempotency::with_key;
use crate::{Secret, SetupError, Templates};
use body::Body;
use signature::Signer;

const SIGNATURE: HeaderName = HeaderName::from_static("x-scout-signature");

/// What a webhook gets beside the alert.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct WebhookSettings {
    /// Sent as a bearer token.
    pub token: Option<Secret>,
    /// Signs the body: `X-Scout-Signature: sha256=` and the HMAC in hexadecimal digits.
    pub signing_key: Option<Secret>,
    /// Where people find this Scout; may be empty.
    pub external_url: String,
}

/// Sends alerts as Alertmanager does, version 4 of its webhook, one alert each.
#[derive(Clone, Debug)]
pub struct Webhook {
    client: Client,
    endpoint: Endpoint,
    signer: Option<Signer>,
    external_url: Arc<str>,
    templates: Arc<Templates>,
}

impl Webhook {
    /// A receiver at this URL.
    ///
    /// # Errors
    /// [`SetupError`] if nothing can be sent there with these settings.
    pub fn new(
        url: &Secret,
        settings: &WebhookSettings,
        client: Client,
        templates: Arc<Templates>,
    ) -> Result<Self, SetupError> {
        let endpoint = Endpoint::new(url, settings.token.as_ref())?;
        client.check(&endpoint)?;
        let signer = settings.signing_key.as_ref().map(Signer::new).transpose()?;
        let external_url = settings.external_url.as_str().into();
        Ok(Self { client, endpoint, signer, external_url, templates })
    }
}

#[async_trait]
impl Receiver for Webhook {
    async fn deliver(&self, notification: &Notification) -> Result<(), DeliveryError> {
        let body = Body::of(notification, &self.templates, &self.external_url);
        let body = serde_json::to_vec(&body).map_err(|error| {
            DeliveryError::new(DeliveryErrorKind::Unwritable, format!("cannot be written as JSON: {error}"))
        })?;
        let signature = self.signer.as_ref().map(|signer| signer.sign(&body));
        let mut outgoing = with_key(Outgoing::json(body), notification);
        if let Some(signature) = signature {
            outgoing = outgoing.with_header(SIGNATURE, signature);
        }
        self.client.send(&self.endpoint, &outgoing, notification.at).await.map(drop)
    }
}
