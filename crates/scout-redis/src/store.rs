//! The port over one Redis.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use metrics::Recorder;
use scout_core::alerting::{AlertStore, Changes, Expects, Lease, LeaseToken, Leased, Loaded, Saved};
use scout_core::{
    Clock, EntryId, Look, Message, MessageIntake, MessageStore, Position, Receipt, RecentReport, ScanReport,
    ScanSink, StoreError, StoreReport, TailReport, TailSink, Urgency, WallTime,
};
use tokio::sync::Mutex;

use crate::alerts::AlertKeeper;
use crate::config::RedisConfig;
use crate::connection::Connection;
use crate::cursor::Leftovers;
use crate::index::being_built;
use crate::info::KeyType;
use crate::inspect::inspect;
use crate::link::{Link, Patience};
use crate::metrics::Meters;
use crate::moment::State;
use crate::plan;
use crate::scan::{Memory, Scan};
use crate::submit::submit;
use crate::tail::{Tail, TailMemory};

/// The part of Redis' time that work may take which somebody waits for.
const HALF: f64 = 0.5;

/// The messages of one standalone Redis, counted through a `RediSearch` index.
///
/// Connects when first used, keeps the connection, and makes it again when it breaks; nothing has to be called for
/// that. Wants a tokio runtime around its calls.
#[derive(Debug)]
pub struct RedisStore {
    config: Arc<RedisConfig>,
    link: Link,
    clock: Arc<dyn Clock>,
    meters: Meters,
    leftovers: Leftovers,
    /// One scan at a time: two would take twice the share of Redis' time.
    memory: Mutex<Memory>,
    /// A connection of its own, since waiting for news holds up whatever is sent after it.
    tail_link: Link,
    tail_memory: Mutex<TailMemory>,
    alerts: AlertKeeper,
    /// Whether the index was made over hashes when it was last scanned.
    is_over_hashes: AtomicBool,
}

impl RedisStore {
    /// Checks the settings and takes metric handles from `recorder`. Does not connect: a service has to be up before
    /// its store is.
    ///
    /// # Errors
    /// [`StoreErrorKind::Refused`](scout_core::StoreErrorKind::Refused) for settings that cannot work.
    pub fn new(
        config: RedisConfig,
        clock: Arc<dyn Clock>,
        recorder: &dyn Recorder,
    ) -> Result<Self, StoreError> {
        config.check()?;
        let config = Arc::new(config);
        let meters = Meters::new(recorder, config.stall_budget);
        Ok(Self {
            link: Link::new(Arc::clone(&config), meters.clone(), Arc::clone(&clock))?,
            tail_link: Link::new(Arc::clone(&config), meters.clone(), Arc::clone(&clock))?,
            tail_memory: Mutex::new(TailMemory::new(config.stall_budget, HALF)),
            is_over_hashes: AtomicBool::new(false),
            memory: Mutex::new(Memory::new(&config)),
            alerts: AlertKeeper::new(&config, meters.clone(), Arc::clone(&clock))?,
            leftovers: Leftovers::default(),
            config,
            clock,
            meters,
        })
    }

    fn counted<T>(&self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        result.inspect_err(|error| self.meters.error(error.kind()))
    }

    async fn scan_into(&self, urgency: Urgency, sink: &mut dyn ScanSink) -> Result<ScanReport, StoreError> {
        let mut memory = self.memory.lock().await;
        memory.take(match urgency {
            Urgency::Routine => self.config.share,
            Urgency::Urgent => HALF,
        });
        let connection = self.link.connection(Patience::Wait).await?;
        let scanned = self.begin_scan(&connection, &mut memory).run(sink).await;
        self.is_over_hashes.store(memory.key_type() == KeyType::Hash, Ordering::Relaxed);
        scanned
    }

