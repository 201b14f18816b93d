//! What of a message counts: its severity, its system and its time.

use crate::{Severity, WallTime};

/// The fields of a document that count, as the index hands them out; `None` where the document has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Row<'a> {
    /// The severity in the producer's spelling.
    pub severity: Option<&'a str>,
    /// The system, exactly as written.
    pub system: Option<&'a str>,
    /// The event time as text.
    pub timestamp: Option<&'a str>,
    /// The event time in seconds since the epoch, as the decimal text of a number.
    pub timestamp_unix: Option<&'a str>,
    /// Tags, separated by commas. They count for rules that ask for them alone, so a store may leave them out.
    pub tags: Option<&'a str>,
}

/// A message reduced to what counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts<'a> {
    /// The folded severity.
    pub severity: Severity<'a>,
    /// The system; `None` where it is missing or blank.
    pub system: Option<&'a str>,
    /// The event time; `None` for an undated message.
    pub event_time: Option<WallTime>,
}

impl<'a> Row<'a> {
    /// The facts of this document, or `None` if it is foreign: without severity, system and timestamp it is no message.
    pub fn facts(&self) -> Option<Facts<'a>> {
        if self.severity.is_none() && self.system.is_none() && self.timestamp.is_none() {
            return None;
        }
        Some(Facts {
            severity: Severity::fold(self.severity),
            system: self.system.filter(|system| !system.trim().is_empty()),
            event_time: event_time(self.timestamp, self.timestamp_unix),
        })
    }
}

/// The time of the event: `timestamp` where it is RFC3339, else `timestamp_unix` where it is a number, else none.
pub fn event_time(timestamp: Option<&str>, timestamp_unix: Option<&str>) -> Option<WallTime> {
    timestamp
        .and_then(WallTime::parse_rfc3339)
        .or_else(|| timestamp_unix.and_then(|text| text.parse().ok()).and_then(from_unix_seconds))
}

/// Seconds beyond what milliseconds can hold are junk.
fn from_unix_seconds(seconds: f64) -> Option<WallTime> {
    let ms = (seconds * 1000.0).floor();
    #[expect(clippy::cast_possible_truncation, reason = "within the range of i64 by the check")]
    (ms.abs() < 9.0e18).then(|| WallTime::from_unix_ms(ms as i64))
}
