//! The parts that answers are made of.

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, HeaderMap, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use http::{Response, StatusCode};
use http_body_util::Full;

use crate::route::Methods;
use crate::tokens::Denied;

/// An answer; its body is one piece, most often shared.
pub(crate) type Answer = Response<Full<Bytes>>;

pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// An answer made of the parts given.
pub(crate) fn answer(status: StatusCode, headers: HeaderMap, body: Bytes) -> Answer {
    let mut answer = Response::new(Full::new(body));
    *answer.status_mut() = status;
    *answer.headers_mut() = headers;
    answer
}

/// A JSON answer without further headers.
pub(crate) fn json(status: StatusCode, body: Bytes) -> Answer {
    let mut answer = Response::new(Full::new(body));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, JSON);
    answer
}

/// A JSON error. It may repeat what a client sent, so it is not to be taken for anything but JSON.
pub(crate) fn error(status: StatusCode, body: Bytes) -> Answer {
    let mut answer = json(status, body);
    answer.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}

pub(crate) fn not_found() -> Answer {
    error(StatusCode::NOT_FOUND, Bytes::from_static(b"{\"error\":\"not found\"}\n"))
}

pub(crate) fn method_not_allowed(methods: Methods) -> Answer {
    let body = Bytes::from_static(b"{\"error\":\"method not allowed\"}\n");
    let mut answer = error(StatusCode::METHOD_NOT_ALLOWED, body);
    answer.headers_mut().insert(ALLOW, HeaderValue::from_static(methods.allow()));
    answer
}

pub(crate) fn unauthorized(denied: Denied) -> Answer {
    let body: &'static [u8] = match denied {
        Denied::Missing => b"{\"error\":\"missing authorization header\"}\n",
        Denied::Invalid => b"{\"error\":\"invalid token\"}\n",
    };
    error(StatusCode::UNAUTHORIZED, Bytes::from_static(body))
}
