//! One thread that writes: whoever waits for it shares its commits.

use std::sync::Arc;
use std::thread::JoinHandle;

use scout_core::{Clock, StoreError, StoreErrorKind};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use crate::entry::EntryId;
use crate::file::{MESSAGES, StoreFile};

/// Messages that may wait, and that one commit takes at most.
const MAX_WAITING: usize = 1024;

/// Bytes of messages that may wait; callers beyond it wait before they are queued.
const MAX_WAITING_BYTES: usize = 16 << 20;

/// What waiting bytes are counted in.
const UNIT_BYTES: usize = 1 << 10;

/// A message on its way into the file.
struct Job {
    key: String,
    document: Vec<u8>,
    done: oneshot::Sender<Result<EntryId, StoreError>>,
    /// Its share of the memory, given back once it is written.
    _room: OwnedSemaphorePermit,
}

/// The way to the thread. Dropping it lets the thread write what waits, and waits for its end.
#[derive(Debug)]
pub(crate) struct Writer {
    queue: Option<mpsc::Sender<Job>>,
    room: Arc<Semaphore>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread; `last` is the id of the last message in the file.
    pub(crate) fn start(file: Arc<StoreFile>, clock: Arc<dyn Clock>, last: EntryId) -> std::io::Result<Self> {
        let (queue, jobs) = mpsc::channel(MAX_WAITING);
        let writing = Writing { file, clock, last };
        let thread =
            std::thread::Builder::new().name("scout-writer".to_owned()).spawn(move || writing.run(jobs))?;
        let room = Arc::new(Semaphore::new(MAX_WAITING_BYTES / UNIT_BYTES));
        Ok(Self { queue: Some(queue), room, thread: Some(thread) })
    }

    /// Writes a document; when this returns, it is on disk.
    pub(crate) async fn write(&self, key: String, document: Vec<u8>) -> Result<EntryId, StoreError> {
        let gone = || StoreError::new(StoreErrorKind::Refused, "the store is closing");
        let units = (document.len() / UNIT_BYTES + 1).min(MAX_WAITING_BYTES / UNIT_BYTES);
        let units = u32::try_from(units).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.room).acquire_many_owned(units).await.map_err(|_| gone())?;
        let (done, written) = oneshot::channel();
        let queue = self.queue.as_ref().ok_or_else(gone)?;
        queue.send(Job { key, document, done, _room: room }).await.map_err(|_| gone())?;
        written.await.map_err(|_| gone())?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been told to those who waited for it.
            drop(thread.join());
        }
    }
}

struct Writing {
    file: Arc<StoreFile>,
    clock: Arc<dyn Clock>,
    last: EntryId,
}

impl Writing {
    fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        let mut batch = Vec::new();
        while jobs.blocking_recv_many(&mut batch, MAX_WAITING) > 0 {
            let written = self.commit(&batch);
            for (index, job) in batch.drain(..).enumerate() {
                let answer = match &written {
                    Ok(ids) => Ok(ids[index]),
                    Err(error) => Err(StoreError::new(error.kind(), error.to_string())),
                };
                // Whoever has stopped waiting does not want the answer.
                drop(job.done.send(answer));
            }
        }
    }

    /// Writes a batch and waits until it is on disk. After an error nothing of it is there.
    fn commit(&mut self, batch: &[Job]) -> Result<Vec<EntryId>, StoreError> {
        let mut last = self.last;
        let mut commit = || -> Result<Vec<EntryId>, redb::Error> {
            let transaction = self.file.database.begin_write()?;
            let mut ids = Vec::with_capacity(batch.len());
            {
                let mut messages = transaction.open_table(MESSAGES)?;
                let now = self.clock.now().wall;
                for job in batch {
                    last = last.next(now);
                    messages.insert(last.key(), (job.key.as_str(), job.document.as_slice()))?;
                    ids.push(last);
                }
            }
            transaction.commit()?;
            Ok(ids)
        };
        let ids = commit().map_err(|error| self.file.error(error))?;
        self.last = last;
        Ok(ids)
    }
}
