//! Time as an argument: nothing in this crate reads a clock.

use std::fmt;
use std::time::Duration;

use jiff::civil::Date;

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

    /// How long after `earlier` this is; zero if it is not after it.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0).try_into().unwrap_or_default())
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
    /// missing offset, a zone in brackets) is not RFC3339 and gives `None`. A leap second counts as the one before it.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let (date_time, rest) = text.as_bytes().split_at_checked(b"dddd-dd-ddtdd:dd:dd".len())?;
        if !matches(date_time, b"dddd-dd-ddtdd:dd:dd") {
            return None;
        }
        let (fraction_ms, offset) = split_fraction(rest)?;
        let [year, month, day] = [&date_time[..4], &date_time[5..7], &date_time[8..10]].map(number);
        let date = Date::new(year, month.try_into().ok()?, day.try_into().ok()?).ok()?;
        let seconds = date.duration_since(EPOCH).as_secs() + time_of_day(&date_time[11..])?;
        Some(Self((seconds - offset_seconds(offset)?) * 1000 + fraction_ms))
    }
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

const EPOCH: Date = Date::constant(1970, 1, 1);

/// Whether a text is as the pattern: `d` stands for a digit; the case of letters does not matter.
fn matches(text: &[u8], pattern: &[u8]) -> bool {
    text.len() == pattern.len()
        && text.iter().zip(pattern).all(|(byte, wanted)| match wanted {
            b'd' => byte.is_ascii_digit(),
            _ => byte.eq_ignore_ascii_case(wanted),
        })
}

/// The value of at most four digits.
fn number(digits: &[u8]) -> i16 {
    digits.iter().fold(0, |value, digit| value * 10 + i16::from(digit - b'0'))
}

/// Takes the fraction of a second, of any length, off what follows the seconds.
fn split_fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let Some(text) = text.strip_prefix(b".") else { return Some((0, text)) };
    let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = text.split_at(length);
    let ms = digits.iter().chain(b"000").take(3).fold(0, |ms, digit| ms * 10 + i64::from(digit - b'0'));
    (length > 0).then_some((ms, rest))
}

/// The seconds of `dd:dd:dd`.
fn time_of_day(text: &[u8]) -> Option<i64> {
    let [hour, minute, second] = [&text[..2], &text[3..5], &text[6..8]].map(number);
    let is_valid = hour < 24 && minute < 60 && second <= 60;
    is_valid.then(|| i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second.min(59)))
}

/// How far ahead of UTC the clocks go that a time with this offset was read from.
fn offset_seconds(text: &[u8]) -> Option<i64> {
    if matches(text, b"z") {
        return Some(0);
    }
    let ahead = matches(text, b"+dd:dd");
    if !ahead && !matches(text, b"-dd:dd") {
        return None;
    }
    let [hours, minutes] = [&text[1..3], &text[4..6]].map(number);
    let seconds = i64::from(hours) * 3600 + i64::from(minutes) * 60;
    (hours < 24 && minutes < 60).then_some(if ahead { seconds } else { -seconds })
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
