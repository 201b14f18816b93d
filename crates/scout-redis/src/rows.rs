//! The rows of a cursor's answer, in either protocol.

use std::borrow::Cow;

use redis::Value;
use scout_core::{Row, ScanSink, StoreError, StoreErrorKind};

use crate::error::Faults;
use crate::info::KeyType;
use crate::metrics::Command;
use crate::value::{bytes, entries, field, list, text};

/// What is read of each document, under names that keep answers short.
///
/// Over JSON always by path: so a value is the document's own, whatever the index makes of it and whether or not it
/// holds that field.
pub(crate) fn load(key_type: KeyType) -> &'static [&'static str] {
    match key_type {
        KeyType::Json => &[
            "@__key",
            "AS",
            "k",
            "$.severity",
            "AS",
            "s",
            "$.system",
            "AS",
            "y",
            "$.timestamp",
            "AS",
            "t",
            "$.timestamp_unix",
            "AS",
            "u",
        ],
        KeyType::Hash => &[
            "@__key",
            "AS",
            "k",
            "severity",
            "AS",
            "s",
            "system",
            "AS",
            "y",
            "timestamp",
            "AS",
            "t",
            "timestamp_unix",
            "AS",
            "u",
        ],
    }
}

/// One answer of a cursor, taken apart but not copied.
#[derive(Debug)]
pub(crate) struct Batch<'a> {
    rows: &'a [Value],
    layout: Layout,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    /// Each row is a list of names and values.
    Flat,
    /// Each row is a map, in which a map holds the fields.
    Maps,
}

/// What the rows of a batch came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Documents given to the sink.
    pub(crate) documents: u64,
    /// Documents of the index that could not be opened: expired and not yet removed, or blanked.
    pub(crate) vanished: u64,
}

impl<'a> Batch<'a> {
    /// Takes an answer apart: `[rows, cursor]`.
    pub(crate) fn read(answer: &'a Value, faults: &Faults) -> Result<Self, StoreError> {
        let form = || faults.form(Command::Cursor, "rows and a cursor");
        let Some([body, Value::Int(cursor)]) = list(answer) else { return Err(form()) };
        if let Value::Map(_) = body {
            let rows = field(body, "results").and_then(list).ok_or_else(form)?;
            heed_warnings(body, *cursor, faults)?;
            return Ok(Self { rows, layout: Layout::Maps });
        }
        // The first element is a number that says nothing about the rows of a cursor.
        let [_, rows @ ..] = list(body).ok_or_else(form)? else { return Err(form()) };
        Ok(Self { rows, layout: Layout::Flat })
    }

    /// How many rows there are, including those that hold no document.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Gives the rows to the sink.
    pub(crate) fn deliver(&self, sink: &mut dyn ScanSink, faults: &Faults) -> Result<Tally, StoreError> {
        let mut tally = Tally::default();
        for row in self.rows {
            let fields = match self.layout {
                Layout::Flat => row,
                Layout::Maps => field(row, "extra_attributes")
                    .ok_or_else(|| faults.form(Command::Cursor, "fields in every row"))?,
            };
            match fields {
                Value::Nil => tally.vanished += 1,
                Value::ServerError(error) => return Err(faults.refusal(Command::Cursor, error)),
                fields => tally.documents += u64::from(deliver(fields, sink)),
            }
        }
        Ok(tally)
    }
}

/// Whether a document stood there. A step that ran out of time has one row without any field.
fn deliver(fields: &Value, sink: &mut dyn ScanSink) -> bool {
    let mut key = None;
    let (mut severity, mut system, mut timestamp, mut seconds) = (None, None, None, None);
    for (name, value) in entries(fields) {
        let slot = match bytes(name) {
            Some(b"k") => &mut key,
            Some(b"s") => &mut severity,
            Some(b"y") => &mut system,
            Some(b"t") => &mut timestamp,
            Some(b"u") => &mut seconds,
            _ => continue,
        };
        *slot = read(value);
    }
    let Some(key) = key else { return false };
    let row = Row {
        severity: severity.as_deref(),
        system: system.as_deref(),
        timestamp: timestamp.as_deref(),
        timestamp_unix: seconds.as_deref(),
    };
    sink.row(&key, &row);
    true
}

/// Values are texts in both protocols; a server that sends numbers as numbers is understood too.
fn read(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::Int(number) => Some(Cow::Owned(number.to_string())),
        Value::Double(number) => Some(Cow::Owned(number.to_string())),
        value => text(value),
    }
}

/// A warning that time ran out while more is to come loses nothing. Any other means that the answer is not whole.
fn heed_warnings(body: &Value, cursor: i64, faults: &Faults) -> Result<(), StoreError> {
    let warnings = match field(body, "warning") {
        None | Some(Value::Nil) => return Ok(()),
        Some(warning) => list(warning).unwrap_or(std::slice::from_ref(warning)),
    };
    for warning in warnings {
        let words = text(warning).unwrap_or_default();
        let harmless = cursor != 0 && words.to_ascii_lowercase().contains("timeout limit");
        if !harmless {
            return Err(faults.other(StoreErrorKind::Partial, &format!("an answer is not whole: {words}")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
