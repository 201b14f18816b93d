//! What an answer means: the policy, and nothing else.

use std::time::Duration;

use http::header::LOCATION;
use http::{HeaderMap, StatusCode};
use scout_core::WallTime;
use scout_core::alerting::DeliveryErrorKind;

use super::retry_after::retry_after;

/// What is to be done about an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It was accepted.
    Accepted,
    /// It should be sent to this address in the same way, if that is one of the same origin.
    Elsewhere(String),
    /// It was not accepted.
    Failed(DeliveryErrorKind, Option<Duration>),
}

/// Judges an answer by its status and headers.
pub(super) fn judge(status: StatusCode, headers: &HeaderMap, now: WallTime) -> Verdict {
    use DeliveryErrorKind::{Answer, Rejected, Throttled, Unavailable};
    match status.as_u16() {
        200..=299 => Verdict::Accepted,
        // The others allow a client to change the method, or mean no redirect; a POST would be lost as a GET.
        307 | 308 => headers
            .get(LOCATION)
            .and_then(|location| location.to_str().ok())
            .map_or(Verdict::Failed(Answer, None), |location| Verdict::Elsewhere(location.to_owned())),
        429 => Verdict::Failed(Throttled, retry_after(headers, now)),
        408 | 500..=599 => Verdict::Failed(Unavailable, retry_after(headers, now)),
        400..=499 => Verdict::Failed(Rejected, None),
        _ => Verdict::Failed(Answer, None),
    }
}

/// What the receiver says about it: the `message` or `error` of a JSON answer, else the first line.
pub(super) fn sentence(body: &[u8]) -> String {
    let fields: Option<serde_json::Map<String, serde_json::Value>> = serde_json::from_slice(body).ok();
    let named = fields.and_then(|fields| {
        let text = fields.get("message").or_else(|| fields.get("error"))?;
        text.as_str().map(str::to_owned)
    });
    named.unwrap_or_else(|| String::from_utf8_lossy(body).lines().next().unwrap_or_default().to_owned())
}

/// The same, cut where it gets long, and without anything that a terminal would not take for text.
pub(super) fn plain(text: &str) -> String {
    const LONGEST: usize = 200;
    let plain = |letter: char| if letter.is_control() { ' ' } else { letter };
    let text: String = text.chars().map(plain).collect();
    text.trim().chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use http::header::RETRY_AFTER;

    fn verdict(status: u16, headers: &[(http::HeaderName, &'static str)]) -> Verdict {
        let headers =
            headers.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect();
        judge(StatusCode::from_u16(status).unwrap(), &headers, WallTime::default())
    }

    #[test]
    fn each_status_has_its_meaning() {
        use DeliveryErrorKind::{Answer, Rejected, Throttled, Unavailable};
        for status in [200, 201, 202, 204, 206, 299] {
            assert_eq!(verdict(status, &[]), Verdict::Accepted, "{status}");
        }
        for (status, kind) in [
            (300, Answer),
            (301, Answer),
            (302, Answer),
            (303, Answer),
            (304, Answer),
            (399, Answer),
            (400, Rejected),
            (401, Rejected),
            (404, Rejected),
            (408, Unavailable),
            (413, Rejected),
            (429, Throttled),
            (499, Rejected),
            (500, Unavailable),
            (503, Unavailable),
            (599, Unavailable),
            (600, Answer),
            (999, Answer),
        ] {
            assert_eq!(verdict(status, &[]), Verdict::Failed(kind, None), "{status}");
        }
    }

    #[test]
    fn who_is_sent_elsewhere_keeps_method_and_body_or_is_not_sent_at_all() {
        for status in [307, 308] {
            assert_eq!(verdict(status, &[(LOCATION, "/b")]), Verdict::Elsewhere("/b".to_owned()));
            assert_eq!(verdict(status, &[]), Verdict::Failed(DeliveryErrorKind::Answer, None));
        }
        for status in [301, 302, 303] {
            let expected = Verdict::Failed(DeliveryErrorKind::Answer, None);
            assert_eq!(verdict(status, &[(LOCATION, "/b")]), expected, "{status}");
        }
    }

    #[test]
    fn a_wait_is_heard_from_whoever_may_be_asked_again() {
        let wait = Some(Duration::from_secs(7));
        for (status, wait) in [(429, wait), (408, wait), (500, wait), (503, wait), (400, None), (404, None)] {
            let Verdict::Failed(_, found) = verdict(status, &[(RETRY_AFTER, "7")]) else {
                panic!("{status}")
            };
            assert_eq!(found, wait, "{status}");
        }
    }

    #[test]
    fn the_receivers_own_sentence_is_repeated_short_and_plain() {
        let shown = |body: &[u8]| plain(&sentence(body));
        assert_eq!(shown(br#"{"status":"error","message":"title is required"}"#), "title is required");
        assert_eq!(shown(br#"{"error":"not found"}"#), "not found");
        assert_eq!(shown(b" plain\r\nsecond"), "plain");
        assert_eq!(shown(b"\x1b[31mred\x07"), "[31mred");
        assert_eq!(shown(&[b'a'; 9000]).len(), 200);
        assert_eq!(shown(b""), "");
    }
}
