//! What a recorder was sent.

use std::time::SystemTime;

use bytes::Bytes;
use hyper::http::request::Parts;

/// A request, as it came.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Recorded {
    /// In upper case.
    pub method: String,
    /// The request's target: path and query, or the whole address where the recorder is a proxy.
    pub path: String,
    /// Names in lower case, in the order in which they came.
    pub headers: Vec<(String, String)>,
    /// All of the body.
    pub body: Bytes,
    /// When it was whole.
    pub at: SystemTime,
}

impl Recorded {
    #[expect(clippy::disallowed_methods, reason = "a measurement of time")]
    pub(super) fn new(parts: &Parts, body: Bytes) -> Self {
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        let headers = parts.headers.iter();
        Self {
            method: parts.method.to_string(),
            path: parts.uri.to_string(),
            headers: headers.map(|(name, value)| (name.to_string(), text(value.as_bytes()))).collect(),
            body,
            at: SystemTime::now(),
        }
    }

    /// The value of the first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap_or_default()
    }
}
