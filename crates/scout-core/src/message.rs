//! Messages as producers write them, and as the store keeps them.

mod pitched;

use serde::Serialize;
use serde_json::Value;

use crate::{Row, WallTime};
use pitched::{Pitched, mend_surrogates};

/// The author of a message that names none.
const DEFAULT_AUTHOR: &str = "unknown";
/// The severity of a message that names none.
const DEFAULT_SEVERITY: &str = "info";
/// The system of a message that names none; the platform's intake uses its own name.
const DEFAULT_SYSTEM: &str = "homerun2-omni-pitcher";

/// A message of the platform. Every text may be empty, which means that the document does not have the field.
///
/// Serialises to the stored document: fields in the platform's order, empty ones left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Message {
    /// One line saying what happened.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// The text; may have many lines.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Severity in the producer's spelling.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub severity: String,
    /// Who wrote it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub author: String,
    /// Event time; RFC3339 if the producer is well-behaved, else any text.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub timestamp: String,
    /// What it is about; any text.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub system: String,
    /// Tags, separated by commas.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub tags: String,
    /// Where to reach the assignee.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub assigneeaddress: String,
    /// The assignee's name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub assigneename: String,
    /// What the message comes with.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub artifacts: String,
    /// Where to read on.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub url: String,
    /// Event time in seconds since the epoch, which newer producers add for the index.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp_unix: Option<i64>,
}

/// Why a document or a request body is no message.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MessageError {
    /// Not JSON, not an object, or a field of a wrong type where the intake insists on text.
    #[error("not a message: {0}")]
    Json(#[from] serde_json::Error),
    /// Nothing but white space.
    #[error("not a message: the body is empty")]
    Empty,
    /// The intake requires a title.
    #[error("title is missing or empty")]
    NoTitle,
    /// The intake requires a text.
    #[error("message is missing or empty")]
    NoMessage,
}

impl Message {
    /// Reads a stored document leniently: a field that is missing or null is empty, an array of one string is that
    /// string, anything else that is not text is its JSON text. Keys are compared exactly, as the index does.
    ///
    /// # Errors
    /// [`MessageError::Json`] if the document is not a JSON object.
    pub fn read(document: &[u8]) -> Result<Self, MessageError> {
        let fields: serde_json::Map<String, Value> = serde_json::from_slice(document)?;
        let mut message = Self {
            timestamp_unix: fields.get("timestamp_unix").and_then(Value::as_f64).map(whole_seconds),
            ..Self::default()
        };
        for (name, value) in fields {
            if let Some(field) = message.text_field(&name) {
                *field = lenient_text(value);
            }
        }
        Ok(message)
    }

    /// Reads a request body as the platform's intake does: keys in any case, texts only, unknown keys dropped,
    /// what follows the first JSON value passed over; then checks it and fills in what is missing.
    ///
    /// `now` becomes the event time of a message that has none, and the indexed time of one whose own is not RFC3339.
    ///
    /// # Errors
    /// Whatever makes the intake refuse it, in its order: [`MessageError::Empty`] or
    /// [`MessageError::Json`], [`MessageError::NoTitle`], [`MessageError::NoMessage`].
    pub fn from_pitch(body: &[u8], now: WallTime) -> Result<Self, MessageError> {
        let text = String::from_utf8_lossy(body);
        let text = mend_surrogates(&text);
        let pitched = serde_json::Deserializer::from_str(&text).into_iter::<Option<Pitched>>().next();
        let mut message = match pitched {
            Some(pitched) => pitched?.unwrap_or_default().0,
            None => return Err(MessageError::Empty),
        };
        if message.title.is_empty() {
            return Err(MessageError::NoTitle);
        }
        if message.message.is_empty() {
            return Err(MessageError::NoMessage);
        }
        for (field, default) in [
            (&mut message.severity, DEFAULT_SEVERITY),
            (&mut message.author, DEFAULT_AUTHOR),
            (&mut message.system, DEFAULT_SYSTEM),
        ] {
            if field.is_empty() {
                default.clone_into(field);
            }
        }
        if message.timestamp.is_empty() {
            message.timestamp = WallTime::from_unix_ms(now.unix_seconds() * 1000).to_string();
        }
        message.timestamp_unix =
            Some(WallTime::parse_rfc3339(&message.timestamp).unwrap_or(now).unix_seconds());
        Ok(message)
    }

    /// Calls `read` with the fields that count, as an index over this document would hand them out.
    pub fn with_row<T>(&self, read: impl FnOnce(&Row<'_>) -> T) -> T {
        let unix = self.timestamp_unix.map(|seconds| seconds.to_string());
        read(&Row {
            severity: non_empty(&self.severity),
            system: non_empty(&self.system),
            timestamp: non_empty(&self.timestamp),
            timestamp_unix: unix.as_deref(),
            tags: non_empty(&self.tags),
        })
    }

    fn text_field(&mut self, name: &str) -> Option<&mut String> {
        Some(match name {
            "title" => &mut self.title,
            "message" => &mut self.message,
            "severity" => &mut self.severity,
            "author" => &mut self.author,
            "timestamp" => &mut self.timestamp,
            "system" => &mut self.system,
            "tags" => &mut self.tags,
            "assigneeaddress" => &mut self.assigneeaddress,
            "assigneename" => &mut self.assigneename,
            "artifacts" => &mut self.artifacts,
            "url" => &mut self.url,
            _ => return None,
        })
    }
}

fn non_empty(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

fn lenient_text(value: Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text,
        Value::Array(mut items) if matches!(items[..], [Value::String(_)]) => {
            items.pop().map(lenient_text).unwrap_or_default()
        }
        other => other.to_string(),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "saturates, and junk that large is bounded by its readers"
)]
fn whole_seconds(seconds: f64) -> i64 {
    seconds.floor() as i64
}

/// What the store gave a message that it took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The key of the document.
    pub key: String,
    /// The stream whose entry announces it.
    pub stream: String,
    /// The id of that entry.
    pub entry: String,
}
