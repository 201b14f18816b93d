//! A bare hyper server: the least that an answer over HTTP can cost, with the timeout that hyper has.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// From the end of an answer to the end of the next header; the service's header timeout.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// What it answers to every request.
#[derive(Clone, Debug, Default)]
pub struct Canned {
    headers: HeaderMap,
    body: Bytes,
}

impl Canned {
    /// The same answer as this one, given as bytes from the status line on; what hyper writes by itself is left to it.
    pub fn parse(answer: &[u8]) -> Option<Self> {
        let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
        let head = str::from_utf8(&answer[..end]).ok()?;
        let mut headers = HeaderMap::new();
        for line in head.split("\r\n").skip(1) {
            let (name, value) = line.split_once(": ")?;
            if !["date", "content-length", "connection"].contains(&name) {
                headers.append(HeaderName::try_from(name).ok()?, HeaderValue::from_str(value).ok()?);
            }
        }
        Some(Self { headers, body: Bytes::copy_from_slice(&answer[end + 4..]) })
    }

    fn response(&self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(self.body.clone()));
        *response.headers_mut() = self.headers.clone();
        response
    }
}

/// Answers every request with the same bytes, for ever.
///
/// # Errors
/// When no connection can be accepted any more.
pub async fn serve(listener: TcpListener, canned: Canned) -> io::Result<Infallible> {
    let canned = Arc::new(canned);
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        while connections.try_join_next().is_some() {}
        let canned = Arc::clone(&canned);
        connections.spawn(async move {
            let service = service_fn(move |request| answer(request, Arc::clone(&canned)));
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADER_TIMEOUT)
                .serve_connection(TokioIo::new(stream), service);
            // How a connection ends is of no interest here.
            drop(connection.await);
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    canned: Arc<Canned>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    if !request.body().is_end_stream() {
        drop(request.into_body().collect().await);
    }
    Ok(canned.response())
}
