//! The port over one Redis.

use std::sync::Arc;

use async_trait::async_trait;
use metrics::Recorder;
use scout_core::{Clock, Message, MessageStore, Receipt, ScanReport, ScanSink, StoreError, StoreReport};
use tokio::sync::Mutex;

use crate::config::RedisConfig;
use crate::cursor::Leftovers;
use crate::inspect::inspect;
use crate::link::{Link, Patience};
use crate::metrics::Meters;
use crate::scan::{Memory, Scan};
use crate::submit::submit;

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
        let meters = Meters::new(recorder);
        Ok(Self {
            link: Link::new(Arc::clone(&config), meters.clone(), Arc::clone(&clock))?,
            memory: Mutex::new(Memory::new(&config)),
            leftovers: Leftovers::default(),
            config,
            clock,
            meters,
        })
    }

    fn counted<T>(&self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        result.inspect_err(|error| self.meters.error(error.kind()))
    }

    async fn scan_into(&self, sink: &mut dyn ScanSink) -> Result<ScanReport, StoreError> {
        let mut memory = self.memory.lock().await;
        let connection = self.link.connection(Patience::Wait).await?;
        let scan = Scan {
            connection: &connection,
            config: &self.config,
            clock: &*self.clock,
            leftovers: &self.leftovers,
            memory: &mut memory,
            report: ScanReport::default(),
        };
        scan.run(sink).await
    }
}

#[async_trait]
impl MessageStore for RedisStore {
    async fn scan(&self, sink: &mut dyn ScanSink) -> Result<ScanReport, StoreError> {
        self.counted(self.scan_into(sink).await)
    }

    async fn submit(&self, message: &Message) -> Result<Receipt, StoreError> {
        let stored = async {
            let connection = self.link.connection(Patience::Refuse).await?;
            submit(&connection, &self.config, message).await
        };
        self.counted(stored.await)
    }

    async fn inspect(&self) -> Result<StoreReport, StoreError> {
        let inspected = async {
            let connection = self.link.connection(Patience::Wait).await?;
            inspect(&connection, &self.config).await
        };
        self.counted(inspected.await)
    }
}
