//! How long a receiver asks to be left alone.

use std::time::{Duration, UNIX_EPOCH};

use http::HeaderMap;
use http::header::{DATE, RETRY_AFTER};
use scout_core::WallTime;

/// Longer than this nobody is waited for: a mistaken header would keep alerts back until somebody looks.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// What `Retry-After` asks for, in seconds or as a date; `None` where it says nothing that can be read.
///
/// A date is compared with the answer's own `Date`, so that the two clocks need not agree, and with `now` without one.
pub(super) fn retry_after(headers: &HeaderMap, now: WallTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let wait = if is_number {
        // More digits than fit are more than the longest.
        text.parse().map_or(LONGEST, Duration::from_secs)
    } else {
        let sent = headers.get(DATE).and_then(|date| date.to_str().ok()).and_then(date);
        date(text)?.since(sent.unwrap_or(now))
    };
    Some(wait.min(LONGEST))
}

/// An HTTP date, in any of its three forms.
fn date(text: &str) -> Option<WallTime> {
    let since = httpdate::parse_http_date(text.trim()).ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(WallTime::default().plus(since))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(retry: &str, date: Option<&str>) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, retry.parse().unwrap());
        if let Some(date) = date {
            headers.insert(DATE, date.parse().unwrap());
        }
        retry_after(&headers, WallTime::parse_rfc3339("2026-03-01T12:00:00Z").unwrap())
    }

    #[test]
    fn seconds_are_taken_as_they_are() {
        assert_eq!(wait("120", None), Some(Duration::from_secs(120)));
        assert_eq!(wait(" 0 ", None), Some(Duration::ZERO));
    }

    #[test]
    fn a_date_counts_from_the_answers_own_date_or_else_from_now() {
        let date = "Sun, 01 Mar 2026 12:02:00 GMT";
        assert_eq!(wait(date, None), Some(Duration::from_secs(120)));
        assert_eq!(wait(date, Some("Sun, 01 Mar 2026 12:01:30 GMT")), Some(Duration::from_secs(30)));
        assert_eq!(wait(date, Some("today")), Some(Duration::from_secs(120)));
        assert_eq!(wait("Sunday, 01-Mar-26 12:00:05 GMT", None), Some(Duration::from_secs(5)));
        assert_eq!(wait("Sun Mar  1 12:00:05 2026", None), Some(Duration::from_secs(5)));
    }

    #[test]
    fn a_date_that_is_over_asks_for_no_wait() {
        assert_eq!(wait("Sun, 01 Mar 2026 11:00:00 GMT", None), Some(Duration::ZERO));
    }

    #[test]
    fn nobody_is_waited_for_longer_than_a_day() {
        for long in ["99999999", "99999999999999999999999", "Sun, 01 Mar 2099 12:00:00 GMT"] {
            assert_eq!(wait(long, None), Some(LONGEST), "{long}");
        }
    }

    #[test]
    fn what_cannot_be_read_says_nothing() {
        for junk in ["", "soon", "-1", "+5", "1.5", "2026-03-01T12:02:00Z"] {
            assert_eq!(wait(junk, None), None, "{junk}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), WallTime::default()), None);
    }
}
