//! The port over the file.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use redb::{ReadableDatabase as _, ReadableTableMetadata as _};
use scout_core::alerting::{AlertStore, Changes, Expects, Lease, LeaseToken, Leased, Loaded, Saved};
use scout_core::{
    Clock, EntryId, Look, Message, MessageIntake, MessageStore, Position, Receipt, ScanReport, ScanSink,
    StoreError, StoreErrorKind, StoreReport, TailReport, TailSink, Urgency, WallTime,
};

use crate::EmbeddedConfig;
use crate::alerts::AlertTables;
use crate::error::input_output;
use crate::file::StoreFile;
use crate::layout::{FORMAT, ROWS};
use crate::readers::Readers;
use crate::scan::scan;
use crate::stored::Stored;
use crate::tail::{look, moment, on_a_thread, tail};
use crate::writer::{Writer, WriterCounts};

/// The stream that a receipt names, which the platform calls by the name of its index.
pub(crate) const STREAM: &str = "messages";

/// A store of messages in one file, for one process.
///
/// Messages are kept in the order of their arrival. All reading and writing is done on threads of its own. Dropping the
/// store writes what is waiting, stops scans, and closes the file; that takes milliseconds, and spares the next start
/// the check of the whole file that follows a crash.
#[derive(Debug)]
pub struct EmbeddedStore {
    // Dropped in this order: the writer has written all before the file is closed.
    writer: Writer,
    readers: Arc<Readers>,
    alerts: AlertTables,
    clock: Arc<dyn Clock>,
    file: Arc<StoreFile>,
}

impl EmbeddedStore {
    /// Opens the store, and makes it if there is none.
    ///
    /// Blocks, so an async caller runs it with `spawn_blocking`: for milliseconds, but after a crash for as long as
    /// it takes to read the whole file.
    ///
    /// # Errors
    /// [`StoreErrorKind::InUse`] if another process has the folder, [`StoreErrorKind::Corrupt`] if the file is
    /// damaged or of another version, [`StoreErrorKind::NotWritable`] where folder or file cannot be written,
    /// [`StoreErrorKind::Unreachable`] if the file is a link whose target is missing.
    pub fn open(config: &EmbeddedConfig, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        let file = Arc::new(StoreFile::open(config, Arc::clone(&clock))?);
        let writer = Writer::start(Arc::clone(&file), Arc::clone(&clock))
            .map_err(|error| input_output(error, file.path()))?;
        let readers = Arc::<Readers>::default();
        let alerts =
            AlertTables { file: Arc::clone(&file), readers: Arc::clone(&readers), holder: Arc::default() };
        Ok(Self { writer, readers, alerts, clock, file })
    }

    /// Whether there is a store to open, for who would rather not make one. Changes nothing.
    ///
    /// # Errors
    /// As [`EmbeddedStore::open`], where what is in the way shows without opening.
    pub fn exists(config: &EmbeddedConfig) -> Result<bool, StoreError> {
        StoreFile::exists(config)
    }
}

impl Drop for EmbeddedStore {
    fn drop(&mut self) {
        self.readers.close();
    }
}

#[async_trait]
impl MessageIntake for EmbeddedStore {
    async fn submit(&self, message: &Message) -> Result<Receipt, StoreError> {
        let stored = Stored::new(message)?;
        let key = stored.key.clone();
        let entry = self.writer.write(stored).await?;
        Ok(Receipt { key, stream: STREAM.to_owned(), entry: entry.to_string() })
    }
}

#[async_trait]
impl MessageStore for EmbeddedStore {
    /// Nobody waits for the file while it is read, so a scan takes what it can whatever its urgency.
    async fn scan(&self, _: Urgency, sink: &mut dyn ScanSink) -> Result<ScanReport, StoreError> {
        scan(&self.file, &self.readers, &self.clock, sink).await
    }

    async fn tail(&self, from: &Position, sink: &mut dyn TailSink) -> Result<TailReport, StoreError> {
        tail(&self.file, &self.readers, self.writer.news(), from, sink).await
    }

    fn position_at(&self, at: WallTime) -> Position {
        let mut position = Position::default();
        position.set(STREAM, EntryId::before(at).offset());
        position
    }

    async fn look(&self) -> Result<Look, StoreError> {
        let held = look(&self.file, &self.readers).await?;
        Ok(Look::new(moment(held, self.clock.now().wall), Vec::new()))
    }

    async fn inspect(&self) -> Result<StoreReport, StoreError> {
        let counts = self.writer.counts();
        on_a_thread(&self.file, &self.readers, move |file| inspect(file, counts)).await
    }
}

#[async_trait]
impl Lease for EmbeddedStore {
    /// One process has the file, and whoever asks last in it has the lease, until another one asks.
    async fn lease(&self, token: &LeaseToken, _: Duration, _: Expects) -> Result<Leased, StoreError> {
        self.alerts.lease(token).await
    }

    async fn release(&self, token: &LeaseToken) -> Result<(), StoreError> {
        self.alerts.release(token).await
    }
}

#[async_trait]
impl AlertStore for EmbeddedStore {
    async fn load(&self, known: Option<&[u8]>) -> Result<Loaded, StoreError> {
        self.alerts.load(known).await
    }

    async fn save(&self, token: &LeaseToken, changes: &Changes) -> Result<Saved, StoreError> {
        self.alerts.save(token, changes).await
    }
}

fn inspect(file: &StoreFile, counts: WriterCounts) -> Result<StoreReport, StoreError> {
    let documents = file.with(StoreErrorKind::Unreachable, |database| {
        Ok(database.begin_read()?.open_table(ROWS)?.len()?)
    })?;
    let mut report = StoreReport::default();
    report.documents = Some(documents);
    report.facts = [
        ("store", "embedded".to_owned()),
        ("file", file.path().display().to_string()),
        ("format", FORMAT.to_string()),
        ("size", format!("{} bytes", file.size()?)),
        ("documents", documents.to_string()),
        ("page cache", format!("at most {} bytes", file.cache_bytes())),
        // Since the store was opened.
        ("messages written", counts.messages.to_string()),
        ("commits", counts.commits.to_string()),
        ("failed commits", counts.failed_commits.to_string()),
        ("waits for the queue", counts.queue_full.to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    Ok(report)
}
