//! Scans under way, which whoever closes the file has to wait for.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// How many threads read the file at present, and whether they are to stop.
#[derive(Debug, Default)]
pub(crate) struct Readers {
    closing: AtomicBool,
    reading: Mutex<usize>,
    ended: Condvar,
}

/// One of them, for as long as it lives.
#[derive(Debug)]
pub(crate) struct Reader(Arc<Readers>);

impl Readers {
    pub(crate) fn enter(self: &Arc<Self>) -> Reader {
        *self.lock() += 1;
        Reader(Arc::clone(self))
    }

    /// Asks all to stop, and waits until they have.
    pub(crate) fn close(&self) {
        self.closing.store(true, Ordering::Relaxed);
        let mut reading = self.lock();
        while *reading > 0 {
            reading = self.ended.wait(reading).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// A number cannot be left half changed, so a panic elsewhere does not spoil it.
    fn lock(&self) -> MutexGuard<'_, usize> {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reader {
    pub(crate) fn is_to_stop(&self) -> bool {
        self.0.closing.load(Ordering::Relaxed)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        *self.0.lock() -= 1;
        self.0.ended.notify_all();
    }
}
