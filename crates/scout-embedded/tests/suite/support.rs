//! A clock that is set by hand, a sink that keeps what it is given, and stores to use them with.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use scout_core::{
    Clock, Message, MessageIntake as _, MessageStore as _, Moment, MonoTime, Now, Receipt, Row, ScanReport,
    ScanSink, StoreError, Urgency, WallTime,
};
use scout_embedded::{EmbeddedConfig, EmbeddedStore};

/// 2026-04-01T08:00:00Z
pub(crate) const START_MS: i64 = 1_775_030_400_000;

#[derive(Debug)]
pub(crate) struct TestClock {
    ms: AtomicI64,
    held: AtomicBool,
}

impl TestClock {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { ms: AtomicI64::new(START_MS), held: AtomicBool::new(false) })
    }

    pub(crate) fn step(&self, ms: i64) {
        self.ms.fetch_add(ms, Ordering::SeqCst);
    }

    /// Makes whoever asks for the time wait, or no longer.
    pub(crate) fn hold(&self, held: bool) {
        self.held.store(held, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Now {
        while self.held.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
        let ms = self.ms.load(Ordering::SeqCst);
        let mono = MonoTime::from_start(Duration::from_millis(ms.unsigned_abs()));
        Now { wall: WallTime::from_unix_ms(ms), mono }
    }
}

/// A row that outlives the scan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct OwnedRow {
    pub(crate) severity: Option<String>,
    pub(crate) system: Option<String>,
    pub(crate) timestamp: Option<String>,
    pub(crate) timestamp_unix: Option<String>,
}

impl From<&Row<'_>> for OwnedRow {
    fn from(row: &Row<'_>) -> Self {
        Self {
            severity: row.severity.map(str::to_owned),
            system: row.system.map(str::to_owned),
            timestamp: row.timestamp.map(str::to_owned),
            timestamp_unix: row.timestamp_unix.map(str::to_owned),
        }
    }
}

/// Keeps all rows of a pass.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    pub(crate) begun: Vec<WallTime>,
    pub(crate) rows: Vec<(String, OwnedRow)>,
}

impl Kept {
    pub(crate) fn keys(&self) -> Vec<&str> {
        self.rows.iter().map(|(key, _)| key.as_str()).collect()
    }
}

impl ScanSink for Kept {
    fn begin(&mut self, joined: &Moment) {
        self.begun.push(joined.at);
        self.rows.clear();
    }

    fn row(&mut self, key: &str, row: &Row<'_>) {
        self.rows.push((key.to_owned(), row.into()));
    }
}

pub(crate) fn message(system: &str, title: &str) -> Message {
    let mut message = Message::default();
    title.clone_into(&mut message.title);
    system.clone_into(&mut message.system);
    "ERROR".clone_into(&mut message.severity);
    "2026-04-01T08:00:00Z".clone_into(&mut message.timestamp);
    message.timestamp_unix = Some(START_MS / 1000);
    message
}

pub(crate) fn try_open(folder: &Path) -> Result<EmbeddedStore, StoreError> {
    EmbeddedStore::open(&EmbeddedConfig::new(folder), TestClock::new())
}

pub(crate) fn open(folder: &Path) -> Arc<EmbeddedStore> {
    Arc::new(try_open(folder).expect("a store"))
}

pub(crate) async fn scan(store: &EmbeddedStore) -> (Kept, ScanReport) {
    let mut kept = Kept::default();
    let report = store.scan(Urgency::Urgent, &mut kept).await.expect("a scan");
    (kept, report)
}

/// Submits all at once; the receipts in the order of the messages.
pub(crate) async fn submit_all(store: &Arc<EmbeddedStore>, messages: Vec<Message>) -> Vec<Receipt> {
    let mut callers = tokio::task::JoinSet::new();
    for (index, message) in messages.into_iter().enumerate() {
        let store = Arc::clone(store);
        callers.spawn(async move { (index, store.submit(&message).await.expect("a receipt")) });
    }
    let mut receipts = callers.join_all().await;
    receipts.sort_by_key(|(index, _)| *index);
    receipts.into_iter().map(|(_, receipt)| receipt).collect()
}
