//! Durations as the platform's configuration writes them: the grammar of Go's `time.ParseDuration`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

const MICROSECOND: u64 = 1_000;
const MILLISECOND: u64 = 1_000_000;
const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

/// The magnitude of the most negative duration, one above the largest positive one.
const LIMIT: u64 = 1 << 63;

/// A signed span of nanoseconds, read and written as Go does (`1h30m`, `500ms`, `1m0s`).
///
/// ```
/// use scout_core::GoDuration;
///
/// let interval: GoDuration = "60s".parse()?;
/// assert_eq!(interval.to_string(), "1m0s");
/// assert!("60".parse::<GoDuration>().is_err());
/// # Ok::<(), scout_core::ParseDurationError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GoDuration(i64);

impl GoDuration {
    /// A span of so many nanoseconds.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// The span in nanoseconds.
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// The same span as a standard duration; `None` when it is negative.
    pub fn to_std(self) -> Option<Duration> {
        u64::try_from(self.0).ok().map(Duration::from_nanos)
    }
}

impl From<Duration> for GoDuration {
    /// Spans beyond 292 years are cut to the largest one.
    fn from(span: Duration) -> Self {
        Self(i64::try_from(span.as_nanos()).unwrap_or(i64::MAX))
    }
}

/// Why a text is no duration; the texts are those that operators know from Go.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseDurationError {
    /// Not of the form, or beyond 292 years.
    #[error("time: invalid duration {}", quoted(.0))]
    Invalid(String),
    /// A number without a unit, such as `60`.
    #[error("time: missing unit in duration {}", quoted(.0))]
    MissingUnit(String),
    /// A unit other than ns, us (µs), ms, s, m, h.
    #[error("time: unknown unit {} in duration {}", quoted(.unit), quoted(.text))]
    UnknownUnit {
        /// The unit as written.
        unit: String,
        /// The whole text.
        text: String,
    },
}

/// Quotes as Go's parser does in its errors: quotes, backslashes, control and non-ASCII bytes are escaped.
fn quoted(text: &str) -> String {
    use fmt::Write as _;
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => {
                out.push('\\');
                out.push(char::from(byte));
            }
            b' '..=0x7f => out.push(char::from(byte)),
            // Writing to a string cannot fail.
            _ => drop(write!(out, "\\x{byte:02x}")),
        }
    }
    out.push('"');
    out
}

impl FromStr for GoDuration {
    type Err = ParseDurationError;

    fn from_str(text: &str) -> Result<Self, ParseDurationError> {
        let invalid = || ParseDurationError::Invalid(text.to_owned());
        let negative = text.starts_with('-');
        let mut rest = text.strip_prefix(['-', '+']).unwrap_or(text).as_bytes();
        if rest == b"0" {
            return Ok(Self(0));
        }
        if rest.is_empty() {
            return Err(invalid());
        }
        let mut total: u64 = 0;
        while !rest.is_empty() {
            let part = Part::take(&mut rest).ok_or_else(invalid)?;
            let unit = take_unit(&mut rest);
            if unit.is_empty() {
                return Err(ParseDurationError::MissingUnit(text.to_owned()));
            }
            let scale = unit_nanos(unit).ok_or_else(|| ParseDurationError::UnknownUnit {
                unit: String::from_utf8_lossy(unit).into_owned(),
                text: text.to_owned(),
            })?;
            let nanos = part.nanos(scale).ok_or_else(invalid)?;
            total = total.checked_add(nanos).filter(|sum| *sum <= LIMIT).ok_or_else(invalid)?;
        }
        let signed = if negative { 0_i64.checked_sub_unsigned(total) } else { i64::try_from(total).ok() };
        signed.map(Self).ok_or_else(invalid)
    }
}

/// One decimal number: a whole part, and a fraction as `fraction / scale`.
struct Part {
    whole: u64,
    fraction: u64,
    scale: f64,
}

impl Part {
    /// Takes the leading number; `None` when there is none or it overflows.
    fn take(rest: &mut &[u8]) -> Option<Self> {
        let (whole_digits, after) = rest.split_at(digits(rest));
        let mut whole: u64 = 0;
        for digit in whole_digits {
            whole = whole.checked_mul(10)?.checked_add(u64::from(digit - b'0')).filter(|n| *n <= LIMIT)?;
        }
        let mut part = Self { whole, fraction: 0, scale: 1.0 };
        let mut fraction_digits: &[u8] = &[];
        *rest = after;
        if let [b'.', after_point @ ..] = after {
            (fraction_digits, *rest) = after_point.split_at(digits(after_point));
            part.read_fraction(fraction_digits);
        }
        (!whole_digits.is_empty() || !fraction_digits.is_empty()).then_some(part)
    }

    /// Digits beyond what 63 bits hold change nothing and are passed over.
    fn read_fraction(&mut self, digits: &[u8]) {
        for digit in digits {
            let longer = self.fraction.checked_mul(10).and_then(|n| n.checked_add(u64::from(digit - b'0')));
            match longer {
                Some(longer) if longer <= LIMIT => {
                    self.fraction = longer;
                    self.scale *= 10.0;
                }
                _ => return,
            }
        }
    }

    fn nanos(&self, unit: u64) -> Option<u64> {
        let whole = self.whole.checked_mul(unit).filter(|n| *n <= LIMIT)?;
        // Below one unit (3.6e12), so the conversion is exact enough and cannot overflow.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 <= value < 3.6e12")]
        let fraction = (self.fraction as f64 * (unit as f64 / self.scale)) as u64;
        whole.checked_add(fraction).filter(|n| *n <= LIMIT)
    }
}

fn digits(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

fn take_unit<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let length = rest.iter().take_while(|byte| **byte != b'.' && !byte.is_ascii_digit()).count();
    let (unit, after) = rest.split_at(length);
    *rest = after;
    unit
}

fn unit_nanos(unit: &[u8]) -> Option<u64> {
    match unit {
        b"ns" => Some(1),
        // U+00B5 (micro sign) and U+03BC (Greek letter mu) look alike and are both in use.
        b"us" | b"\xc2\xb5s" | b"\xce\xbcs" => Some(MICROSECOND),
        b"ms" => Some(MILLISECOND),
        b"s" => Some(SECOND),
        b"m" => Some(MINUTE),
        b"h" => Some(HOUR),
        _ => None,
    }
}

impl fmt::Display for GoDuration {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.unsigned_abs();
        if self.0 < 0 {
            out.write_str("-")?;
        }
        match nanos {
            0 => out.write_str("0s"),
            _ if nanos < MICROSECOND => write!(out, "{nanos}ns"),
            _ if nanos < MILLISECOND => decimal(out, nanos, MICROSECOND, "µs"),
            _ if nanos < SECOND => decimal(out, nanos, MILLISECOND, "ms"),
            _ => {
                if nanos >= HOUR {
                    write!(out, "{}h", nanos / HOUR)?;
                }
                if nanos >= MINUTE {
                    write!(out, "{}m", nanos % HOUR / MINUTE)?;
                }
                decimal(out, nanos % MINUTE, SECOND, "s")
            }
        }
    }
}

/// Writes `nanos` in `unit` (a power of ten) without trailing zeros.
fn decimal(out: &mut fmt::Formatter<'_>, nanos: u64, unit: u64, name: &str) -> fmt::Result {
    let width = unit.ilog10() as usize;
    let fraction = format!("{:0width$}", nanos % unit);
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    write!(out, "{}{point}{fraction}{name}", nanos / unit)
}
