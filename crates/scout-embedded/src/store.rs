//! The port over the file.

use std::sync::Arc;

use async_trait::async_trait;
use redb::{ReadableDatabase as _, ReadableTable as _, ReadableTableMetadata as _};
use scout_core::{
    Clock, Message, MessageStore, Receipt, ScanReport, ScanSink, StoreError, StoreErrorKind, StoreReport,
};
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::EmbeddedConfig;
use crate::document::Chunk;
use crate::error::{damaged, input_output};
use crate::file::{MESSAGES, StoreFile};
use crate::readers::{Reader, Readers};
use crate::writer::Writer;

/// Rows that are read before they are counted: small enough that counting them delays nobody.
const CHUNK_ROWS: usize = 512;

/// Chunks that may wait to be counted.
const CHUNKS_AHEAD: usize = 4;

/// The stream that a receipt names, which the platform calls by the name of its index.
const STREAM: &str = "messages";

/// A store of messages in one file, for one process.
///
/// Messages are kept in the order of their arrival. All reading and writing is done on threads of its own. Dropping the
/// store writes what is waiting, stops scans, and closes the file; that takes milliseconds.
#[derive(Debug)]
pub struct EmbeddedStore {
    file: Arc<StoreFile>,
    clock: Arc<dyn Clock>,
    readers: Arc<Readers>,
    writer: Writer,
}

impl EmbeddedStore {
    /// Opens the store, and makes it if there is none. Blocks; after a crash for as long as the repair takes.
    ///
    /// # Errors
    /// [`StoreErrorKind::InUse`] if another process has it, [`StoreErrorKind::Corrupt`] if it is damaged or of
    /// another version, [`StoreErrorKind::NotWritable`] where folder or file cannot be written.
    pub fn open(config: &EmbeddedConfig, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        let file = Arc::new(StoreFile::open(config)?);
        let last = file.last_entry()?;
        let writer = Writer::start(Arc::clone(&file), Arc::clone(&clock), last)
            .map_err(|error| input_output(error, file.path()))?;
        Ok(Self { file, clock, readers: Arc::default(), writer })
    }
}

impl Drop for EmbeddedStore {
    fn drop(&mut self) {
        self.readers.close();
    }
}

/// What the reading thread sends.
enum Read {
    /// The number of messages that will come.
    Begun(u64),
    Rows(Chunk),
}

#[async_trait]
impl MessageStore for EmbeddedStore {
    async fn scan(&self, sink: &mut dyn ScanSink) -> Result<ScanReport, StoreError> {
        sink.begin(self.clock.now().wall);
        let (sender, mut reads) = mpsc::channel(CHUNKS_AHEAD);
        let (file, reader) = (Arc::clone(&self.file), self.readers.enter());
        // Ends by itself once nobody receives any more.
        let reading = tokio::task::spawn_blocking(move || read_all(&file, &reader, &sender));
        let mut report = ScanReport::default();
        while let Some(read) = reads.recv().await {
            match read {
                Read::Begun(expected) => report.expected = expected,
                Read::Rows(chunk) => {
                    report.rows += chunk.len() as u64;
                    chunk.pour(sink);
                }
            }
        }
        reading.await.map_err(|panicked| {
            StoreError::new(StoreErrorKind::Corrupt, "reading the store panicked").with_source(panicked)
        })??;
        Ok(report)
    }

    async fn submit(&self, message: &Message) -> Result<Receipt, StoreError> {
        // Random as the platform's own keys are: it is what makes them unique among all producers.
        let key = format!("{}-{}", Uuid::new_v4(), message.system);
        let document = serde_json::to_vec(message).map_err(|error| {
            StoreError::new(StoreErrorKind::Refused, "the message cannot be written as JSON")
                .with_source(error)
        })?;
        let entry = self.writer.write(key.clone(), document).await?;
        Ok(Receipt { key, stream: STREAM.to_owned(), entry: entry.to_string() })
    }

    async fn inspect(&self) -> Result<StoreReport, StoreError> {
        let (file, reader) = (Arc::clone(&self.file), self.readers.enter());
        let looking = tokio::task::spawn_blocking(move || {
            let _reader = reader;
            let mut report = StoreReport::default();
            report.facts = vec![
                ("store".to_owned(), "embedded".to_owned()),
                ("file".to_owned(), file.path().display().to_string()),
                ("layout".to_owned(), StoreFile::version().to_string()),
                ("size".to_owned(), format!("{} bytes", file.size()?)),
                ("messages".to_owned(), file.count()?.to_string()),
            ];
            Ok(report)
        });
        looking.await.map_err(|panicked| {
            StoreError::new(StoreErrorKind::Corrupt, "looking at the store panicked").with_source(panicked)
        })?
    }
}

/// Sends all messages that the file has now, in their order.
fn read_all(file: &StoreFile, reader: &Reader, sender: &mpsc::Sender<Read>) -> Result<(), StoreError> {
    let closing = || StoreError::new(StoreErrorKind::Refused, "the store is closing");
    let send = |read| sender.blocking_send(read).map_err(|_| closing());
    let failed = |error: redb::Error| file.error(error);
    let transaction = file.database.begin_read().map_err(|error| failed(error.into()))?;
    let messages = transaction.open_table(MESSAGES).map_err(|error| failed(error.into()))?;
    send(Read::Begun(messages.len().map_err(|error| failed(error.into()))?))?;
    let mut chunk = Chunk::default();
    for row in messages.iter().map_err(|error| failed(error.into()))? {
        let (id, value) = row.map_err(|error| failed(error.into()))?;
        let (key, document) = value.value();
        if !chunk.push(key, document) {
            return Err(damaged(
                file.path().display(),
                &format!("message {:?} is no JSON object", id.value()),
            ));
        }
        if chunk.len() == CHUNK_ROWS {
            if reader.is_to_stop() {
                return Err(closing());
            }
            send(Read::Rows(std::mem::take(&mut chunk)))?;
        }
    }
    send(Read::Rows(chunk))
}
