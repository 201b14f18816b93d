//! What is under way with the store: a scan, a look at the feeds, a check. One task drives all three, so that none of
//! them sees what another has half taken in.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use scout_core::{
    Announced, LedgerConfig, LiveLedger, Look, MessageStore, Moment, RecentReport, Row, ScanCount,
    ScanReport, ScanSink, StoreError, StoreErrorKind, TailReport, TailSink, Urgency, WhyScan,
};
use tokio::sync::watch;

/// What is counted first: an hour, and as much more as its window may be given.
const RECENT: Duration = Duration::from_secs(3600 + 3600 / 50 + 1);

/// How long to leave the feeds alone after an error.
const RETRY: Duration = Duration::from_millis(250);

/// The live count, which the feeds write to and the cycle reads.
#[derive(Clone, Debug)]
pub(super) struct SharedLive(Arc<Mutex<LiveLedger>>);

impl SharedLive {
    pub(super) fn new(live: LiveLedger) -> Self {
        Self(Arc::new(Mutex::new(live)))
    }

    /// Works on it. Only one task does, so nobody waits.
    pub(super) fn with<T>(&self, work: impl FnOnce(&mut LiveLedger) -> T) -> T {
        // A panic while it was written to has been told, and the next scan replaces what it may have spoilt.
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl TailSink for SharedLive {
    fn wants_tags(&self) -> bool {
        self.with(|live| live.wants_tags())
    }

    fn entry(&mut self, entry: &Announced<'_>) {
        self.with(|live| live.announce(entry));
    }
}

/// What has come of what was under way.
pub(super) enum Event {
    /// A scan was joined with the feeds.
    Joined(Moment),
    /// A pass over recent documents has ended.
    ScannedRecent(Box<ScanCount>, Result<Option<RecentReport>, StoreError>),
    /// A scan has ended.
    Scanned(WhyScan, Box<ScanCount>, Result<ScanReport, StoreError>),
    /// The feeds were looked at; how that went.
    Tailed(Result<Tailed, StoreError>),
    /// The store was looked at, in order to check the count.
    Looked(Result<Look, StoreError>),
}

/// A look at the feeds.
#[derive(Debug)]
pub(super) struct Tailed {
    pub(super) report: TailReport,
    /// Whether it began after the store was joined, or looked at for what is to be answered next, so that nothing from before
    /// can come any more.
    pub(super) is_after_look: bool,
}

type Scanning = BoxFuture<'static, (ScanCount, Ended)>;

/// How a pass over the store ended.
enum Ended {
    Recent(Result<Option<RecentReport>, StoreError>),
    Whole(Result<ScanReport, StoreError>),
}

/// What is under way.
pub(super) struct Feeds {
    store: Arc<dyn MessageStore>,
    live: SharedLive,
    scan: Option<(WhyScan, Scanning)>,
    /// Whether it is over the whole store.
    is_whole: bool,
    /// Rows that the scan under way has given.
    rows: Arc<AtomicU64>,
    joins: watch::Sender<Option<Moment>>,
    joined: watch::Receiver<Option<Moment>>,
    /// Whether a scan is being joined: what is announced must wait.
    is_joining: Arc<AtomicBool>,
    tail: Option<BoxFuture<'static, Result<TailReport, StoreError>>>,
    is_tail_after_look: bool,
    /// Whether it has been begun in earnest: it waits while a scan is joined or the store is looked at.
    is_tail_sent: bool,
    /// How long entries are left to gather after some have been read: no longer than a cycle waits for the last one.
    gather: Duration,
    look: Option<BoxFuture<'static, Result<Look, StoreError>>>,
}

impl Feeds {
    pub(super) fn new(store: Arc<dyn MessageStore>, live: SharedLive, gather: Duration) -> Self {
        let (joins, joined) = watch::channel(None);
        Self {
            store,
            live,
            scan: None,
            is_whole: true,
            rows: Arc::default(),
            joins,
            joined,
            is_joining: Arc::default(),
            tail: None,
            is_tail_after_look: false,
            is_tail_sent: false,
            gather,
            look: None,
        }
    }

    /// Why a scan is under way, if one is.
    pub(super) fn scanning(&self) -> Option<WhyScan> {
        self.scan.as_ref().map(|(why, _)| *why)
    }

    /// Why a scan of the whole is under way, how many rows it has given, and of how many.
    pub(super) fn progress(&self) -> Option<(WhyScan, u64, u64)> {
        let why = self.scanning().filter(|_| self.is_whole)?;
        let expected = self.joined.borrow().as_ref().map(|joined| joined.documents)?;
        Some((why, self.rows.load(Ordering::Relaxed), expected))
    }

    /// Begins a scan; one that is under way is abandoned.
    pub(super) fn begin_scan(&mut self, why: WhyScan, ledger: LedgerConfig) {
        self.abandon_scan();
        let (store, mut sink) = (Arc::clone(&self.store), self.sink(ledger));
        let scanning = async move {
            let scanned = guarded(store.scan(why.urgency(), &mut sink)).await;
            (sink.count, Ended::Whole(scanned))
        };
        self.scan = Some((why, scanning.boxed()));
        self.is_whole = true;
    }

    /// Begins the first scan with what can be had soon.
    pub(super) fn begin_recent(&mut self, ledger: LedgerConfig) {
        self.abandon_scan();
        let (store, mut sink) = (Arc::clone(&self.store), self.sink(ledger));
        let scanning = async move {
            let scanned = guarded(store.scan_recent(RECENT, &mut sink)).await;
            (sink.count, Ended::Recent(scanned))
        };
        self.scan = Some((WhyScan::Start, scanning.boxed()));
        self.is_whole = false;
    }

    fn sink(&mut self, ledger: LedgerConfig) -> Joining {
        self.rows = Arc::default();
        Joining {
            count: ScanCount::new(ledger),
            joins: self.joins.clone(),
            gate: Arc::clone(&self.is_joining),
            rows: Arc::clone(&self.rows),
        }
    }

    pub(super) fn abandon_scan(&mut self) {
        self.scan = None;
        self.is_joining.store(false, Ordering::Relaxed);
        self.joined.mark_unchanged();
        self.live.with(LiveLedger::abandon);
    }

    pub(super) fn is_looking(&self) -> bool {
        self.look.is_some()
    }

    /// Begins to look at the store. Until it has been looked at, nothing that is announced is taken in.
    pub(super) fn begin_look(&mut self) {
        let store = Arc::clone(&self.store);
        self.look = Some(async move { guarded(store.look()).await }.boxed());
    }

    /// Whether it is a scan that nothing waits for.
    pub(super) fn is_routine_scan(&self) -> bool {
        self.scanning().is_some_and(|why| why.urgency() == Urgency::Routine)
    }

    /// Looks at the feeds from where they are, after a while if that has just failed.
    fn begin_tail(&mut self, wait: Option<Duration>) {
        let (store, mut live) = (Arc::clone(&self.store), self.live.clone());
        let tailing = async move {
            if let Some(wait) = wait {
                tokio::time::sleep(wait).await;
            }
            let from = live.with(|live| live.position().clone());
            guarded(store.tail(&from, &mut live)).await
        };
        self.tail = Some(tailing.boxed());
        self.is_tail_after_look = true;
        self.is_tail_sent = false;
    }

    /// What comes next. May be dropped and called again.
    pub(super) async fn next(&mut self) -> Event {
        if self.tail.is_none() {
            self.begin_tail(None);
        }
        loop {
            let may_tail = !self.is_joining.load(Ordering::Relaxed) && self.look.is_none();
            self.is_tail_sent |= may_tail;
            tokio::select! {
                biased;
                _ = self.joined.changed() => {
                    let joined = self.joined.borrow_and_update().clone();
                    self.is_joining.store(false, Ordering::Relaxed);
                    self.is_tail_after_look = !self.is_tail_sent;
                    if let Some(joined) = joined {
                        return Event::Joined(joined);
                    }
                }
                ended = pending_unless(self.scan.as_mut().map(|(_, scan)| scan)) => {
                    let why = self.scan.take().map_or(WhyScan::Rotation, |(why, _)| why);
                    if self.joined.has_changed().unwrap_or(false) {
                        // It was joined and ended at one go; the join comes first.
                        self.scan = Some((why, std::future::ready(ended).boxed()));
                    } else {
                        self.is_joining.store(false, Ordering::Relaxed);
                        let (count, ended) = ended;
                        let count = Box::new(count);
                        return match ended {
                            Ended::Recent(scanned) => Event::ScannedRecent(count, scanned),
                            Ended::Whole(scanned) => Event::Scanned(why, count, scanned),
                        };
                    }
                }
                looked = pending_unless(self.look.as_mut()) => {
                    self.look = None;
                    // What was asked before is answered first, so that looks that follow each other closely get an answer.
                    let is_after_question = self.is_tail_after_look && self.live.with(|live| live.is_asked());
                    self.is_tail_after_look = !self.is_tail_sent || is_after_question;
                    return Event::Looked(looked);
                }
                tailed = pending_unless(self.tail.as_mut()), if may_tail => {
                    let is_after_look = self.is_tail_after_look;
                    let wait = match &tailed {
                        Err(_) => Some(RETRY),
                        // What comes meanwhile is fetched together, which costs the store little more than one alone.
                        Ok(report) if report.caught_up && report.entries > 0 => Some(self.gather),
                        Ok(_) => None,
                    };
                    self.begin_tail(wait);
                    return Event::Tailed(tailed.map(|report| Tailed { report, is_after_look }));
                }
            }
        }
    }

    /// Looks at the feeds from where they are now: what was under way began elsewhere.
    pub(super) fn restart_tail(&mut self) {
        self.begin_tail(None);
    }
}

/// What the future gives; nothing ever if there is none.
async fn pending_unless<T>(future: Option<&mut BoxFuture<'static, T>>) -> T {
    match future {
        Some(future) => future.await,
        None => std::future::pending().await,
    }
}

/// A panic is a bug, but not a reason to stop serving the numbers from before it.
pub(super) async fn guarded<T>(work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| Err(panicked()))
}

pub(super) fn panicked() -> StoreError {
    StoreError::new(
        StoreErrorKind::Protocol,
        "the cycle panicked, which is a bug; standard error has the place",
    )
}

/// Counts a scan, and tells when it is joined.
struct Joining {
    count: ScanCount,
    joins: watch::Sender<Option<Moment>>,
    gate: Arc<AtomicBool>,
    rows: Arc<AtomicU64>,
}

impl ScanSink for Joining {
    fn joining(&mut self) {
        self.gate.store(true, Ordering::Relaxed);
    }

    fn begin(&mut self, joined: &Moment) {
        self.count.begin(joined);
        self.rows.store(0, Ordering::Relaxed);
        self.joins.send_replace(Some(joined.clone()));
    }

    fn row(&mut self, key: &str, row: &Row<'_>) {
        self.count.row(key, row);
        self.rows.fetch_add(1, Ordering::Relaxed);
    }
}
