//! Which form of an answer a client wants, and whether it has it already.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use flate2::{Compress, Compression, Crc, FlushCompress, Status};
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

/// Compresses one text after the other.
///
/// Its tables of 300 kB are kept, since getting them from the system takes several times as long as compressing a text
/// of a few kilobytes.
pub(crate) struct Compressor {
    level: Compression,
    tables: Mutex<Compress>,
}

impl Compressor {
    pub(crate) fn new(level: Compression) -> Self {
        Self { level, tables: Mutex::new(Compress::new(level, false)) }
    }

    /// The text as gzip; `None` where that does not make it shorter.
    pub(crate) fn gzip(&self, text: &[u8]) -> Option<Bytes> {
        // Deflate, without a time, from an unknown system.
        const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
        // Room for any text, one that grows among them, so that each run comes to its end.
        let mut out = Vec::with_capacity(text.len() + text.len() / 8 + 64);
        out.extend_from_slice(&HEADER);
        // Whatever a panic left in the tables goes with the reset.
        let mut compress = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        compress.reset();
        let status = compress.compress_vec(text, &mut out, FlushCompress::Finish);
        if !matches!(status, Ok(Status::StreamEnd)) {
            // What a run left unfinished holds back outlives the reset, and adds up to a panic.
            *compress = Compress::new(self.level, false);
            return None;
        }
        drop(compress);
        let mut crc = Crc::new();
        crc.update(text);
        let is_shorter = out.len() + 8 < text.len();
        out.extend_from_slice(&crc.sum().to_le_bytes());
        out.extend_from_slice(&crc.amount().to_le_bytes());
        is_shorter.then(|| out.into())
    }
}

impl fmt::Debug for Compressor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Compressor").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::GzDecoder;
    use http::HeaderValue;
    use http::header::HeaderName;
    use sha2::{Digest as _, Sha256};

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
        let compressor = Compressor::new(Compression::fast());
        let junk: Vec<u8> = (0..100_u32).flat_map(|number| Sha256::digest(number.to_le_bytes())).collect();
        for text in [&b""[..], b"short", &junk] {
            assert_eq!(compressor.gzip(text), None, "{} bytes", text.len());
        }
    }

    #[test]
    fn thousands_of_texts_that_gzip_lengthens_leave_no_trace() {
        let compressor = Compressor::new(Compression::fast());
        for number in 0..5_000_usize {
            let text: Vec<u8> =
                (0..=number % 300).map(|at| ((at * 167 + number * 31) % 251).try_into().unwrap()).collect();
            drop(compressor.gzip(&text));
        }
        let text = "abc ".repeat(200);
        let mut back = String::new();
        let compressed = compressor.gzip(text.as_bytes()).expect("it is shorter");
        GzDecoder::new(&*compressed).read_to_string(&mut back).unwrap();
        assert_eq!(back, text);
    }

    #[test]
    fn a_compressor_used_again_remembers_nothing() {
        let compressor = Compressor::new(Compression::fast());
        let texts = ["abc ".repeat(20), "def ".repeat(30_000), "abc ".repeat(20)];
        for text in &texts {
            let compressed = compressor.gzip(text.as_bytes()).expect("it is shorter");
            let mut back = String::new();
            GzDecoder::new(&*compressed).read_to_string(&mut back).unwrap();
            assert_eq!(&back, text);
        }
        assert_eq!(compressor.gzip(texts[0].as_bytes()), compressor.gzip(texts[2].as_bytes()));
    }
}
