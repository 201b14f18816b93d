//! Time as an argument: nothing in this crate reads a clock.

use std::fmt;
use std::time::Duration;

/// A moment of wall time, in milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WallTime(i64);

impl WallTime {
    /// The moment so many milliseconds after the epoch.
    pub const fn from_unix_ms(ms: i64) -> Self {
        Self(ms)
    }

    /// Milliseconds since the epoch.
    pub const fn unix_ms(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn unix_seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This much later, cut at the end of the representable range.
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(millis(span)))
    }

    /// This much earlier, cut at the start of the representable range.
    pub fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(millis(span)))
    }

    /// Reads RFC3339: a date, `T`, a time, an optional fraction of a second, and `Z` or a numeric offset.
    ///
    /// The date and time must be written out in full; what other standards allow beside it (week dates, a
    /// missing offset, a zone in brackets) is not RFC3339 and gives `None`.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        if !has_rfc3339_shape(text.as_bytes()) {
            return None;
        }
        let timestamp: jiff::Timestamp = text.parse().ok()?;
        Some(Self(timestamp.as_nanosecond().div_euclid(1_000_000).try_into().ok()?))
    }
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

/// `9999-99-99T99:99:99`, an optional fraction, then `Z` or `±99:99`; case of the letters does not matter.
fn has_rfc3339_shape(text: &[u8]) -> bool {
    const PATTERN: &[u8] = b"dddd-dd-ddtdd:dd:dd";
    let Some((head, mut tail)) = text.split_at_checked(PATTERN.len()) else { return false };
    if !matches(head, PATTERN) {
        return false;
    }
    if let [b'.', fraction @ ..] = tail {
        let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            return false;
        }
        tail = &fraction[digits..];
    }
    matches(tail, b"z") || matches(tail, b"+dd:dd") || matches(tail, b"-dd:dd")
}

fn matches(text: &[u8], pattern: &[u8]) -> bool {
    text.len() == pattern.len()
        && text.iter().zip(pattern).all(|(byte, wanted)| match wanted {
            b'd' => byte.is_ascii_digit(),
            _ => byte.eq_ignore_ascii_case(wanted),
        })
}

/// RFC3339 in UTC, with as many digits of the second's fraction as it needs.
impl fmt::Display for WallTime {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(timestamp) => timestamp.fmt(out),
            // Beyond the year 9999 there is no RFC3339 text.
            Err(_) => write!(out, "{}ms", self.0),
        }
    }
}

impl serde::Serialize for WallTime {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A moment of a clock that only runs forward, counted from an arbitrary start in this process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MonoTime(Duration);

impl MonoTime {
    /// The moment this long after the clock's start.
    pub const fn from_start(span: Duration) -> Self {
        Self(span)
    }

    /// How long after `earlier` this is; zero if it is not after it.
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    /// This much later.
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(span))
    }
}

/// The present, as both clocks show it: wall time for what is stored or shown, monotonic time for what has to pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// What the calendar says; may be stepped.
    pub wall: WallTime,
    /// What has passed; never goes back.
    pub mono: MonoTime,
}

/// Where the present comes from. The binary has the one that reads the machine's clocks, tests have their own.
pub trait Clock: fmt::Debug + Send + Sync {
    /// The present.
    fn now(&self) -> Now;
}
