//! Event times: how they are written, and the moment that each means.

use serde_json::{Value, json};

use super::calendar::{Style, rfc3339};
use super::expectation::RefusedBy;
use super::random::Random;

/// What a document says about its time.
#[derive(Clone, Debug)]
pub(super) struct Time {
    /// `timestamp`; `None` leaves the field out.
    pub text: Option<Value>,
    /// `timestamp_unix`; `None` leaves the field out.
    pub unix: Option<Value>,
    pub event_time_unix_ms: Option<i64>,
    pub refused_by: RefusedBy,
}

/// Moments far from now, as somebody wrote them.
const FAR: [(&str, i64); 7] = [
    ("0001-01-01T00:00:00Z", -62_135_596_800_000),
    ("1969-12-31T23:59:59Z", -1_000),
    ("1970-01-01T00:00:00Z", 0),
    ("2024-01-28T23:59:59Z", 1_706_486_399_000),
    ("2033-05-18T03:33:20Z", 2_000_000_000_000),
    ("2033-12-31T23:59:59-12:00", 2_019_729_599_000),
    ("9999-12-31T23:59:59Z", 253_402_300_799_000),
];

/// Texts that are no RFC3339.
const JUNK: [&str; 19] = [
    "0",
    "1789196834",
    "1789196834000",
    "",
    "   ",
    "yesterday",
    "n/a",
    "2026-09-12",
    "2026-09-12T07:07:14",
    "2026-09-12T07:07Z",
    "2026-09-12 07:07:14Z",
    " 2026-09-12T07:07:14Z",
    "2026-13-40T07:07:14Z",
    "2026-02-30T07:07:14Z",
    "2026-09-12T25:61:00Z",
    "2026-09-12T07:07:14+0200",
    "2026-09-12T07:07:14.Z",
    "12.09.2026 07:07",
    "Sat, 12 Sep 2026 07:07:14 GMT",
];

const OFFSETS: [i32; 9] = [60, 120, 0, -420, 330, -210, 840, -720, 765];

/// How many oddities [`odd`] knows.
pub(super) const ODD_COUNT: usize = FAR.len() + 3 * JUNK.len() + OFFSETS.len() + 9 + OTHERS;
const OTHERS: usize = 12;

/// One of the odd times; all but a few are near `now_unix_ms`.
pub(super) fn odd(index: usize, now_unix_ms: i64) -> Time {
    let seconds = now_unix_ms.div_euclid(1000) - 3600;
    let mut index = index;
    let mut among = |length: usize| {
        let found = (index < length).then_some(index);
        index = index.wrapping_sub(length);
        found
    };
    let plain = Style { offset_minutes: None, digits: 0, small_letters: false };
    if let Some(far) = among(FAR.len()) {
        let (text, unix_ms) = FAR[far];
        return Time { text: Some(text.into()), unix: None, event_time_unix_ms: Some(unix_ms), ..none() };
    }
    if let Some(junk) = among(JUNK.len()) {
        return Time { text: Some(JUNK[junk].into()), ..none() };
    }
    if let Some(junk) = among(JUNK.len()) {
        return Time { text: Some(JUNK[junk].into()), ..by_number(seconds) };
    }
    if let Some(junk) = among(JUNK.len()) {
        // The number is refused where it is indexed, and is none elsewhere.
        let text = Some(JUNK[junk].into());
        return Time { text, unix: Some("soon".into()), refused_by: RefusedBy::Numeric, ..none() };
    }
    if let Some(offset) = among(OFFSETS.len()) {
        return written(seconds, 0, Style { offset_minutes: Some(OFFSETS[offset]), ..plain });
    }
    if let Some(digits) = among(9) {
        return written(seconds, 987_654_321, Style { digits: digits + 1, ..plain });
    }
    let text = rfc3339(seconds, 0, plain);
    match index {
        0 => none(),
        1 => Time { text: Some(Value::Null), ..none() },
        2 => by_number(seconds),
        3 => Time { text: Some(Value::Null), ..by_number(seconds) },
        4 => by_number(0),
        5 => Time { unix: Some(Value::Null), ..none() },
        6 => written(seconds, 5, Style { small_letters: true, ..plain }),
        // The text goes before the number.
        7 => Time { unix: Some(json!(seconds - 86_400)), ..written(seconds, 0, plain) },
        8 => Time { unix: Some("soon".into()), refused_by: RefusedBy::Numeric, ..written(seconds, 0, plain) },
        9 => Time { text: Some(json!(seconds)), refused_by: RefusedBy::All, ..none() },
        10 => Time { text: Some(json!({"at": text})), refused_by: RefusedBy::All, ..none() },
        _ => Time { text: Some(true.into()), refused_by: RefusedBy::All, ..none() },
    }
}

/// A time of the last `span_ms`, in one of the usual styles; rarely an odd one.
pub(super) fn any(random: &mut Random, now_unix_ms: i64, span_ms: u64) -> Time {
    if random.per_mille(60) {
        return odd(random.index(ODD_COUNT), now_unix_ms);
    }
    if random.per_mille(10) {
        // A day, or up to some years ahead.
        let ahead = if random.per_mille(500) { 86_400 } else { 220_000_000 };
        return written(now_unix_ms.div_euclid(1000) + below(random, ahead), 0, style(random));
    }
    recent(random, now_unix_ms, span_ms)
}

/// A well-written time of the last `span_ms`.
pub(super) fn recent(random: &mut Random, now_unix_ms: i64, span_ms: u64) -> Time {
    let unix_ms = now_unix_ms - below(random, span_ms);
    let (seconds, ms) = (unix_ms.div_euclid(1000), unix_ms.rem_euclid(1000));
    let nanoseconds = u32::try_from(ms * 1_000_000 + below(random, 1_000_000)).unwrap_or_default();
    let time = written(seconds, nanoseconds, style(random));
    // Newer producers add the number.
    if random.per_mille(300) { Time { unix: Some(json!(seconds)), ..time } } else { time }
}

fn style(random: &mut Random) -> Style {
    let offset_minutes = random.per_mille(180).then(|| *random.pick(&OFFSETS));
    let digits = if random.per_mille(100) { 1 + random.index(9) } else { 0 };
    Style { offset_minutes, digits, small_letters: false }
}

/// A moment as text; digits that are not written are no part of it.
fn written(unix_seconds: i64, nanoseconds: u32, style: Style) -> Time {
    let unit = 10u32.pow(9 - u32::try_from(style.digits).unwrap_or(9));
    let written_nanoseconds = nanoseconds / unit * unit;
    Time {
        text: Some(rfc3339(unix_seconds, nanoseconds, style).into()),
        event_time_unix_ms: Some(unix_seconds * 1000 + i64::from(written_nanoseconds / 1_000_000)),
        ..none()
    }
}

fn by_number(unix_seconds: i64) -> Time {
    Time { unix: Some(json!(unix_seconds)), event_time_unix_ms: Some(unix_seconds * 1000), ..none() }
}

fn none() -> Time {
    Time { text: None, unix: None, event_time_unix_ms: None, refused_by: RefusedBy::Nobody }
}

fn below(random: &mut Random, end: u64) -> i64 {
    i64::try_from(random.below(end)).unwrap_or_default()
}
