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
    /// The client, who has connected and sent nothing yet.
    Silent,
    /// The client, who has not sent all of a header.
    Header,
    /// Us: a request is being handled, its body included.
    Handling,
    /// The client, who has not taken all of the answer.
    Answering,
    /// The client, who may send another request or not.
    Idle,
    /// Us: all that there is of an answer that goes on has been taken.
    Streaming,
}

/// The bits of a mark that hold the phase; the others count.
const PHASE_BITS: u32 = 3;
const PHASE_MASK: u64 = (1 << PHASE_BITS) - 1;

/// A phase and how often things have moved on; as long as it stays the same, nothing has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark(u64);

impl Mark {
    pub(crate) const fn phase(self) -> Phase {
        match self.0 & PHASE_MASK {
            0 => Phase::Silent,
            1 => Phase::Header,
            2 => Phase::Handling,
            3 => Phase::Answering,
            4 => Phase::Idle,
            _ => Phase::Streaming,
        }
    }
}

/// The state of one connection. One task writes it, so plain loads and stores do; they are atomic because the three who
/// hold it there (socket, handler, watch) may not borrow from each other. The server looks at it too, and asks the
/// connection to go; whether it does is decided by the task, which knows what has come since.
#[derive(Debug)]
pub(crate) struct Progress {
    mark: AtomicU64,
    /// When the client connected, or the last answer was ready, in nanoseconds of the server's clock.
    waiting_since: AtomicU64,
    asked_to_go: AtomicBool,
    /// Whether the last request's body has been left unread, at least in part.
    body_left: AtomicBool,
    /// Whether the answer under way goes on after what there is of it has been taken.
    streams: AtomicBool,
}

/// For as long as it lives, the answer under way goes on.
#[derive(Debug)]
pub(crate) struct Streaming(Arc<Progress>);

impl Drop for Streaming {
    fn drop(&mut self) {
        self.0.streams.store(false, Ordering::Relaxed);
        if self.0.mark().phase() == Phase::Streaming {
            // The mark of its end is still to be taken.
            self.0.enter(Phase::Answering);
        }
    }
}

impl Progress {
    /// That of a client who connects now.
    pub(crate) fn new(now: MonoTime) -> Arc<Self> {
        Arc::new(Self {
            mark: AtomicU64::new(Phase::Silent as u64),
            waiting_since: AtomicU64::new(nanos(now)),
            asked_to_go: AtomicBool::new(false),
            body_left: AtomicBool::new(false),
            streams: AtomicBool::new(false),
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
        self.waiting_since.store(nanos(now), Ordering::Relaxed);
        self.enter(Phase::Answering);
    }

    /// How long ago the client connected, or the last answer was ready.
    pub(crate) fn waited(&self, now: MonoTime) -> Duration {
        now.since(MonoTime::from_start(Duration::from_nanos(self.waiting_since.load(Ordering::Relaxed))))
    }

    /// Others wait for the place of this connection.
    pub(crate) fn ask_to_go(&self) {
        self.asked_to_go.store(true, Ordering::Relaxed);
    }

    /// Whether it was asked to go since this was called last.
    pub(crate) fn hears_to_go(&self) -> bool {
        self.asked_to_go.swap(false, Ordering::Relaxed)
    }

    /// The answer that is about to be given goes on for as long as what is returned lives.
    pub(crate) fn stream(progress: &Arc<Self>) -> Streaming {
        progress.streams.store(true, Ordering::Relaxed);
        Streaming(Arc::clone(progress))
    }

    /// Whether the client of an answer that goes on has not taken all that there is of it.
    pub(crate) fn is_behind(&self) -> bool {
        self.streams.load(Ordering::Relaxed) && self.mark().phase() == Phase::Answering
    }

    fn enter(&self, phase: Phase) {
        let moves = (self.mark.load(Ordering::Relaxed) >> PHASE_BITS) + 1;
        self.mark.store(moves << PHASE_BITS | phase as u64, Ordering::Relaxed);
    }

    pub(crate) fn bytes_came(&self) {
        if matches!(self.mark().phase(), Phase::Silent | Phase::Idle) {
            self.enter(Phase::Header);
        }
    }

    fn bytes_went(&self) {
        if matches!(self.mark().phase(), Phase::Answering | Phase::Streaming) {
            self.enter(Phase::Answering);
        }
    }

    /// The client has to take something before more can be written.
    fn blocked(&self) {
        if self.mark().phase() == Phase::Streaming {
            self.enter(Phase::Answering);
        }
    }

    /// All that was written is with the system.
    pub(crate) fn flushed(&self) {
        if self.mark().phase() == Phase::Answering {
            let streams = self.streams.load(Ordering::Relaxed);
            self.enter(if streams { Phase::Streaming } else { Phase::Idle });
        }
    }
}

fn nanos(time: MonoTime) -> u64 {
    u64::try_from(time.since(MonoTime::default()).as_nanos()).unwrap_or(u64::MAX)
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
        match written {
            Poll::Ready(Ok(1..)) => self.progress.bytes_went(),
            Poll::Pending => self.progress.blocked(),
            Poll::Ready(_) => {}
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
