//! Documents on their way out of the file: the fields that count, many at a time.

use std::borrow::Cow;
use std::ops::Range;

use scout_core::{Message, Row, ScanSink};
use serde::Deserialize;

/// The fields that count, where all are texts as this store writes them. Everything else is passed over unread.
#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(borrow, default)]
    severity: Cow<'a, str>,
    #[serde(borrow, default)]
    system: Cow<'a, str>,
    #[serde(borrow, default)]
    timestamp: Cow<'a, str>,
    timestamp_unix: Option<serde_json::Number>,
}

/// Rows of a scan, their texts one after the other in one piece of memory.
#[derive(Debug, Default)]
pub(crate) struct Chunk {
    text: String,
    rows: Vec<Texts>,
}

#[derive(Debug)]
struct Texts {
    key: Range<usize>,
    severity: Option<Range<usize>>,
    system: Option<Range<usize>>,
    timestamp: Option<Range<usize>>,
    timestamp_unix: Option<Range<usize>>,
}

impl Chunk {
    /// Adds a document; false if it is no JSON object.
    pub(crate) fn push(&mut self, key: &str, document: &[u8]) -> bool {
        if let Ok(fields) = serde_json::from_slice::<Fields<'_>>(document) {
            let unix = fields.timestamp_unix.map(|number| number.to_string());
            let row = Row {
                severity: present(&fields.severity),
                system: present(&fields.system),
                timestamp: present(&fields.timestamp),
                timestamp_unix: unix.as_deref(),
            };
            self.push_row(key, &row);
            return true;
        }
        // A field that is no text: read as leniently as documents are anywhere else.
        let Ok(message) = Message::read(document) else { return false };
        message.with_row(|row| self.push_row(key, row));
        true
    }

    fn push_row(&mut self, key: &str, row: &Row<'_>) {
        let texts = Texts {
            key: self.keep(key),
            severity: row.severity.map(|text| self.keep(text)),
            system: row.system.map(|text| self.keep(text)),
            timestamp: row.timestamp.map(|text| self.keep(text)),
            timestamp_unix: row.timestamp_unix.map(|text| self.keep(text)),
        };
        self.rows.push(texts);
    }

    fn keep(&mut self, text: &str) -> Range<usize> {
        let start = self.text.len();
        self.text.push_str(text);
        start..self.text.len()
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Gives the rows to the sink.
    pub(crate) fn pour(&self, sink: &mut dyn ScanSink) {
        let text = |range: &Option<Range<usize>>| range.clone().map(|range| &self.text[range]);
        for texts in &self.rows {
            let row = Row {
                severity: text(&texts.severity),
                system: text(&texts.system),
                timestamp: text(&texts.timestamp),
                timestamp_unix: text(&texts.timestamp_unix),
            };
            sink.row(&self.text[texts.key.clone()], &row);
        }
    }
}

fn present(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}
