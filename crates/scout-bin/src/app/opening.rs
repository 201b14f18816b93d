//! A store that may still be opening, which after a crash takes as long as its repair.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use scout_core::alerting::{AlertStore, Changes, Expects, Lease, LeaseToken, Leased, Loaded, Saved};
use scout_core::{
    Look, Message, MessageIntake, MessageStore, Position, Receipt, RecentReport, ScanReport, ScanSink,
    StoreError, StoreErrorKind, StoreReport, TailReport, TailSink, Urgency, WallTime,
};
use tokio::sync::watch;

use super::store::Store;

/// Stands for the store from the start on, so that the listener need not wait for it.
#[derive(Debug)]
pub(super) struct Opening {
    store: watch::Sender<Option<Arc<dyn Store>>>,
}

impl Opening {
    pub(super) fn new() -> Self {
        Self { store: watch::Sender::new(None) }
    }

    /// The store is open.
    pub(super) fn opened(&self, store: Arc<dyn Store>) {
        self.store.send_replace(Some(store));
    }

    fn store(&self) -> Result<Arc<dyn Store>, StoreError> {
        self.store.borrow().clone().ok_or_else(still_opening)
    }
}

fn still_opening() -> StoreError {
    StoreError::new(
        StoreErrorKind::NotReady,
        "the store is being opened; after a crash it is repaired first, which takes the longer the larger it is",
    )
}

#[async_trait]
impl MessageIntake for Opening {
    /// Waits for the store: callers bound that as they bound the submission itself.
    async fn submit(&self, message: &Message) -> Result<Receipt, StoreError> {
        let mut store = self.store.subscribe();
        let opened = store.wait_for(Option::is_some).await.map(|store| store.clone());
        opened.ok().flatten().ok_or_else(still_opening)?.submit(message).await
    }
}

#[async_trait]
impl MessageStore for Opening {
    async fn scan(&self, urgency: Urgency, sink: &mut dyn ScanSink) -> Result<ScanReport, StoreError> {
        self.store()?.scan(urgency, sink).await
    }

    async fn scan_recent(
        &self,
        reach: Duration,
        sink: &mut dyn ScanSink,
    ) -> Result<Option<RecentReport>, StoreError> {
        self.store()?.scan_recent(reach, sink).await
    }

    async fn tail(&self, from: &Position, sink: &mut dyn TailSink) -> Result<TailReport, StoreError> {
        self.store()?.tail(from, sink).await
    }

    fn position_at(&self, at: WallTime) -> Position {
        self.store().map(|store| store.position_at(at)).unwrap_or_default()
    }

    async fn look(&self) -> Result<Look, StoreError> {
        self.store()?.look().await
    }

    async fn inspect(&self) -> Result<StoreReport, StoreError> {
        self.store()?.inspect().await
    }
}

#[async_trait]
impl Lease for Opening {
    async fn lease(&self, token: &LeaseToken, ttl: Duration, expects: Expects) -> Result<Leased, StoreError> {
        self.store()?.lease(token, ttl, expects).await
    }

    async fn release(&self, token: &LeaseToken) -> Result<(), StoreError> {
        self.store()?.release(token).await
    }
}

#[async_trait]
impl AlertStore for Opening {
    async fn load(&self, known: Option<&[u8]>) -> Result<Loaded, StoreError> {
        self.store()?.load(known).await
    }

    async fn save(&self, token: &LeaseToken, changes: &Changes) -> Result<Saved, StoreError> {
        self.store()?.save(token, changes).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_store_that_is_still_opening_refuses_and_may_be_asked_again() {
        let error = Opening::new().inspect().await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::NotReady);
        assert!(error.is_retryable());
    }
}
