//! What keeps the numbers from being those of the store as it is.

use scout_core::{StoreError, StoreErrorKind};

/// What is wrong at present with each way to the store.
#[derive(Debug, Default)]
pub(super) struct Trouble {
    /// The scan that is needed cannot be completed.
    pub(super) scan: Option<StoreError>,
    /// What was counted is no longer there; a scan will tell what is.
    pub(super) replaced: Option<StoreError>,
    pub(super) look: Option<StoreError>,
    pub(super) tail: Option<StoreError>,
}

impl Trouble {
    /// Whether the store cannot be read, rather than being counted anew or its index being built.
    pub(super) fn is_away(&self) -> bool {
        let is_away = |error: &StoreError| {
            !matches!(
                error.kind(),
                StoreErrorKind::IndexMissing | StoreErrorKind::IndexBuilding | StoreErrorKind::Partial
            )
        };
        [&self.scan, &self.look, &self.tail].into_iter().flatten().any(is_away)
    }

    /// The most telling of them.
    pub(super) fn first(&self) -> Option<&StoreError> {
        [&self.scan, &self.replaced, &self.look, &self.tail].into_iter().flatten().next()
    }
}
