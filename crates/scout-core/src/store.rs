//! The ports that a message store implements.

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::{Announced, FeedMark, Finding, Message, Moment, Position, Receipt, Row, WallTime};

/// What went wrong with the store; its text is a metric's label value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// No connection, or it broke.
    Unreachable,
    /// No answer in time, on either side.
    Timeout,
    /// User name or password are wrong or missing.
    Authentication,
    /// The user may not run a command or touch a key.
    Permission,
    /// The store is starting, or busy with a script, or its master is away.
    NotReady,
    /// The index is missing and could not be made.
    IndexMissing,
    /// The index is still being built, so counts would be partial.
    IndexBuilding,
    /// The server lacks a module, or a feature of it.
    ModuleMissing,
    /// The server is a cluster, which needs an adapter of its own.
    Clustered,
    /// Writes are refused: read-only replica, full memory, or failing persistence.
    NotWritable,
    /// An answer that is not whole.
    Partial,
    /// An answer of an unexpected form.
    Protocol,
    /// The store's data is damaged, or of a version that this Scout does not know.
    Corrupt,
    /// Another process has the store.
    InUse,
    /// Anything else that the store refused.
    Refused,
}

impl StoreErrorKind {
    /// The name that metrics and logs carry.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Timeout => "timeout",
            Self::Authentication => "authentication",
            Self::Permission => "permission",
            Self::NotReady => "not_ready",
            Self::IndexMissing => "index_missing",
            Self::IndexBuilding => "index_building",
            Self::ModuleMissing => "module_missing",
            Self::Clustered => "clustered",
            Self::NotWritable => "not_writable",
            Self::Partial => "partial",
            Self::Protocol => "protocol",
            Self::Corrupt => "corrupt",
            Self::InUse => "in_use",
            Self::Refused => "refused",
        }
    }

    /// Whether the same request may succeed later without anybody changing a setting.
    pub const fn is_retryable(self) -> bool {
        matches!(
            self,
            Self::Unreachable
                | Self::Timeout
                | Self::NotReady
                | Self::IndexMissing
                | Self::IndexBuilding
                | Self::NotWritable
                | Self::Partial
        )
    }
}

impl fmt::Display for StoreErrorKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// An error of the store. Its text never holds a secret.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub struct StoreError {
    kind: StoreErrorKind,
    text: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl StoreError {
    /// An error of that kind, with a sentence for the operator.
    pub fn new(kind: StoreErrorKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into(), source: None }
    }

    /// The same error with what caused it.
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What went wrong.
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }

    /// Whether the same request may succeed later by itself.
    pub fn is_retryable(&self) -> bool {
        self.kind.is_retryable()
    }
}

/// Takes in the rows of a scan.
pub trait ScanSink: Send {
    /// A pass is about to be joined with the feeds. Until it begins, nothing that they announce may be taken in.
    fn joining(&mut self) {}

    /// A pass begins, over what the store held at that moment. Whatever an earlier, unfinished pass gave is void.
    fn begin(&mut self, joined: &Moment);

    /// One document.
    fn row(&mut self, key: &str, row: &Row<'_>);
}

/// Takes in what feeds announce.
pub trait TailSink: Send {
    /// Whether rows are to come with their tags, which may have to be fetched for it.
    fn wants_tags(&self) -> bool {
        false
    }

    /// One entry, in the order of its feed.
    fn entry(&mut self, entry: &Announced<'_>);
}

/// How much of the store's time a scan may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Urgency {
    /// The small part that the store's settings name: nothing waits for the result.
    Routine,
    /// A half: there are no numbers yet, or they are known to be wrong.
    Urgent,
}

/// How a scan went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScanReport {
    /// Documents given to the sink.
    pub rows: u64,
    /// Documents that the store says it had when the scan began.
    pub expected: u64,
    /// Commands sent.
    pub commands: u64,
    /// The store's time spent on them, less the round trips.
    pub busy: Duration,
    /// The longest command, less the round trip.
    pub longest: Duration,
    /// What the store noticed about itself and its documents.
    pub findings: Vec<Finding>,
}

impl ScanReport {
    /// Rows found less documents expected.
    pub fn difference(&self) -> i64 {
        i64::try_from(i128::from(self.rows) - i128::from(self.expected)).unwrap_or(i64::MAX)
    }
}

