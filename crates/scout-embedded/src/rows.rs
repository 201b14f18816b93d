//! Rows of a scan on their way from the thread that reads to whoever counts.

use std::ops::Range;

use scout_core::{Row, ScanSink};

use crate::layout::Counted;

/// Rows that are read before they are counted: so few that counting them delays nobody.
const MAX_ROWS: usize = 512;

/// Bytes of text after which no row is added: names can be as long as a message.
const MAX_TEXT_BYTES: usize = 256 << 10;

/// Some rows, their texts one after the other in one piece of memory.
#[derive(Debug, Default)]
pub(crate) struct Rows {
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
    tags: Option<Range<usize>>,
}

impl Rows {
    pub(crate) fn push(&mut self, counted: Counted<'_>) {
        self.push_tagged(counted, None);
    }

    /// The same, with the message's tags.
    pub(crate) fn push_tagged(
        &mut self,
        (key, severity, system, timestamp, timestamp_unix): Counted<'_>,
        tags: Option<&str>,
    ) {
        let texts = Texts {
            key: self.keep(key),
            severity: severity.map(|text| self.keep(text)),
            system: system.map(|text| self.keep(text)),
            timestamp: timestamp.map(|text| self.keep(text)),
            timestamp_unix: timestamp_unix.map(|text| self.keep(text)),
            tags: tags.map(|text| self.keep(text)),
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

    pub(crate) fn is_full(&self) -> bool {
        self.rows.len() >= MAX_ROWS || self.text.len() >= MAX_TEXT_BYTES
    }

    /// Gives the rows to the sink.
    pub(crate) fn pour(&self, sink: &mut dyn ScanSink) {
        self.each(|key, row| sink.row(key, row));
    }

    /// Every row with its key, in their order.
    pub(crate) fn each(&self, mut give: impl FnMut(&str, &Row<'_>)) {
        let text = |range: &Option<Range<usize>>| range.clone().map(|range| &self.text[range]);
        for texts in &self.rows {
            let row = Row {
                severity: text(&texts.severity),
                system: text(&texts.system),
                timestamp: text(&texts.timestamp),
                timestamp_unix: text(&texts.timestamp_unix),
                tags: text(&texts.tags),
            };
            give(&self.text[texts.key.clone()], &row);
        }
    }
}
