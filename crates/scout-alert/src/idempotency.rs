//! How a receiver can tell that it has seen a delivery before.

use http::{HeaderName, HeaderValue};
use scout_core::alerting::Notification;

use crate::http::Outgoing;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The same request with the delivery's key.
pub(crate) fn with_key(outgoing: Outgoing, notification: &Notification) -> Outgoing {
    match HeaderValue::try_from(notification.key.to_string()) {
        Ok(key) => outgoing.with_header(IDEMPOTENCY_KEY, key),
        // Digits, letters and colons can always stand in a header.
        Err(_) => outgoing,
    }
}
