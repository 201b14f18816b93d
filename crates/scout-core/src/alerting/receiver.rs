//! The port that whoever is told of alerts implements.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

use super::Notification;

/// Why a delivery was not accepted; its text is a metric's label value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum DeliveryErrorKind {
    /// The address does not resolve, or nobody answers there.
    Connect,
    /// No trusted, encrypted connection could be made.
    Tls,
    /// No answer in time.
    Timeout,
    /// The connection broke before the answer was whole.
    Closed,
    /// The answer is none that the protocol knows, or leads somewhere else.
    Answer,
    /// 429: too many at a time.
    Throttled,
    /// 5xx or 408: the receiver cannot at the moment.
    Unavailable,
    /// Any other 4xx: the receiver does not want this, and would not later.
    Rejected,
    /// The settings forbid to connect to that address.
    NotAllowed,
    /// What is to be sent cannot be written.
    Unwritable,
    /// The store that it is to be written to refused it.
    Store,
}

impl DeliveryErrorKind {
    /// Every kind, in the order in which metrics list them.
    pub const ALL: [Self; 11] = [
        Self::Connect,
        Self::Tls,
        Self::Timeout,
        Self::Closed,
        Self::Answer,
        Self::Throttled,
        Self::Unavailable,
        Self::Rejected,
        Self::NotAllowed,
        Self::Unwritable,
        Self::Store,
    ];

    /// The name that metrics and logs carry.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Closed => "closed",
            Self::Answer => "answer",
            Self::Throttled => "throttled",
            Self::Unavailable => "unavailable",
            Self::Rejected => "rejected",
            Self::NotAllowed => "not_allowed",
            Self::Unwritable => "unwritable",
            Self::Store => "store",
        }
    }

    /// Whether the same delivery would fail again, so that it waits for a change rather than being retried soon.
    pub const fn is_refusal(self) -> bool {
        matches!(self, Self::Rejected | Self::NotAllowed | Self::Unwritable)
    }
}

impl fmt::Display for DeliveryErrorKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// Why a delivery was not accepted. Its text never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct DeliveryError {
    kind: DeliveryErrorKind,
    text: String,
    retry_after: Option<Duration>,
    is_refusal: bool,
}

impl DeliveryError {
    /// An error of that kind, with a sentence for the operator.
    pub fn new(kind: DeliveryErrorKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into(), retry_after: None, is_refusal: kind.is_refusal() }
    }

    /// The same error, known to come again with the same delivery though others of its kind may pass.
    pub fn for_good(mut self) -> Self {
        self.is_refusal = true;
        self
    }

    /// The same error with how long the receiver asks to be left alone.
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// What went wrong.
    pub fn kind(&self) -> DeliveryErrorKind {
        self.kind
    }

    /// Whether the same delivery would fail again, so that it waits for a change rather than being retried soon.
    pub fn is_refusal(&self) -> bool {
        self.is_refusal
    }

    /// How long the receiver asks to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

/// Who is told of alerts.
#[async_trait]
pub trait Receiver: fmt::Debug + Send + Sync {
    /// Tells it. When this returns, the receiver has accepted it.
    ///
    /// # Errors
    /// [`DeliveryError`]; where the answer was lost the receiver may have accepted it all the same.
    async fn deliver(&self, notification: &Notification) -> Result<(), DeliveryError>;
}
