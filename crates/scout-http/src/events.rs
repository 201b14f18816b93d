//! `/events`: each new snapshot, told to who listens.
//!
//! Nothing is queued for anybody: a client that is slow misses what came in between and gets the newest.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use http::{Method, StatusCode};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::timeout;

use crate::HttpConfig;
use crate::answer::{self, Answer};
use crate::metrics::{Exposition, Kind};
use crate::progress::{Progress, Streaming};

const EVENTS: HeaderValue = HeaderValue::from_static("text/event-stream");

/// What some proxies read as a wish to pass on each part as it comes.
const UNBUFFERED: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));

/// A comment, so that both sides see that the other is still there.
const HEARTBEAT: &[u8] = b":\n\n";

/// After how many seconds to come back where there is no room.
const RETRY_AFTER_SECONDS: &str = "30";

/// What is told to all who listen.
#[derive(Debug)]
pub(crate) struct Events {
    latest: watch::Sender<Latest>,
    room: Arc<Semaphore>,
    limit: usize,
    refused: AtomicU64,
    heartbeat: Duration,
}

#[derive(Clone, Debug, Default)]
struct Latest {
    event: Option<Bytes>,
    /// Whether the server stops.
    has_ended: bool,
}

/// The event of a snapshot, its data the summary in one line.
pub(crate) fn event(generation: u64, summary: &[u8]) -> Bytes {
    let head = format!("event: snapshot\nid: {generation}\ndata: ");
    // The summary ends in a line feed, a second one ends the event.
    [head.as_bytes(), summary, b"\n"].concat().into()
}

impl Events {
    pub(crate) fn new(config: &HttpConfig) -> Self {
        let limit = config.max_event_clients.min(Semaphore::MAX_PERMITS);
        Self {
            latest: watch::Sender::default(),
            room: Arc::new(Semaphore::new(limit)),
            limit,
            refused: AtomicU64::new(0),
            heartbeat: config.event_heartbeat,
        }
    }

    /// Tells an event, unless it is the one that was told last.
    pub(crate) fn tell(&self, event: Option<&Bytes>) {
        self.latest.send_if_modified(|latest| {
            let is_news = latest.event.as_ref() != event;
            if is_news {
                latest.event = event.cloned();
            }
            is_news
        });
    }

    /// Ends every stream, those that are still to begin included.
    pub(crate) fn end(&self) {
        self.latest.send_modify(|latest| latest.has_ended = true);
    }

    /// How many listen.
    pub(crate) fn clients(&self) -> usize {
        self.limit - self.room.available_permits()
    }

    /// The answer to a request on a connection: a stream that begins with the newest event.
    pub(crate) fn answer(&self, method: &Method, progress: &Arc<Progress>) -> Answer {
        let mut headers = HeaderMap::with_capacity(3);
        headers.insert(CONTENT_TYPE, EVENTS);
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.extend([UNBUFFERED]);
        if method == Method::HEAD {
            return answer::answer(StatusCode::OK, headers, Bytes::new());
        }
        let Ok(room) = Arc::clone(&self.room).try_acquire_owned() else {
            self.refused.fetch_add(1, Ordering::Relaxed);
            return refusal();
        };
        let mut latest = self.latest.subscribe();
        latest.mark_changed();
        let feed =
            Feed { latest, heartbeat: self.heartbeat, _room: room, _streaming: Progress::stream(progress) };
        answer::stream(headers, EventStream { next: Box::pin(feed.next()) })
    }

    pub(crate) fn write(&self, out: &mut Exposition) {
        out.single(
            "homerun2_scout_http_event_clients",
            Kind::Gauge,
            "Clients that listen on /events",
            self.clients(),
        );
        out.single(
            "homerun2_scout_http_event_clients_refused_total",
            Kind::Counter,
            "Clients of /events that were refused because too many listened",
            self.refused.load(Ordering::Relaxed),
        );
    }
}

fn refusal() -> Answer {
    let body = Bytes::from_static(b"{\"error\":\"too many clients listen on /events\"}\n");
    let mut answer = answer::error(StatusCode::SERVICE_UNAVAILABLE, body);
    answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_SECONDS));
    answer
}

/// One client's end of it.
struct Feed {
    latest: watch::Receiver<Latest>,
    heartbeat: Duration,
    _room: OwnedSemaphorePermit,
    _streaming: Streaming,
}

impl Feed {
    /// What is to be sent next, once there is something.
    async fn next(mut self) -> Option<(Bytes, Self)> {
        loop {
            match timeout(self.heartbeat, self.latest.changed()).await {
                Err(_) => return Some((Bytes::from_static(HEARTBEAT), self)),
                Ok(Err(_)) => return None,
                Ok(Ok(())) => {}
            }
            let Latest { event, has_ended } = self.latest.borrow_and_update().clone();
            if has_ended {
                return None;
            }
            if let Some(event) = event {
                return Some((event, self));
            }
        }
    }
}

type Next = Pin<Box<dyn Future<Output = Option<(Bytes, Feed)>> + Send>>;

/// The body of an answer that goes on. It is asked for the next part only when there is room to send it.
pub(crate) struct EventStream {
    next: Next,
}

impl EventStream {
    /// The next part; `None` at the end. Not to be asked again after that.
    pub(crate) fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        Poll::Ready(ready!(self.next.as_mut().poll(context)).map(|(part, feed)| {
            self.next = Box::pin(feed.next());
            part
        }))
    }
}

impl fmt::Debug for EventStream {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("EventStream").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_named_numbered_and_ends_in_an_empty_line() {
        let event = event(7, b"{\"totalMessages\":1}\n");
        assert_eq!(&event[..], b"event: snapshot\nid: 7\ndata: {\"totalMessages\":1}\n\n");
    }
}
