//! One request and its answer.

use bytes::Bytes;
use http::header::HeaderName;
use http::{HeaderMap, HeaderValue, Method, StatusCode};

/// What is to be sent.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Outgoing {
    /// GET or POST.
    pub method: Method,
    /// Beside those that the client sets: authorization, host, length, user agent.
    pub headers: HeaderMap,
    /// May be empty.
    pub body: Bytes,
}

impl Outgoing {
    /// A request without a body.
    pub fn empty(method: Method) -> Self {
        Self { method, headers: HeaderMap::new(), body: Bytes::new() }
    }

    /// A POST of a JSON document.
    pub fn json(body: impl Into<Bytes>) -> Self {
        let mut outgoing = Self { body: body.into(), ..Self::empty(Method::POST) };
        outgoing.headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        outgoing
    }

    /// The same with one more header.
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }
}

/// An answer that says that it was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// 200 to 299.
    pub status: StatusCode,
    /// All of it; empty where it is longer than 64 KiB, which is not read to its end.
    pub body: Bytes,
}
