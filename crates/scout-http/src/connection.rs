//! One connection: hyper, watched.
//!
//! hyper knows one timeout, from the end of an answer to the end of the next header, and arms a timer for it with each
//! request. Here one timer is armed per connection and looked at only when it fires; a request costs it nothing.

use std::future::{Future as _, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncWrite as _;
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep, timeout};
use tracing::debug;

use crate::HttpConfig;
use crate::handler::Handler;
use crate::progress::{Mark, Phase, Progress, Watched};
use crate::shared::Shared;
use crate::signals::Listener;

/// A request's line and headers; browsers and proxies allow less.
const MAX_HEADER_BYTES: usize = 16 << 10;
/// What hyper may buffer of a connection's input.
const MAX_BUFFER_BYTES: usize = 64 << 10;

/// How long, and how much, is read of a request that has been answered already.
const LINGER: Duration = Duration::from_millis(500);
const LINGER_BYTES: usize = 4 << 20;

/// How a connection ended.
#[derive(Debug)]
enum End {
    Closed(hyper::Result<()>),
    TimedOut(Phase),
    /// The server stops, and the client of an answer that goes on does not take what there is of it.
    CutOff,
}

/// Serves a connection until it ends.
pub(crate) async fn serve(
    stream: TcpStream,
    remote: SocketAddr,
    shared: Arc<Shared>,
    progress: Arc<Progress>,
) {
    // An answer is written whole, so waiting for more to send with it only delays it. Where the option cannot be set,
    // the client is gone, which the first read will find.
    drop(stream.set_nodelay(true));
    // A listener for both families gives an IPv4 client as `::ffff:192.0.2.1`, which nobody would look for.
    let remote = SocketAddr::new(remote.ip().to_canonical(), remote.port());
    let socket = TokioIo::new(Watched::new(stream, Arc::clone(&progress)));
    let handler = Handler::new(Arc::clone(&shared), Arc::clone(&progress), remote);
    let mut connection = http1::Builder::new()
        .max_header_size(MAX_HEADER_BYTES)
        .max_buf_size(MAX_BUFFER_BYTES)
        .serve_connection(socket, handler);
    let mut watch = Watch::new(&shared, Arc::clone(&progress));
    let mut timer = pin!(sleep(shared.config.header_timeout));
    let end = poll_fn(|context| {
        loop {
            if let Poll::Ready(result) = connection.poll_without_shutdown(context) {
                return Poll::Ready(End::Closed(result));
            }
            if watch.told_to_close(context) {
                if watch.listener.is_stopping() && progress.is_behind() {
                    return Poll::Ready(End::CutOff);
                }
                Pin::new(&mut connection).graceful_shutdown();
                continue;
            }
            return watch.poll(timer.as_mut(), context).map(End::TimedOut);
        }
    })
    .await;
    match end {
        End::Closed(Ok(())) => close(connection.into_parts().io.into_inner().into_inner(), &progress).await,
        End::Closed(Err(error)) => debug!(%remote, %error, "connection ended"),
        End::TimedOut(phase) => {
            shared.stats.timed_out(phase);
            debug!(%remote, ?phase, "connection timed out");
        }
        End::CutOff => debug!(%remote, "connection cut off: the server stops"),
    }
}

/// Closes the socket.
///
/// Where input is unread, that would reset the connection, and the client might never see the answer that told it why its
/// request was not read. So a little more is read, and thrown away.
async fn close(mut stream: TcpStream, progress: &Progress) {
    let shut = poll_fn(|context| Pin::new(&mut stream).poll_shutdown(context)).await;
    if shut.is_err() || !progress.is_body_left() {
        return;
    }
    let drained = timeout(LINGER, async {
        let mut junk = vec![0; 16 << 10];
        let mut left = LINGER_BYTES;
        while left > 0 && stream.readable().await.is_ok() {
            match stream.try_read(&mut junk) {
                Ok(0) => break,
                Ok(read) => left = left.saturating_sub(read),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => break,
            }
        }
    });
    // Whether the client finished in time or not, it has had its chance.
    drop(drained.await);
}

/// Waits on behalf of a connection for what must not last too long.
struct Watch<'a> {
    shared: &'a Shared,
    progress: Arc<Progress>,
    listener: Listener,
    /// What the connection was at when the timer was armed; `None` before the timer has been looked at.
    armed: Option<Mark>,
    closing: bool,
}

impl<'a> Watch<'a> {
    fn new(shared: &'a Shared, progress: Arc<Progress>) -> Self {
        let listener = Listener::new(&shared.signals);
        Self { shared, progress, listener, armed: None, closing: false }
    }

    /// Whether the connection has to close now, or after the answer under way.
    fn told_to_close(&mut self, context: &mut Context<'_>) -> bool {
        if self.closing || !self.listener.was_called(context) {
            return false;
        }
        let waits = matches!(self.progress.mark().phase(), Phase::Silent | Phase::Idle);
        self.closing = self.progress.hears_to_go() && waits || self.listener.is_stopping();
        self.closing
    }

    /// Ready when the connection has been in a phase for too long.
    fn poll(&mut self, mut timer: Pin<&mut Sleep>, context: &mut Context<'_>) -> Poll<Phase> {
        let mark = self.progress.mark();
        let Some(limit) = limit(&self.shared.config, mark.phase()) else { return Poll::Pending };
        let same_phase = self.armed.is_some_and(|armed| armed.phase() == mark.phase());
        if same_phase && !timer.is_elapsed() {
            return Poll::Pending;
        }
        if same_phase && self.armed == Some(mark) {
            return Poll::Ready(mark.phase());
        }
        let passed = match mark.phase() {
            Phase::Idle => self.progress.waited(self.shared.clock.now().mono),
            _ => Duration::ZERO,
        };
        timer.set(sleep(limit.saturating_sub(passed)));
        self.armed = Some(mark);
        // Polled so that it wakes this task.
        timer.poll(context).map(|()| mark.phase())
    }
}

/// How long a connection may stay in a phase; handlers bound their own.
fn limit(config: &HttpConfig, phase: Phase) -> Option<Duration> {
    match phase {
        Phase::Silent | Phase::Header => Some(config.header_timeout),
        Phase::Handling | Phase::Streaming => None,
        Phase::Answering => Some(config.answer_timeout),
        Phase::Idle => Some(config.idle_timeout),
    }
}
