//! One thread that writes: whoever waits for it shares its commits.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use scout_core::{Clock, EntryId, StoreError, StoreErrorKind};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError, mpsc, oneshot, watch};

use crate::error::closing;
use crate::file::StoreFile;
use crate::layout::Tables;
use crate::stored::Stored;

/// Messages that may wait, and that one commit takes at most.
const MAX_WAITING: usize = 1024;

/// Bytes of messages that may wait.
const MAX_WAITING_BYTES: usize = 8 << 20;

/// How long a commit waits for as many callers as the one before it had, and how often it looks: a part of what the
/// disk takes anyway.
const GATHER: Duration = Duration::from_millis(1);
const LOOK: Duration = Duration::from_micros(50);

/// What waiting bytes are counted in.
const UNIT_BYTES: usize = 1 << 10;

/// What the writer has done since the store was opened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WriterCounts {
    /// Messages on disk.
    pub(crate) messages: u64,
    /// Commits that took them there.
    pub(crate) commits: u64,
    /// Commits that failed, with all their messages.
    pub(crate) failed_commits: u64,
    /// Callers that had to wait before they were let into the queue, because it was full.
    pub(crate) queue_full: u64,
}

/// A message on its way into the file.
struct Job {
    message: Stored,
    done: oneshot::Sender<Result<EntryId, StoreError>>,
    /// Its share of the memory, given back once it is written.
    _room: OwnedSemaphorePermit,
}

/// The way to the thread. Dropping it lets the thread write what waits, and waits for its end.
#[derive(Debug)]
pub(crate) struct Writer {
    queue: Option<mpsc::Sender<Job>>,
    news: watch::Receiver<EntryId>,
    room: Arc<Semaphore>,
    counters: Arc<Counters>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Counters {
    messages: AtomicU64,
    commits: AtomicU64,
    failed_commits: AtomicU64,
    queue_full: AtomicU64,
}

impl Writer {
    pub(crate) fn start(file: Arc<StoreFile>, clock: Arc<dyn Clock>) -> std::io::Result<Self> {
        let (queue, jobs) = mpsc::channel(MAX_WAITING);
        let counters = Arc::new(Counters::default());
        let (teller, news) = watch::channel(EntryId::default());
        let writing = Writing { file, clock, counters: Arc::clone(&counters), teller };
        let thread =
            std::thread::Builder::new().name("scout-writer".to_owned()).spawn(move || writing.run(jobs))?;
        let room = Arc::new(Semaphore::new(MAX_WAITING_BYTES / UNIT_BYTES));
        Ok(Self { queue: Some(queue), news, room, counters, thread: Some(thread) })
    }

    /// The last message that was written since the store was opened.
    pub(crate) fn news(&self) -> watch::Receiver<EntryId> {
        self.news.clone()
    }

    /// Writes a message; when this returns, it is on disk. While the queue is full, callers wait in their order.
    pub(crate) async fn write(&self, message: Stored) -> Result<EntryId, StoreError> {
        let room = self.room_for(message.bytes()).await?;
        let (done, written) = oneshot::channel();
        let queue = self.queue.as_ref().ok_or_else(closing)?;
        queue.send(Job { message, done, _room: room }).await.map_err(|_| closing())?;
        written.await.map_err(|_| closing())?
    }

    /// A share of the memory; all of it for a message that is larger.
    async fn room_for(&self, bytes: usize) -> Result<OwnedSemaphorePermit, StoreError> {
        let units = (bytes / UNIT_BYTES + 1).min(MAX_WAITING_BYTES / UNIT_BYTES);
        let units = u32::try_from(units).unwrap_or(u32::MAX);
        match Arc::clone(&self.room).try_acquire_many_owned(units) {
            Ok(room) => Ok(room),
            Err(TryAcquireError::Closed) => Err(closing()),
            Err(TryAcquireError::NoPermits) => {
                self.counters.queue_full.fetch_add(1, Ordering::Relaxed);
                Arc::clone(&self.room).acquire_many_owned(units).await.map_err(|_| closing())
            }
        }
    }

    pub(crate) fn counts(&self) -> WriterCounts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        WriterCounts {
            messages: read(&self.counters.messages),
            commits: read(&self.counters.commits),
            failed_commits: read(&self.counters.failed_commits),
            queue_full: read(&self.counters.queue_full),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take() {
            // Its panic would have been told to those who waited for it.
            drop(thread.join());
        }
    }
}

/// Waits a little for the callers who were answered together and come back one after the other: a commit costs much
/// the same for one message as for a hundred. A caller who is alone waits for nobody.
fn gather(jobs: &mut mpsc::Receiver<Job>, batch: &mut Vec<Job>, callers: usize) {
    let mut waited = Duration::ZERO;
    while batch.len() < callers && waited < GATHER {
        std::thread::park_timeout(LOOK);
        waited += LOOK;
        while batch.len() < MAX_WAITING
            && let Ok(job) = jobs.try_recv()
        {
            batch.push(job);
        }
    }
}

struct Writing {
    file: Arc<StoreFile>,
    clock: Arc<dyn Clock>,
    counters: Arc<Counters>,
    /// Wakes those who wait for messages.
    teller: watch::Sender<EntryId>,
}

impl Writing {
    fn run(self, mut jobs: mpsc::Receiver<Job>) {
        let mut batch = Vec::new();
        let mut callers = 1;
        while jobs.blocking_recv_many(&mut batch, MAX_WAITING) > 0 {
            gather(&mut jobs, &mut batch, callers);
            callers = batch.len();
            match self.commit(&batch) {
                Ok(ids) => {
                    self.counters.commits.fetch_add(1, Ordering::Relaxed);
                    self.counters.messages.fetch_add(ids.len() as u64, Ordering::Relaxed);
                    if let Some(last) = ids.last() {
                        self.teller.send_replace(*last);
                    }
                    for (job, id) in batch.drain(..).zip(ids) {
                        // Whoever has stopped waiting does not want the answer.
                        drop(job.done.send(Ok(id)));
                    }
                }
                Err(error) => {
                    self.counters.failed_commits.fetch_add(1, Ordering::Relaxed);
                    for job in batch.drain(..) {
                        drop(job.done.send(Err(StoreError::new(error.kind(), error.to_string()))));
                    }
                }
            }
        }
    }

    /// Writes a batch and waits until it is on disk. After an error all or nothing of it is there.
    fn commit(&self, batch: &[Job]) -> Result<Vec<EntryId>, StoreError> {
        let now = self.clock.now().wall;
        self.file.with(StoreErrorKind::NotWritable, |database| {
            let transaction = database.begin_write()?;
            let mut tables = Tables::open(&transaction)?;
            // Read anew each time: whether a commit that failed has reached the disk is not known.
            let mut last = tables.last_entry()?;
            let mut ids = Vec::with_capacity(batch.len());
            for Job { message, .. } in batch {
                last = last.next(now);
                tables.insert(last, message.counted(), &message.document)?;
                ids.push(last);
            }
            tables.set_last_entry(last)?;
            tables.count_written(ids.len() as u64)?;
            drop(tables);
            transaction.commit()?;
            Ok(ids)
        })
    }
}
