//! The ports that keep alerts: where they are stored, and who may judge.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

use super::Fingerprint;
use crate::StoreError;

/// Who holds a lease: a name that tells processes apart, and a number that tells its times of holding it apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LeaseToken {
    text: String,
}

impl LeaseToken {
    /// The token of so-and-so's so-manieth time.
    pub fn new(owner: &str, number: u64) -> Self {
        Self { text: format!("{owner}:{number:016x}") }
    }

    /// As it is stored.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for LeaseToken {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

/// Whether a replica expects to find state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expects {
    /// It has seen some: where there is none now, the store has lost it, and who held the lease last is to come first.
    State,
    /// There may be none.
    Nothing,
}

/// What came of asking for the lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leased {
    /// It is held by whoever asked, for the time that was asked for.
    Held {
        /// Whether there is state.
        has_state: bool,
    },
    /// Another one holds it.
    Other {
        /// For so long, unless it is prolonged.
        remaining: Duration,
    },
    /// Nobody was given it, since the state that was expected is not there.
    StateLost,
}

/// The right to judge rules, held by one at a time.
#[async_trait]
pub trait Lease: fmt::Debug + Send + Sync {
    /// Takes the lease if nobody has it, or prolongs it if it is the token's, for `ttl` from now on.
    ///
    /// # Errors
    /// Any [`StoreErrorKind`](crate::StoreErrorKind); it may have been taken all the same where the answer was lost.
    async fn lease(&self, token: &LeaseToken, ttl: Duration, expects: Expects) -> Result<Leased, StoreError>;

    /// Gives the lease back if it is the token's.
    ///
    /// # Errors
    /// Any [`StoreErrorKind`](crate::StoreErrorKind).
    async fn release(&self, token: &LeaseToken) -> Result<(), StoreError>;
}

/// State as a store holds it: texts that only the core reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// What there is beside the records.
    pub meta: Vec<u8>,
    /// The records.
    pub records: Vec<(Fingerprint, Vec<u8>)>,
}

/// What came of reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Loaded {
    /// There is nothing.
    Nothing,
    /// It is what the reader knows.
    Same,
    /// It is this.
    State(Stored),
}

/// What is to be written at once, or not at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// What there is beside the records.
    pub meta: Vec<u8>,
    /// Records that are new or different.
    pub put: Vec<(Fingerprint, Vec<u8>)>,
    /// Records that are gone.
    pub remove: Vec<Fingerprint>,
}

/// What came of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saved {
    /// All of it was written.
    Written,
    /// Nothing was: the lease is not the writer's.
    Fenced,
}

/// Where alerts are kept.
#[async_trait]
pub trait AlertStore: Lease {
    /// Reads all, unless the meta is the one that is known.
    ///
    /// # Errors
    /// Any [`StoreErrorKind`](crate::StoreErrorKind).
    async fn load(&self, known: Option<&[u8]>) -> Result<Loaded, StoreError>;

    /// Writes changes if the lease is the token's, in one step.
    ///
    /// # Errors
    /// Any [`StoreErrorKind`](crate::StoreErrorKind); they may have been written all the same where the answer was lost.
    async fn save(&self, token: &LeaseToken, changes: &Changes) -> Result<Saved, StoreError>;
}
