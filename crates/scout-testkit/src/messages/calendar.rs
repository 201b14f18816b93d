//! Moments written as RFC3339 texts.

/// How a moment is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    /// Minutes east of Greenwich; `None` writes `Z`.
    pub offset_minutes: Option<i32>,
    /// Digits of the second's fraction, at most nine.
    pub digits: usize,
    /// Whether `t` and `z` are small.
    pub small_letters: bool,
}

/// The text of a moment, which must not lie before 1970.
pub(super) fn rfc3339(unix_seconds: i64, nanoseconds: u32, style: Style) -> String {
    let local = unix_seconds + i64::from(style.offset_minutes.unwrap_or(0)) * 60;
    let (year, month, day) = date(local.div_euclid(86_400));
    let second = local.rem_euclid(86_400);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let fraction = match style.digits {
        0 => String::new(),
        digits => format!(".{}", &format!("{nanoseconds:09}")[..digits]),
    };
    let offset = style.offset_minutes.map_or_else(
        || "Z".to_owned(),
        |minutes| {
            let sign = if minutes < 0 { '-' } else { '+' };
            format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
        },
    );
    let text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}{offset}");
    if style.small_letters { text.to_ascii_lowercase() } else { text }
}

/// Year, month and day of a number of days since the epoch.
fn date(mut days: i64) -> (i64, i64, i64) {
    let mut year = 1970;
    let is_leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    while days >= 365 + i64::from(is_leap(year)) {
        days -= 365 + i64::from(is_leap(year));
        year += 1;
    }
    let lengths = [31, 28 + i64::from(is_leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 1;
    for length in lengths {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    (year, month, days + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Style = Style { offset_minutes: None, digits: 0, small_letters: false };

    #[test]
    fn known_moments_have_their_texts() {
        for (unix, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"),
            (1_789_196_834, "2026-09-12T07:07:14Z"),
            (2_000_000_000, "2033-05-18T03:33:20Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(rfc3339(unix, 0, PLAIN), text);
        }
    }

    #[test]
    fn offsets_and_fractions_are_written_in_local_time() {
        let at = |offset, digits| {
            rfc3339(1_789_196_834, 120_456_789, Style { offset_minutes: Some(offset), digits, ..PLAIN })
        };
        assert_eq!(at(120, 0), "2026-09-12T09:07:14+02:00");
        assert_eq!(at(-690, 3), "2026-09-11T19:37:14.120-11:30");
        assert_eq!(at(0, 9), "2026-09-12T07:07:14.120456789+00:00");
        assert_eq!(rfc3339(0, 0, Style { small_letters: true, ..PLAIN }), "1970-01-01t00:00:00z");
    }
}
