//! The parts that answers are made of.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS};
use http::{Response, StatusCode};
use http_body_util::Full;
use hyper::body::{Body, Frame, SizeHint};

use crate::events::EventStream;
use crate::route::Methods;
use crate::tokens::Denied;

/// After how many seconds to ask again for numbers that are not there yet.
const RETRY_AFTER_SECONDS: &str = "5";

/// An answer.
pub(crate) type Answer = Response<Content>;

/// The body of an answer.
#[derive(Debug)]
pub(crate) enum Content {
    /// One piece, most often shared.
    Whole(Full<Bytes>),
    /// One part after the other, for as long as there are any; `None` after the last.
    Events(Option<EventStream>),
}

impl Body for Content {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.get_mut() {
            Self::Whole(whole) => Pin::new(whole).poll_frame(context),
            Self::Events(stream) => {
                let Some(events) = stream else { return Poll::Ready(None) };
                let part = ready!(events.poll_next(context));
                if part.is_none() {
                    *stream = None;
                }
                Poll::Ready(part.map(|part| Ok(Frame::data(part))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(whole) => whole.is_end_stream(),
            Self::Events(stream) => stream.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(whole) => whole.size_hint(),
            Self::Events(_) => SizeHint::default(),
        }
    }
}

pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// An answer made of the parts given.
pub(crate) fn answer(status: StatusCode, headers: HeaderMap, body: Bytes) -> Answer {
    let mut answer = Response::new(Content::Whole(Full::new(body)));
    *answer.status_mut() = status;
    *answer.headers_mut() = headers;
    answer
}

/// An answer that goes on.
pub(crate) fn stream(headers: HeaderMap, events: EventStream) -> Answer {
    let mut answer = Response::new(Content::Events(Some(events)));
    *answer.headers_mut() = headers;
    answer
}

/// A JSON answer without further headers.
pub(crate) fn json(status: StatusCode, body: Bytes) -> Answer {
    let mut answer = Response::new(Content::Whole(Full::new(body)));
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

/// What is asked for is not there yet.
pub(crate) fn unavailable(body: Bytes) -> Answer {
    let mut answer = error(StatusCode::SERVICE_UNAVAILABLE, body);
    answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_SECONDS));
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
