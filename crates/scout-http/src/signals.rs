//! What the server tells its connections.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};

use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

/// Calls to all connections at once.
#[derive(Debug, Default)]
pub(crate) struct Signals {
    calls: AtomicU64,
    stopping: AtomicBool,
    notify: Arc<Notify>,
}

impl Signals {
    /// Every connection is to end: idle ones now, the others after their answer.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
        self.call();
    }

    /// There are too many connections: those that were asked to go are to look whether they can.
    pub(crate) fn make_room(&self) {
        self.call();
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    fn call(&self) {
        self.calls.fetch_add(1, Ordering::Release);
        self.notify.notify_waiters();
    }
}

/// One connection's ear.
#[derive(Debug)]
pub(crate) struct Listener {
    signals: Arc<Signals>,
    heard: u64,
    waiting: Option<Pin<Box<OwnedNotified>>>,
}

impl Listener {
    pub(crate) fn new(signals: &Arc<Signals>) -> Self {
        // A call from before is no call to this connection, except the one to stop.
        let heard = if signals.is_stopping() { 0 } else { signals.calls.load(Ordering::Acquire) };
        Self { signals: Arc::clone(signals), heard, waiting: None }
    }

    /// Whether there was a call since it was asked last; the task of `context` is woken by the next.
    ///
    /// Costs one load where there was none, which is why this is no plain future: it is asked at every turn.
    pub(crate) fn was_called(&mut self, context: &mut Context<'_>) -> bool {
        if self.waiting.is_none() {
            self.listen(context);
        }
        let calls = self.signals.calls.load(Ordering::Acquire);
        let called = calls != self.heard;
        if called {
            self.heard = calls;
            self.listen(context);
        }
        called
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.signals.is_stopping()
    }

    fn listen(&mut self, context: &mut Context<'_>) {
        let mut waiting = Box::pin(Arc::clone(&self.signals.notify).notified_owned());
        if let Poll::Ready(()) = waiting.as_mut().poll(context) {
            // Called between the two lines: come back at once.
            context.waker().wake_by_ref();
        }
        self.waiting = Some(waiting);
    }
}
