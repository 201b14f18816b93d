//! The rows of a cursor's answer, in either protocol.

use std::borrow::Cow;
use std::collections::HashMap;

use redis::Value;
use scout_core::{Row, ScanSink, StoreError, StoreErrorKind};

use crate::error::Faults;
use crate::info::KeyType;
use crate::metrics::Command;
use crate::value::{bytes, count, entries, field, list, text};

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

/// The same of a search, whose answer names the key by itself.
pub(crate) fn returned(key_type: KeyType) -> &'static [&'static str] {
    &load(key_type)[WORDS..]
}

/// That without `timestamp_unix`, which counts only where `timestamp` is no time.
pub(crate) fn returned_first(key_type: KeyType) -> &'static [&'static str] {
    let all = returned(key_type);
    &all[..all.len() - WORDS]
}

/// What asks for tags beside that, which only some rules do.
pub(crate) fn returned_tags(key_type: KeyType) -> &'static [&'static str] {
    match key_type {
        KeyType::Json => &["$.tags", "AS", "g"],
        KeyType::Hash => &["tags", "AS", "g"],
    }
}

/// How many words of [`load`] ask for one thing. The first is the key, the last `timestamp_unix`.
const WORDS: usize = 3;

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
    let fields = Fields::read(fields);
    let Some(key) = &fields.key else { return false };
    sink.row(key, &fields.row());
    true
}

/// What counts of a document.
#[derive(Debug, Default)]
struct Fields<'a> {
    key: Option<Cow<'a, str>>,
    severity: Option<Cow<'a, str>>,
    system: Option<Cow<'a, str>>,
    timestamp: Option<Cow<'a, str>>,
    timestamp_unix: Option<Cow<'a, str>>,
    tags: Option<Cow<'a, str>>,
}

impl<'a> Fields<'a> {
    fn read(fields: &'a Value) -> Self {
        let mut read = Self::default();
        for (name, value) in entries(fields) {
            let slot = match bytes(name) {
                Some(b"k") => &mut read.key,
                Some(b"s") => &mut read.severity,
                Some(b"y") => &mut read.system,
                Some(b"t") => &mut read.timestamp,
                Some(b"u") => &mut read.timestamp_unix,
                Some(b"g") => &mut read.tags,
                _ => continue,
            };
            *slot = read_text(value);
        }
        read
    }

    fn row(&self) -> Row<'_> {
        Row {
            severity: self.severity.as_deref(),
            system: self.system.as_deref(),
            timestamp: self.timestamp.as_deref(),
            timestamp_unix: self.timestamp_unix.as_deref(),
            tags: self.tags.as_deref(),
        }
    }
}

/// A document with its key; `None` where it is gone but not yet from the index.
fn present<'a>(key: Cow<'a, str>, fields: &'a Value) -> Option<(Cow<'a, str>, Fields<'a>)> {
    (*fields != Value::Nil).then(|| (key, Fields::read(fields)))
}

/// The documents that a search found, by their keys.
#[derive(Debug)]
pub(crate) struct Found<'a>(Vec<(Cow<'a, str>, Fields<'a>)>);

impl<'a> Found<'a> {
    /// Takes the answer to FT.SEARCH apart.
    pub(crate) fn read(answer: &'a Value, faults: &Faults) -> Result<Self, StoreError> {
        let form = || faults.form(Command::Search, "documents with their keys");
        let mut found = Vec::new();
        if let Value::Map(_) = answer {
            heed_warnings(answer, 0, faults)?;
            for result in field(answer, "results").and_then(list).ok_or_else(form)? {
                let key = field(result, "id").and_then(text).ok_or_else(form)?;
                found.extend(present(key, field(result, "extra_attributes").unwrap_or(&Value::Nil)));
            }
            return Ok(Self(found));
        }
        let [matched, documents @ ..] = list(answer).ok_or_else(form)? else { return Err(form()) };
        for document in documents.chunks_exact(2) {
            found.extend(present(text(&document[0]).ok_or_else(form)?, &document[1]));
        }
        // A search that ran out of time says how many there are, and gives fewer.
        let (matched, given) = (count(matched).ok_or_else(form)?, documents.len() as u64 / 2);
        if matched > given {
            let text = format!("a search found {matched} documents and gave {given}");
            return Err(faults.other(StoreErrorKind::Partial, &text));
        }
        Ok(Self(found))
    }

    /// The documents by key.
    pub(crate) fn rows(&self) -> HashMap<&str, Row<'_>> {
        self.0.iter().map(|(key, fields)| (&**key, fields.row())).collect()
    }
}

/// Values are texts in both protocols; a server that sends numbers as numbers is understood too.
fn read_text(value: &Value) -> Option<Cow<'_, str>> {
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
