//! What is alerted on, and who is told.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use scout_core::alerting::{Rule, SourceRules};

use crate::config::Secret;

/// Rules and receivers, wherever they are configured.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct AlertSettings {
    /// Those of the two thresholds first, then those of the file in its order. Each names receivers that there are.
    pub rules: Vec<Rule>,
    /// By name.
    pub receivers: BTreeMap<Arc<str>, ReceiverSettings>,
    /// What is told of the store itself, and to whom.
    pub source: SourceRules,
    /// Who is to notice when Scout is gone.
    pub heartbeat: Option<HeartbeatSettings>,
    /// Where receivers may be: hosts, `*.` and a domain, addresses and networks; everywhere where there are none.
    pub allow: Vec<String>,
    /// Variables that name proxies, as they are set: `HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY`, or in lower case.
    pub proxies: BTreeMap<&'static str, Secret>,
}

/// Who is told of alerts.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReceiverSettings {
    /// What it is.
    pub kind: ReceiverKind,
    /// Deliveries within any minute; more wait.
    pub max_per_minute: u32,
    /// How long one delivery may take.
    pub timeout: Duration,
}

/// What a receiver is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReceiverKind {
    /// An omni-pitcher: alerts become messages.
    Pitcher {
        /// With or without `/pitch` at its end; may carry a password.
        url: Secret,
        /// Sent as a bearer token.
        token: Option<Secret>,
    },
    /// Scout's own store: alerts become messages there.
    LocalPitcher,
    /// Whatever takes the JSON of Alertmanager's webhook.
    Webhook {
        /// May carry a password, or be one.
        url: Secret,
        /// Sent as a bearer token.
        token: Option<Secret>,
        /// What bodies are signed with.
        hmac_secret: Option<Secret>,
    },
    /// Scout's own log.
    Log,
}

impl ReceiverKind {
    /// The name that the configuration has for it.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Pitcher { .. } | Self::LocalPitcher => "pitcher",
            Self::Webhook { .. } => "webhook",
            Self::Log => "log",
        }
    }
}

/// Who is to notice when Scout is gone: it is called as long as Scout is there.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HeartbeatSettings {
    /// May carry a token.
    pub url: Secret,
    /// From one call to the next.
    pub interval: Duration,
}
