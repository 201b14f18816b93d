//! Which form of an answer a client wants, and whether it has it already.

use std::io::Write as _;

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use http::HeaderMap;
use http::header::{ACCEPT_ENCODING, IF_NONE_MATCH};

/// Whether the client asked for gzip: by name, or by `*`, with a weight above zero.
pub(crate) fn wants_gzip(headers: &HeaderMap) -> bool {
    let mut any = false;
    for value in headers.get_all(ACCEPT_ENCODING) {
        for item in value.to_str().unwrap_or_default().split(',') {
            let (coding, parameters) = item.split_once(';').unwrap_or((item, ""));
            let wanted = weight(parameters) > 0.0;
            match coding.trim() {
                coding if coding.eq_ignore_ascii_case("gzip") || coding.eq_ignore_ascii_case("x-gzip") => {
                    return wanted;
                }
                "*" => any = wanted,
                _ => {}
            }
        }
    }
    any
}

/// The weight among the parameters; one where there is none, zero where it is no number.
fn weight(parameters: &str) -> f32 {
    let weight = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("q").then(|| value.trim().parse().unwrap_or(0.0))
    });
    weight.unwrap_or(1.0)
}

/// Whether the client has the representation with that tag (quotes included) already.
pub(crate) fn has_already(headers: &HeaderMap, tag: &str) -> bool {
    headers.get_all(IF_NONE_MATCH).iter().any(|value| {
        let listed = value.to_str().unwrap_or_default().split(',').map(str::trim);
        listed.into_iter().any(|item| item == "*" || item.strip_prefix("W/").unwrap_or(item) == tag)
    })
}

/// The text compressed; `None` where that does not make it shorter.
pub(crate) fn gzip(text: &[u8], level: Compression) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(text.len() / 2 + 64), level);
    encoder.write_all(text).ok()?;
    let compressed = encoder.finish().ok()?;
    (compressed.len() < text.len()).then(|| compressed.into())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use http::header::HeaderName;

    use super::*;

    fn with(name: HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn gzip_is_sent_only_to_who_asks_for_it() {
        for (header, wanted) in [
            ("gzip", true),
            ("deflate, GZIP;q=0.5", true),
            ("x-gzip", true),
            ("*", true),
            ("br, *;q=0.1", true),
            ("gzip;q=0", false),
            ("gzip; q=0.000, *", false),
            ("*;q=0", false),
            ("identity", false),
            ("deflate, br", false),
            ("", false),
            ("gzip;q=junk", false),
        ] {
            assert_eq!(wants_gzip(&with(ACCEPT_ENCODING, header)), wanted, "{header:?}");
        }
        assert!(!wants_gzip(&HeaderMap::new()));
    }

    #[test]
    fn a_tag_is_found_in_lists_weak_or_strong_and_by_a_star() {
        for (header, found) in [
            ("\"a\"", true),
            ("W/\"a\"", true),
            ("\"b\", W/\"a\" ,\"c\"", true),
            ("*", true),
            ("\"b\"", false),
            ("a", false),
            ("", false),
        ] {
            assert_eq!(has_already(&with(IF_NONE_MATCH, header), "\"a\""), found, "{header:?}");
        }
        assert!(!has_already(&HeaderMap::new(), "\"a\""));
    }

    #[test]
    fn what_gzip_would_lengthen_stays_as_it_is() {
        assert_eq!(gzip(b"short", Compression::best()), None);
        assert!(gzip(&[b'a'; 1000], Compression::best()).is_some_and(|short| short.len() < 50));
    }
}
