//! Reading all rows, on a thread of its own.

use std::sync::Arc;
use std::time::Duration;

use redb::{ReadableDatabase as _, ReadableTable as _};
use scout_core::{Clock, Moment, ScanReport, ScanSink, StoreError, StoreErrorKind};
use tokio::sync::mpsc;

use crate::error::closing;
use crate::failure::Failure;
use crate::file::StoreFile;
use crate::layout::{Held, ROWS};
use crate::readers::{Reader, Readers};
use crate::rows::Rows;
use crate::tail::moment;

/// Pieces that may wait to be counted.
const PIECES_AHEAD: usize = 4;

/// What the reading thread sends.
enum Piece {
    /// What the file held at the moment that is read.
    Begun(Moment),
    /// Some rows, and how long it took to read them.
    Rows(Rows, Duration),
}

/// Gives the sink all rows that the file has now, in their order.
pub(crate) async fn scan(
    file: &Arc<StoreFile>,
    readers: &Arc<Readers>,
    clock: &Arc<dyn Clock>,
    sink: &mut dyn ScanSink,
) -> Result<ScanReport, StoreError> {
    sink.joining();
    let (sender, mut pieces) = mpsc::channel(PIECES_AHEAD);
    let reading =
        Reading { file: Arc::clone(file), clock: Arc::clone(clock), reader: readers.enter(), sender };
    // Ends by itself once nobody receives any more.
    let reading = tokio::task::spawn_blocking(move || reading.run());
    let mut report = ScanReport::default();
    while let Some(piece) = pieces.recv().await {
        match piece {
            Piece::Begun(moment) => {
                report.expected = moment.documents;
                sink.begin(&moment);
            }
            Piece::Rows(rows, busy) => {
                report.rows += rows.len() as u64;
                report.commands += 1;
                report.busy += busy;
                report.longest = report.longest.max(busy);
                rows.pour(sink);
                // The reader may be faster than the counting: others are to have their turn all the same.
                tokio::task::yield_now().await;
            }
        }
    }
    // Cancelled where the runtime is being shut down.
    reading.await.map_err(|error| closing().with_source(error))??;
    Ok(report)
}

/// Dropped in this order: who waits for the reader takes the file for closed.
struct Reading {
    file: Arc<StoreFile>,
    clock: Arc<dyn Clock>,
    reader: Reader,
    sender: mpsc::Sender<Piece>,
}

impl Reading {
    fn run(&self) -> Result<(), StoreError> {
        self.file.with(StoreErrorKind::Unreachable, |database| {
            let transaction = database.begin_read()?;
            let held = Held::read(&transaction)?;
            let table = transaction.open_table(ROWS)?;
            self.send(Piece::Begun(moment(held, self.clock.now().wall)))?;
            let mut began = self.clock.now().mono;
            let mut rows = Rows::default();
            let mut found = 0;
            for row in table.iter()? {
                let (_, counted) = row?;
                rows.push(counted.value());
                found += 1;
                if rows.is_full() {
                    let busy = self.clock.now().mono.since(began);
                    self.send(Piece::Rows(std::mem::take(&mut rows), busy))?;
                    began = self.clock.now().mono;
                }
            }
            if found != held.documents {
                let reason = format!("{found} rows were found where there should be {}", held.documents);
                return Err(Failure::Engine(redb::Error::Corrupted(reason)));
            }
            self.send(Piece::Rows(rows, self.clock.now().mono.since(began)))
        })
    }

    fn send(&self, piece: Piece) -> Result<(), Failure> {
        if self.reader.is_to_stop() {
            return Err(Failure::Abandoned);
        }
        self.sender.blocking_send(piece).map_err(|_| Failure::Abandoned)
    }
}
