//! What alerting tells the log: news, and not the same twice.

use scout_core::StoreError;
use scout_core::alerting::{Delivery, DeliveryError};
use tracing::{error, info, warn};

/// What the log has been told.
#[derive(Debug, Default)]
pub(super) struct Notices {
    is_in_charge: bool,
    is_unusable: bool,
    is_store_failing: bool,
}

impl Notices {
    /// Whether this replica judges, and why it cannot. Returns whether that is news.
    pub(super) fn charge(&mut self, is_in_charge: bool, unusable: Option<&str>, alerts: usize) -> bool {
        let has_changed = is_in_charge != self.is_in_charge || unusable.is_some() != self.is_unusable;
        if is_in_charge && !self.is_in_charge {
            info!(alerts, "judging rules");
        } else if !is_in_charge && self.is_in_charge {
            info!(alerts, "not judging rules: the lease is another's, or the store is away");
        }
        if let Some(reason) = unusable.filter(|_| !self.is_unusable) {
            error!(reason, "rules are not judged");
        }
        self.is_in_charge = is_in_charge;
        self.is_unusable = unusable.is_some();
        has_changed
    }

    /// The state of alerts was reached, or was not.
    pub(super) fn store(&mut self, failure: Option<&StoreError>) {
        match failure {
            Some(error) if !self.is_store_failing => {
                warn!(kind = error.kind().as_str(), error = %error, "the state of alerts cannot be reached");
            }
            None if self.is_store_failing => info!("the state of alerts can be reached again"),
            _ => {}
        }
        self.is_store_failing = failure.is_some();
    }
}

/// A delivery has ended.
pub(super) fn delivered(delivery: &Delivery, result: &Result<(), DeliveryError>) {
    let notification = &delivery.notification;
    let (key, receiver) = (notification.key.to_string(), &*notification.receiver);
    let (rule, reason) = (&*notification.rule, notification.reason.as_str());
    let attempt = notification.attempt.saturating_add(1);
    match result {
        Ok(()) => info!(key, receiver, rule, reason, attempt, "alert delivered"),
        Err(error) => {
            let kind = error.kind().as_str();
            warn!(key, receiver, rule, reason, attempt, kind, error = %error, "alert not delivered");
        }
    }
}
