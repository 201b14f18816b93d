//! The lines that wait for the reader of the log.
//!
//! Whoever logs only appends here; one thread writes. A reader that stops reading thus costs lines, never an answer
//! or the end of the process.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How many lines may wait. Plenty for a reader that pauses, little in memory.
const MAX_LINES: usize = 4096;

/// How much text may wait, since a line can be long.
const MAX_BYTES: usize = 1024 * 1024;

/// A bounded queue with many writers and one reader.
///
/// When it is full, lines are dropped until the reader has caught up, so that what is missing is one gap in the log,
/// whose place and size are known.
#[derive(Debug, Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    /// Something came, or the end of it all.
    came: Condvar,
    /// The reader has done all there was.
    emptied: Condvar,
}

#[derive(Debug, Default)]
struct State {
    lines: VecDeque<Box<[u8]>>,
    bytes: usize,
    /// Lines dropped since the gap began; none if there is no gap.
    dropped: u64,
    /// Whether the reader has something in hand.
    busy: bool,
    closed: bool,
}

/// What the reader is to do next.
#[derive(Debug)]
enum Next {
    Line(Box<[u8]>),
    /// So many lines are missing here.
    Gap(u64),
}

impl State {
    fn push(&mut self, line: &[u8]) {
        let bytes = self.bytes.saturating_add(line.len());
        if self.dropped > 0 || self.lines.len() >= MAX_LINES || bytes > MAX_BYTES {
            self.dropped += 1;
        } else {
            self.bytes = bytes;
            self.lines.push_back(line.into());
        }
    }

    fn take(&mut self) -> Option<Next> {
        if let Some(line) = self.lines.pop_front() {
            self.bytes -= line.len();
            return Some(Next::Line(line));
        }
        let dropped = std::mem::take(&mut self.dropped);
        (dropped > 0).then_some(Next::Gap(dropped))
    }

    fn is_done(&self) -> bool {
        self.lines.is_empty() && self.dropped == 0 && !self.busy
    }
}

impl Queue {
    /// Lets the writing thread end once all is written, and waits for that, but no longer than this.
    pub(super) fn close(&self, patience: Duration) {
        let mut state = self.state();
        state.closed = true;
        self.came.notify_all();
        // What is not written by now stays unwritten: the process has to end.
        drop(self.emptied.wait_timeout_while(state, patience, |state| !state.is_done()));
    }

    /// Writes what comes until the queue is closed. `gap` makes the line that says how many are missing.
    ///
    /// A line that cannot be written counts as missing, which is told as soon as writing succeeds again.
    pub(super) fn write_to(&self, mut output: impl Write, gap: impl Fn(u64) -> String) {
        let mut missing = 0;
        while let Some(next) = self.next() {
            if let Next::Gap(dropped) = next {
                missing += dropped;
            }
            // One call a line: what is shorter than a pipe's own unit is there wholly or not at all.
            if missing > 0 && output.write_all(gap(missing).as_bytes()).is_ok() {
                missing = 0;
            }
            if let Next::Line(line) = next
                && (missing > 0 || output.write_all(&line).is_err())
            {
                missing += 1;
            }
        }
    }

    /// Waits for something to do; nothing once the queue is closed and empty.
    fn next(&self) -> Option<Next> {
        let mut state = self.state();
        state.busy = false;
        loop {
            if let Some(next) = state.take() {
                state.busy = true;
                return Some(next);
            }
            self.emptied.notify_all();
            if state.closed {
                return None;
            }
            state = self.came.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here stops half-way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes a line a call.
impl Write for &Queue {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.state().push(line);
        self.came.notify_one();
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
