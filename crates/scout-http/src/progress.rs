//! Where a connection stands, so that whoever lets it wait too long can be cut off.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use scout_core::MonoTime;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Whom a connection waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The client, who has sent no header or not all of it.
    Header,
    /// Us: a request is being handled, its body included.
    Handling,
    /// The client, who has not taken all of the answer.
    Answering,
    /// The client, who may send another request or not.
    Idle,
}

/// A phase and how often things have moved on; as long as it stays the same, nothing has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark(u64);

impl Mark {
    pub(crate) const fn phase(self) -> Phase {
        match self.0 & 3 {
            0 => Phase::Header,
            1 => Phase::Handling,
            2 => Phase::Answering,
            _ => Phase::Idle,
        }
    }
}

/// The state of one connection. One task writes and reads it, so plain loads and stores do; they are atomic only
/// because the three who hold it (socket, handler, watch) may not borrow from each other.
#[derive(Debug)]
pub(crate) struct Progress {
    mark: AtomicU64,
    /// When the last answer was ready, in nanoseconds of the server's clock.
    answered_at: AtomicU64,
    /// Whether the last request's body has been left unread, at least in part.
    body_left: AtomicBool,
}

impl Progress {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            mark: AtomicU64::new(Phase::Header as u64),
            answered_at: AtomicU64::new(0),
            body_left: AtomicBool::new(false),
        })
    }

    pub(crate) fn mark(&self) -> Mark {
        Mark(self.mark.load(Ordering::Relaxed))
    }

    /// A request has been read and is being handled; its body may be still to come.
    pub(crate) fn handling(&self, has_body: bool) {
        self.body_left.store(has_body, Ordering::Relaxed);
        self.enter(Phase::Handling);
    }

    /// The body has been read to its end.
    pub(crate) fn body_read(&self) {
        self.body_left.store(false, Ordering::Relaxed);
    }

    pub(crate) fn is_body_left(&self) -> bool {
        self.body_left.load(Ordering::Relaxed)
    }

    /// The answer to it is ready.
    pub(crate) fn answering(&self, now: MonoTime) {
        let nanos = now.since(MonoTime::default()).as_nanos();
        self.answered_at.store(u64::try_from(nanos).unwrap_or(u64::MAX), Ordering::Relaxed);
        self.enter(Phase::Answering);
    }

    /// How long ago the last answer was ready.
    pub(crate) fn since_answer(&self, now: MonoTime) -> Duration {
        now.since(MonoTime::from_start(Duration::from_nanos(self.answered_at.load(Ordering::Relaxed))))
    }

    fn enter(&self, phase: Phase) {
        let moves = (self.mark.load(Ordering::Relaxed) >> 2) + 1;
        self.mark.store(moves << 2 | phase as u64, Ordering::Relaxed);
    }

    fn bytes_came(&self) {
        if self.mark().phase() == Phase::Idle {
            self.enter(Phase::Header);
        }
    }

    fn bytes_went(&self) {
        if self.mark().phase() == Phase::Answering {
            self.enter(Phase::Answering);
        }
    }

    /// All that was written is with the system.
    fn flushed(&self) {
        if self.mark().phase() == Phase::Answering {
            self.enter(Phase::Idle);
        }
    }
}

/// A socket that keeps account of what passes through it.
#[derive(Debug)]
pub(crate) struct Watched<S> {
    socket: S,
    progress: Arc<Progress>,
}

impl<S> Watched<S> {
    pub(crate) fn new(socket: S, progress: Arc<Progress>) -> Self {
        Self { socket, progress }
    }

    /// The socket itself.
    pub(crate) fn into_inner(self) -> S {
        self.socket
    }

    fn count(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if matches!(written, Poll::Ready(Ok(1..))) {
            self.progress.bytes_went();
        }
        written
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.socket).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.progress.bytes_came();
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(context, bytes);
        self.count(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write_vectored(context, parts);
        self.count(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    /// Called by hyper only when its own buffers are empty.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.socket).poll_flush(context);
        if matches!(flushed, Poll::Ready(Ok(()))) {
            self.progress.flushed();
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}
