//! A message as it goes into the file.

use scout_core::{Message, StoreError, StoreErrorKind};
use uuid::Uuid;

use crate::layout::Counted;

/// A message with its key: what counts of it, and the whole of it.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) key: String,
    severity: Option<String>,
    system: Option<String>,
    timestamp: Option<String>,
    timestamp_unix: Option<String>,
    pub(crate) document: Vec<u8>,
}

impl Stored {
    /// Gives a message its key, `<uuid>-<system>` as everywhere on the platform.
    pub(crate) fn new(message: &Message) -> Result<Self, StoreError> {
        let document = serde_json::to_vec(message).map_err(|error| {
            StoreError::new(StoreErrorKind::Refused, "the message cannot be written as JSON")
                .with_source(error)
        })?;
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Ok(message.with_row(|row| Self {
            // Random as the platform's own keys are: it is what makes them unique among all producers.
            key: format!("{}-{}", Uuid::new_v4(), message.system),
            severity: owned(row.severity),
            system: owned(row.system),
            timestamp: owned(row.timestamp),
            timestamp_unix: owned(row.timestamp_unix),
            document,
        }))
    }

    pub(crate) fn counted(&self) -> Counted<'_> {
        (
            &self.key,
            self.severity.as_deref(),
            self.system.as_deref(),
            self.timestamp.as_deref(),
            self.timestamp_unix.as_deref(),
        )
    }

    /// The memory that it takes, about.
    pub(crate) fn bytes(&self) -> usize {
        let texts = [&self.severity, &self.system, &self.timestamp, &self.timestamp_unix];
        let counted: usize = texts.into_iter().flatten().map(String::len).sum();
        size_of::<Self>() + self.key.len() + counted + self.document.len()
    }
}
