//! A rendered view: its bytes, plain and compressed, with their headers, shared by all answers.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, VARY};
use http::{HeaderName, StatusCode};
use sha2::{Digest as _, Sha256};

use crate::answer::{Answer, JSON, answer};
use crate::encoding::{self, Compressor};

/// One form of a view.
#[derive(Debug)]
struct Representation {
    body: Bytes,
    tag: String,
    headers: HeaderMap,
    not_modified: HeaderMap,
}

/// A view in the forms it is served in.
#[derive(Debug)]
pub(crate) struct View {
    plain: Representation,
    gzip: Option<Representation>,
}

impl View {
    /// Renders all that answers need.
    pub(crate) fn new(body: Bytes, compressor: &Compressor) -> Self {
        let digest = hex(&Sha256::digest(&body)[..16]);
        let gzip = compressor.gzip(&body).map(|body| {
            let mut compressed = Representation::new(body, format!("\"{digest}-gzip\""));
            compressed.headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            compressed
        });
        Self { plain: Representation::new(body, format!("\"{digest}\"")), gzip }
    }

    /// The view itself, uncompressed.
    pub(crate) fn body(&self) -> &Bytes {
        &self.plain.body
    }

    /// The answer to a request with these headers.
    pub(crate) fn answer(&self, request: &HeaderMap) -> Answer {
        let representation = match &self.gzip {
            Some(gzip) if encoding::wants_gzip(request) => gzip,
            _ => &self.plain,
        };
        if encoding::has_already(request, &representation.tag) {
            return answer(StatusCode::NOT_MODIFIED, representation.not_modified.clone(), Bytes::new());
        }
        answer(StatusCode::OK, representation.headers.clone(), representation.body.clone())
    }
}

impl Representation {
    fn new(body: Bytes, tag: String) -> Self {
        // A tag of hexadecimal digits is a valid header.
        let tag_value = HeaderValue::from_str(&tag).unwrap_or_else(|_| HeaderValue::from_static("\"\""));
        let common: [(HeaderName, HeaderValue); 3] = [
            (ETAG, tag_value),
            // May be kept, but asked about each time: the next cycle makes it old.
            (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
            (VARY, HeaderValue::from_static("accept-encoding")),
        ];
        let headers = [(CONTENT_TYPE, JSON)].into_iter().chain(common.clone()).collect();
        Self { body, tag, headers, not_modified: common.into_iter().collect() }
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
