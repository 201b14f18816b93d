//! Spans of time as a client asks for them.

use std::str::FromStr;
use std::time::Duration;

use crate::{GoDuration, ParseDurationError};

/// A span above zero, with the text that asked for it.
///
/// ```
/// use scout_core::Span;
/// use std::time::Duration;
///
/// let span: Span = "1h30m".parse()?;
/// assert_eq!((span.text(), span.length()), ("1h30m", Duration::from_secs(5400)));
/// assert!("0s".parse::<Span>().is_err());
/// # Ok::<(), scout_core::SpanError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    text: Box<str>,
    length: Duration,
}

/// Why a text is no span.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpanError {
    /// Not a duration.
    #[error(transparent)]
    Duration(#[from] ParseDurationError),
    /// Zero or less.
    #[error("it has to be longer than zero")]
    NotPositive,
}

impl Span {
    /// The span as it was asked for.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How long it is.
    pub fn length(&self) -> Duration {
        self.length
    }
}

impl FromStr for Span {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Self, SpanError> {
        let length = text.parse::<GoDuration>()?.to_std().filter(|length| !length.is_zero());
        Ok(Self { text: text.into(), length: length.ok_or(SpanError::NotPositive)? })
    }
}

impl From<Duration> for Span {
    /// The text is Go's.
    fn from(length: Duration) -> Self {
        Self { text: GoDuration::from(length).to_string().into(), length }
    }
}