/// How a pass over recent documents went.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecentReport {
    /// From when on events were looked for.
    pub from: WallTime,
    /// What the store noticed about itself and its documents.
    pub findings: Vec<Finding>,
}

impl RecentReport {
    /// Events since then have been given, and those things were wrong.
    pub fn new(from: WallTime, findings: Vec<Finding>) -> Self {
        Self { from, findings }
    }
}

/// How one look at the feeds went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TailReport {
    /// Up to where the feeds have been read.
    pub position: Position,
    /// Entries given to the sink.
    pub entries: u64,
    /// When the last of them arrived; of several feeds, in the one that is furthest behind.
    pub read_to: Option<WallTime>,
    /// Whether nothing more was there to read when it was looked.
    pub caught_up: bool,
    /// What feeds said of themselves right after they were read, each ending with the last entry that it still holds; none
    /// where the store has nothing to say about that.
    pub feeds: BTreeMap<Arc<str>, FeedMark>,
    /// Commands sent.
    pub commands: u64,
    /// The store's time spent on them, less the round trips and the time spent waiting for news.
    pub busy: Duration,
    /// The longest command, less the round trip.
    pub longest: Duration,
}

/// What a store holds, and what is wrong with it, without reading any of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Look {
    /// What the count is compared with.
    pub moment: Moment,
    /// What is wrong with the store and its index.
    pub findings: Vec<Finding>,
}

impl Look {
    /// A look at that moment, at which those things were wrong.
    pub fn new(moment: Moment, findings: Vec<Finding>) -> Self {
        Self { moment, findings }
    }
}

/// What a store looks like to somebody who is about to rely on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoreReport {
    /// What it is, in lines of a name and a value: server, modules, index, documents.
    pub facts: Vec<(String, String)>,
    /// What is wrong with it.
    pub findings: Vec<Finding>,
    /// Documents that a scan would find; `None` where it would have to make something first, or cannot be done.
    pub documents: Option<u64>,
    /// Why messages cannot be counted in it, if they cannot; a finding holds the sentence.
    pub unusable: Option<StoreErrorKind>,
}

/// What takes messages in.
#[async_trait]
pub trait MessageIntake: fmt::Debug + Send + Sync {
    /// Stores a message and announces it. When it returns, the message is as durable as the store makes it.
    ///
    /// # Errors
    /// Any [`StoreErrorKind`]; the message may have been stored all the same where the answer was lost.
    async fn submit(&self, message: &Message) -> Result<Receipt, StoreError>;
}

/// A store of messages.
#[async_trait]
pub trait MessageStore: MessageIntake {
    /// One pass over all documents, each given once, as they were at one moment.
    ///
    /// # Errors
    /// Any [`StoreErrorKind`]; what the sink was given until then is void.
    async fn scan(&self, urgency: Urgency, sink: &mut dyn ScanSink) -> Result<ScanReport, StoreError>;

    /// A quick pass over the documents whose event lies no further back than `reach`, where the store finds them without
    /// reading the others. `None` where it does not, or where that would save nothing.
    ///
    /// Good for a first answer: a store may find them by less than all that says when an event was.
    ///
    /// # Errors
    /// Any [`StoreErrorKind`]; what the sink was given until then is void.
    async fn scan_recent(
        &self,
        _reach: Duration,
        _sink: &mut dyn ScanSink,
    ) -> Result<Option<RecentReport>, StoreError> {
        Ok(None)
    }

    /// Some of what was announced after `from`, oldest first. Waits a second or so if there is nothing.
    ///
    /// # Errors
    /// Any [`StoreErrorKind`]. What the sink was given until then stands, as it does if the call is cancelled: whoever
    /// calls again goes on behind the last entry.
    async fn tail(&self, from: &Position, sink: &mut dyn TailSink) -> Result<TailReport, StoreError>;

    /// Before everything that was announced at `at` or later.
    fn position_at(&self, at: WallTime) -> Position;

    /// What the store holds, and where its feeds end, without reading either.
    ///
    /// # Errors
    /// Any [`StoreErrorKind`]; an index that is being built is one.
    async fn look(&self) -> Result<Look, StoreError>;

    /// Looks at the store without changing anything in it.
    ///
    /// # Errors
    /// Any [`StoreErrorKind`] that keeps the store from being used.
    async fn inspect(&self) -> Result<StoreReport, StoreError>;
}
