//! A store that may still be opening, which after a crash takes as long as its repair.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use scout_core::{
    Message, MessageStore, Receipt, ScanReport, ScanSink, StoreError, StoreErrorKind, StoreReport,
};

/// Stands for the store from the start on, so that the listener need not wait for it.
#[derive(Debug, Default)]
pub(super) struct Opening {
    store: OnceLock<Arc<dyn MessageStore>>,
}

impl Opening {
    /// The store is open.
    pub(super) fn opened(&self, store: Arc<dyn MessageStore>) {
        // A store is opened once.
        drop(self.store.set(store));
    }

    fn store(&self) -> Result<&dyn MessageStore, StoreError> {
        self.store.get().map(|store| &**store).ok_or_else(|| {
            StoreError::new(
                StoreErrorKind::NotReady,
                "the store is being opened; after a crash it is repaired first, which takes the longer the larger it is",
            )
        })
    }
}

#[async_trait]
impl MessageStore for Opening {
    async fn scan(&self, sink: &mut dyn ScanSink) -> Result<ScanReport, StoreError> {
        self.store()?.scan(sink).await
    }

    async fn submit(&self, message: &Message) -> Result<Receipt, StoreError> {
        self.store()?.submit(message).await
    }

    async fn inspect(&self) -> Result<StoreReport, StoreError> {
        self.store()?.inspect().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_store_that_is_still_opening_refuses_and_may_be_asked_again() {
        let error = Opening::default().inspect().await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::NotReady);
        assert!(error.is_retryable());
    }
}