    async fn scan_recent_into(
        &self,
        reach: Duration,
        sink: &mut dyn ScanSink,
    ) -> Result<Option<RecentReport>, StoreError> {
        let mut memory = self.memory.lock().await;
        memory.take(HALF);
        let connection = self.link.connection(Patience::Wait).await?;
        self.begin_scan(&connection, &mut memory).run_recent(reach, sink).await
    }

    fn begin_scan<'a>(&'a self, connection: &'a Connection, memory: &'a mut Memory) -> Scan<'a> {
        Scan {
            connection,
            config: &self.config,
            clock: &*self.clock,
            leftovers: &self.leftovers,
            memory,
            report: ScanReport::default(),
        }
    }

    async fn tail_into(&self, from: &Position, sink: &mut dyn TailSink) -> Result<TailReport, StoreError> {
        let mut memory = self.tail_memory.lock().await;
        let connection = self.tail_link.connection(Patience::Wait).await?;
        let key_type =
            if self.is_over_hashes.load(Ordering::Relaxed) { KeyType::Hash } else { KeyType::Json };
        let (config, clock) = (&*self.config, &*self.clock);
        Tail { connection: &connection, config, clock, key_type, memory: &mut memory }.run(from, sink).await
    }

    async fn look_at(&self) -> Result<Look, StoreError> {
        let connection = self.link.connection(Patience::Wait).await?;
        let (state, _) = State::ask(&connection, &self.config).await?;
        match state.built_part() {
            None => {
                let mut findings = plan::findings(&self.config.index, &state.info);
                findings.extend(state.lost_master);
                findings.extend(state.not_durable);
                Ok(Look::new(state.moment, findings))
            }
            Some(part) => Err(being_built(&connection, &self.config.index, part)),
        }
    }
}

#[async_trait]
impl MessageIntake for RedisStore {
    async fn submit(&self, message: &Message) -> Result<Receipt, StoreError> {
        let stored = async {
            let connection = self.link.connection(Patience::Refuse).await?;
            submit(&connection, &self.config, message).await
        };
        self.counted(stored.await)
    }
}

#[async_trait]
impl MessageStore for RedisStore {
    async fn scan(&self, urgency: Urgency, sink: &mut dyn ScanSink) -> Result<ScanReport, StoreError> {
        self.counted(self.scan_into(urgency, sink).await)
    }

    async fn scan_recent(
        &self,
        reach: Duration,
        sink: &mut dyn ScanSink,
    ) -> Result<Option<RecentReport>, StoreError> {
        self.counted(self.scan_recent_into(reach, sink).await)
    }

    async fn tail(&self, from: &Position, sink: &mut dyn TailSink) -> Result<TailReport, StoreError> {
        self.counted(self.tail_into(from, sink).await)
    }

    fn position_at(&self, at: WallTime) -> Position {
        let mut position = Position::default();
        for stream in &self.config.streams {
            position.set(stream, EntryId::before(at).offset());
        }
        position
    }

    async fn look(&self) -> Result<Look, StoreError> {
        self.counted(self.look_at().await)
    }

    async fn inspect(&self) -> Result<StoreReport, StoreError> {
        let inspected = async {
            let connection = self.link.connection(Patience::Wait).await?;
            inspect(&connection, &self.config, &*self.clock).await
        };
        self.counted(inspected.await)
    }
}

#[async_trait]
impl Lease for RedisStore {
    async fn lease(&self, token: &LeaseToken, ttl: Duration, expects: Expects) -> Result<Leased, StoreError> {
        self.counted(self.alerts.lease(token, ttl, expects).await)
    }

    async fn release(&self, token: &LeaseToken) -> Result<(), StoreError> {
        self.counted(self.alerts.release(token).await)
    }
}

#[async_trait]
impl AlertStore for RedisStore {
    async fn load(&self, known: Option<&[u8]>) -> Result<Loaded, StoreError> {
        self.counted(self.alerts.load(known).await)
    }

    async fn save(&self, token: &LeaseToken, changes: &Changes) -> Result<Saved, StoreError> {
        self.counted(self.alerts.save(token, changes).await)
    }
}
