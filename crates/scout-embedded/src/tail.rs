//! What arrived after a message, and what the file holds.

use std::ops::Bound;
use std::sync::Arc;
use std::time::Duration;

use redb::ReadableDatabase as _;
use scout_core::{
    Announced, EntryId, FeedMark, Message, Moment, Position, StoreError, StoreErrorKind, TailReport,
    TailSink, WallTime,
};
use tokio::sync::watch;

use crate::error::closing;
use crate::file::StoreFile;
use crate::layout::{DOCUMENTS, Held, ROWS, entry};
use crate::readers::Readers;
use crate::rows::Rows;
use crate::store::STREAM;

/// How long to wait for news.
const WAIT: Duration = Duration::from_secs(1);

/// What the file holds, as the core knows it.
pub(crate) fn moment(held: Held, at: WallTime) -> Moment {
    let mut moment = Moment::new(at);
    moment.documents = held.documents;
    moment.writes = held.written;
    moment.feeds.insert(STREAM.into(), FeedMark::new(held.last.offset(), held.written));
    moment
}

/// Some of what arrived after a position; waits if there is nothing.
pub(crate) async fn tail(
    file: &Arc<StoreFile>,
    readers: &Arc<Readers>,
    mut news: watch::Receiver<EntryId>,
    from: &Position,
    sink: &mut dyn TailSink,
) -> Result<TailReport, StoreError> {
    let after = EntryId::at(from.of(STREAM));
    news.mark_unchanged();
    let wants_tags = sink.wants_tags();
    let mut found = read(file, readers, after, wants_tags).await?;
    if found.ids.is_empty() {
        // An error means that the store is being closed.
        if let Ok(Err(_)) = tokio::time::timeout(WAIT, news.changed()).await {
            return Err(closing());
        }
        found = read(file, readers, after, wants_tags).await?;
    }
    let mut report = TailReport::default();
    report.position = from.clone();
    report.commands = 1;
    report.entries = found.ids.len() as u64;
    report.caught_up = !found.rows.is_full();
    let mut ids = found.ids.iter();
    found.rows.each(|key, row| {
        if let Some(id) = ids.next() {
            report.position.set(STREAM, id.offset());
            report.read_to = Some(id.arrived());
            sink.entry(&Announced::new((STREAM, id.offset()), id.arrived(), key, Some(*row)));
        }
    });
    Ok(report)
}

#[derive(Default)]
struct Found {
    ids: Vec<EntryId>,
    rows: Rows,
}

async fn read(
    file: &Arc<StoreFile>,
    readers: &Arc<Readers>,
    after: EntryId,
    wants_tags: bool,
) -> Result<Found, StoreError> {
    on_a_thread(file, readers, move |file| {
        file.with(StoreErrorKind::Unreachable, |database| {
            let transaction = database.begin_read()?;
            let table = transaction.open_table(ROWS)?;
            let documents = wants_tags.then(|| transaction.open_table(DOCUMENTS)).transpose()?;
            let mut found = Found::default();
            for row in table.range((Bound::Excluded(after.parts()), Bound::Unbounded))? {
                let (id, counted) = row?;
                found.ids.push(entry(id.value()));
                let document =
                    documents.as_ref().map(|documents| documents.get(id.value())).transpose()?.flatten();
                let tags = document
                    .and_then(|document| Message::read(document.value()).ok())
                    .map(|message| message.tags);
                found.rows.push_tagged(counted.value(), tags.as_deref());
                if found.rows.is_full() {
                    break;
                }
            }
            Ok(found)
        })
    })
    .await
}

/// What the file holds now.
pub(crate) async fn look(file: &Arc<StoreFile>, readers: &Arc<Readers>) -> Result<Held, StoreError> {
    on_a_thread(file, readers, |file| {
        file.with(StoreErrorKind::Unreachable, |database| Held::read(&database.begin_read()?))
    })
    .await
}

/// Reads on a thread of its own, which whoever closes the file waits for.
pub(crate) async fn on_a_thread<T: Send + 'static>(
    file: &Arc<StoreFile>,
    readers: &Arc<Readers>,
    read: impl FnOnce(&StoreFile) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let (file, reader) = (Arc::clone(file), readers.enter());
    let reading = tokio::task::spawn_blocking(move || {
        let read = read(&file);
        // In this order: who waits for the reader takes the file for closed.
        drop(file);
        drop(reader);
        read
    });
    reading.await.map_err(|error| closing().with_source(error))?
}
