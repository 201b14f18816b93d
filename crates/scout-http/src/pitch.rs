//! The intake of messages: `POST /pitch`, with the bodies and answers of the platform's own.

use std::sync::Arc;
use std::time::Duration;

use http::header::{CONNECTION, HeaderValue, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};
use scout_core::{Clock, Message, MessageError, MessageIntake, Receipt};
use serde::Serialize;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;
use tracing::warn;

use crate::answer::{self, Answer};
use crate::metrics::PitchStats;
use crate::progress::Progress;
use crate::{HttpConfig, json};

/// The largest body that is taken.
pub(crate) const MAX_BODY_BYTES: usize = 1 << 20;

/// What the budget is counted in.
const BUDGET_UNIT_BYTES: usize = 1 << 10;

/// How a pitch ended; a metric's label value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The store has the message.
    Success,
    /// The body is no message.
    Invalid,
    /// The body is above the cap.
    TooLarge,
    /// The body did not come in time, or not whole.
    Unfinished,
    /// Too many messages are on their way into the store.
    Busy,
    /// The store did not take it.
    Failed,
}

impl Outcome {
    pub(crate) const ALL: [Self; 6] =
        [Self::Busy, Self::Failed, Self::Invalid, Self::Success, Self::TooLarge, Self::Unfinished];

    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Invalid => "invalid",
            Self::TooLarge => "too_large",
            Self::Unfinished => "unfinished",
            Self::Busy => "busy",
            Self::Failed => "failed",
        }
    }
}

/// The way of messages into the store.
#[derive(Debug)]
pub(crate) struct Intake {
    store: Arc<dyn MessageIntake>,
    body_timeout: Duration,
    submit_timeout: Duration,
    /// Room for bodies, in units of [`BUDGET_UNIT_BYTES`].
    room: Semaphore,
    pub(crate) stats: PitchStats,
}

/// A pitch that did not end well.
struct Refusal {
    outcome: Outcome,
    status: StatusCode,
    message: &'static str,
}

impl Refusal {
    const INVALID: Self =
        Self { outcome: Outcome::Invalid, status: StatusCode::BAD_REQUEST, message: "Invalid JSON payload" };
    const NO_TITLE: Self = Self { message: "Title is required", ..Self::INVALID };
    const NO_MESSAGE: Self = Self { message: "Message is required", ..Self::INVALID };
    const TOO_LARGE: Self = Self {
        outcome: Outcome::TooLarge,
        status: StatusCode::PAYLOAD_TOO_LARGE,
        message: "Request body too large",
    };
    const LATE: Self = Self {
        outcome: Outcome::Unfinished,
        status: StatusCode::REQUEST_TIMEOUT,
        message: "Request body did not arrive in time",
    };
    const BROKEN: Self = Self {
        outcome: Outcome::Unfinished,
        status: StatusCode::BAD_REQUEST,
        message: "Request body is broken",
    };
    const BUSY: Self = Self {
        outcome: Outcome::Busy,
        status: StatusCode::SERVICE_UNAVAILABLE,
        message: "Too many messages at the same time",
    };
    const FAILED: Self = Self {
        outcome: Outcome::Failed,
        status: StatusCode::SERVICE_UNAVAILABLE,
        message: "Failed to enqueue message",
    };
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PitchAnswer<'a> {
    object_id: &'a str,
    stream_id: &'a str,
    status: &'static str,
    message: &'static str,
}

impl Intake {
    pub(crate) fn new(store: Arc<dyn MessageIntake>, config: &HttpConfig) -> Self {
        // Room for one body at least, whatever the setting.
        let room = config.pitch_budget_bytes.max(2 * MAX_BODY_BYTES) / BUDGET_UNIT_BYTES;
        Self {
            store,
            body_timeout: config.body_timeout,
            submit_timeout: config.submit_timeout,
            room: Semaphore::new(room.min(Semaphore::MAX_PERMITS)),
            stats: PitchStats::default(),
        }
    }

    /// Takes a message in.
    pub(crate) async fn take(&self, body: Incoming, progress: &Progress, clock: &dyn Clock) -> Answer {
        match self.submit(body, progress, clock).await {
            Ok(receipt) => {
                self.stats.count(Outcome::Success);
                answer::json(
                    StatusCode::OK,
                    json::line(&PitchAnswer {
                        object_id: &receipt.key,
                        stream_id: &receipt.stream,
                        status: "success",
                        message: "Message successfully enqueued",
                    }),
                )
            }
            Err(refusal) => {
                self.stats.count(refusal.outcome);
                refusal.answer()
            }
        }
    }

    async fn submit(
        &self,
        body: Incoming,
        progress: &Progress,
        clock: &dyn Clock,
    ) -> Result<Receipt, Refusal> {
        // Held until the store has answered: the message is in memory until then.
        let _room = self.reserve(&body)?;
        let body = timeout(self.body_timeout, collect(body)).await.map_err(|_| Refusal::LATE)??;
        progress.body_read();
        let message = Message::from_pitch(&body, clock.now().wall).map_err(|error| match error {
            MessageError::NoTitle => Refusal::NO_TITLE,
            MessageError::NoMessage => Refusal::NO_MESSAGE,
            _ => Refusal::INVALID,
        })?;
        drop(body);
        match timeout(self.submit_timeout, self.store.submit(&message)).await {
            Ok(Ok(receipt)) => Ok(receipt),
            Ok(Err(error)) => {
                warn!(kind = error.kind().as_str(), %error, "failed to pitch message");
                Err(Refusal::FAILED)
            }
            Err(_) => {
                warn!(after = ?self.submit_timeout, "failed to pitch message: the store did not answer in time");
                Err(Refusal::FAILED)
            }
        }
    }

    /// Room for the body: for what it says it has, or for the largest where it does not say.
    fn reserve(&self, body: &Incoming) -> Result<SemaphorePermit<'_>, Refusal> {
        let hint = body.size_hint();
        if hint.lower() > MAX_BODY_BYTES as u64 {
            return Err(Refusal::TOO_LARGE);
        }
        let bytes = hint.upper().and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or(MAX_BODY_BYTES);
        let units = u32::try_from(bytes.min(MAX_BODY_BYTES) / BUDGET_UNIT_BYTES + 1).unwrap_or(u32::MAX);
        self.room.try_acquire_many(units).map_err(|_| Refusal::BUSY)
    }
}

/// The whole body, copied out of the frames: a body of many tiny ones would otherwise hold far more than its length.
async fn collect(body: Incoming) -> Result<Vec<u8>, Refusal> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(MAX_BODY_BYTES);
    let mut whole = Vec::with_capacity(announced.min(MAX_BODY_BYTES));
    let mut body = Limited::new(body, MAX_BODY_BYTES);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            if error.is::<LengthLimitError>() { Refusal::TOO_LARGE } else { Refusal::BROKEN }
        })?;
        if let Some(data) = frame.data_ref() {
            whole.extend_from_slice(data);
        }
    }
    Ok(whole)
}

impl Refusal {
    fn answer(&self) -> Answer {
        let body = PitchAnswer { object_id: "", stream_id: "", status: "error", message: self.message };
        let mut answer = answer::error(self.status, json::line(&body));
        let headers: &mut HeaderMap = answer.headers_mut();
        if self.outcome == Outcome::Busy {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if matches!(self.outcome, Outcome::TooLarge | Outcome::Unfinished | Outcome::Busy) {
            // The rest of the body would have to be read before the next request.
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        answer
    }
}
