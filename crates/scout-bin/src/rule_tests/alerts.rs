//! The alerts that there are.

use scout_alert::Templates;
use scout_core::WallTime;
use scout_core::alerting::{
    Alert, AlertPhase, AlertState, DeliveryKey, Fingerprint, Labels, Notification, Reason,
};

use super::expectation::Identity;

/// An alert at a time.
#[derive(Debug)]
pub(super) struct FoundAlert {
    pub(super) identity: Identity,
    pub(super) state: AlertPhase,
    pub(super) value: f64,
    /// What a receiver is told, or would be.
    notification: Notification,
}

impl FoundAlert {
    /// An alert that holds, or waits for it; `None` if nothing is left of it.
    pub(super) fn that_holds(fingerprint: Fingerprint, alert: &Alert, now: WallTime) -> Option<Self> {
        let state = alert.phase().filter(|phase| *phase != AlertPhase::Resolved)?;
        let rule = &alert.rule;
        let firing = alert.firing.as_ref().filter(|firing| firing.ended.is_none());
        let mut told = Notification::example("", AlertState::Firing, now);
        told.key = DeliveryKey {
            fingerprint,
            generation: firing.map_or(0, |firing| firing.generation),
            state: AlertState::Firing,
            repeat: 0,
        };
        told.receiver = rule.receivers.first().cloned().unwrap_or_default();
        told.reason = Reason::Fired;
        told.rule = rule.name.clone();
        told.labels = alert.labels.clone();
        told.annotations = rule.annotations.clone();
        told.severity = rule.severity.clone();
        (told.value, told.threshold) = (alert.value, rule.threshold);
        told.is_lower_bound = alert.is_lower_bound;
        told.starts_at = firing.map_or(now, |firing| firing.starts_at);
        Some(Self::of(told, state))
    }

    /// An alert that is over, as it was told.
    pub(super) fn that_is_over(told: Notification) -> Self {
        Self::of(told, AlertPhase::Resolved)
    }

    fn of(notification: Notification, state: AlertPhase) -> Self {
        let mut labels: Labels = notification.labels.clone();
        labels.remove("alertname");
        let identity = Identity { rule: notification.rule.to_string(), labels };
        Self { identity, state, value: notification.value, notification }
    }

    /// The text of an annotation; `None` if its rule has none of that name.
    pub(super) fn annotation(&self, name: &str) -> Option<String> {
        let template = self.notification.annotations.get(name)?;
        Some(Templates::new([]).render(template, &self.notification).into_owned())
    }
}
