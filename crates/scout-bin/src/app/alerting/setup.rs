//! From the settings to the task that judges rules.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::Arc;

use scout_core::Clock;
use scout_core::alerting::{AlertingConfig, ReceiverLimits};
use scout_http::{Publisher, Telemetry};
use tokio::sync::watch;

use super::{AlertingTask, Beat, Judging, Seen, Surroundings};
use crate::app::AppError;
use crate::app::opening::Opening;
use crate::app::receivers::Workshop;
use crate::config::Settings;

/// What alerting shares with the rest of the service.
pub(in crate::app) struct Setup<'a> {
    pub(in crate::app) clock: &'a Arc<dyn Clock>,
    pub(in crate::app) publisher: &'a Publisher,
    pub(in crate::app) telemetry: &'a Telemetry,
}

impl Setup<'_> {
    /// The task, and where it is handed what it judges; `None` where there is nothing to judge and nobody to tell.
    ///
    /// # Errors
    /// [`AppError::Receiver`] if a receiver cannot be used as it is configured.
    pub(in crate::app) fn task(
        self,
        settings: &Settings,
        store: &Arc<Opening>,
    ) -> Result<Option<(AlertingTask, Judging)>, AppError> {
        let alert = &settings.alert;
        if alert.rules.is_empty() && alert.receivers.is_empty() && alert.heartbeat.is_none() {
            return Ok(None);
        }
        let workshop = Workshop::new(alert, Arc::clone(store) as _)?;
        let receivers = workshop.all(alert)?;
        let limits: BTreeMap<_, _> = alert
            .receivers
            .iter()
            .map(|(name, receiver)| {
                (Arc::clone(name), ReceiverLimits { max_per_minute: receiver.max_per_minute })
            })
            .collect();
        let beat = alert.heartbeat.as_ref().map(|heartbeat| {
            Ok::<_, AppError>(Beat::new(workshop.heartbeat(heartbeat)?, heartbeat.interval))
        });
        let config = AlertingConfig {
            rules: alert.rules.clone(),
            receivers: limits,
            source: alert.source.clone(),
            // A receiver may have been changed whenever a process begins.
            receivers_revision: random(),
            owner: format!("{:016x}{:016x}", random(), random()),
            seed: random(),
        };
        let tagged = config.rules.iter().enumerate().filter(|(_, rule)| !rule.select.tags.is_empty());
        let tagged = tagged.map(|(index, rule)| (index, rule.select.clone())).collect();
        let (seen, receiver) = watch::channel(Seen::Nothing);
        let around = Surroundings {
            store: Arc::clone(store) as _,
            receivers,
            clock: Arc::clone(self.clock),
            publisher: self.publisher.clone(),
            beat: beat.transpose()?,
        };
        let task = AlertingTask::new(config, around, receiver, self.telemetry);
        Ok(Some((task, Judging { seen, tagged })))
    }
}

/// A number that nobody else has: the standard library draws it from the system for its hash tables.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}
