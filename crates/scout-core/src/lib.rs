//! Models, rules and ports of Scout.
//!
//! Scout watches the messages that a platform keeps in a store and says what is happening in them. This crate holds
//! what is true whatever the store: how a message is read and folded ([`Row`], [`Severity`]), how messages are counted
//! ([`Ledger`]), what is published ([`Snapshot`], [`Board`]), and what a store has to offer ([`MessageStore`]).
//! It does no I/O and reads no clock: time is an argument ([`Now`]).
//!
//! ```
//! use scout_core::{Ledger, LedgerConfig, Row, Snapshot, WallTime};
//! use std::time::Duration;
//!
//! let now = WallTime::parse_rfc3339("2026-03-01T12:00:00Z").unwrap();
//! let config = LedgerConfig::new(Duration::from_secs(48 * 3600), 48 << 20)?;
//! let mut ledger = Ledger::new(config, now);
//!
//! for (severity, system) in [("ERROR", "flux"), ("error", "github"), ("info", "flux")] {
//!     let row = Row {
//!         severity: Some(severity),
//!         system: Some(system),
//!         timestamp: Some("2026-03-01T11:59:30Z"),
//!         ..Row::default()
//!     };
//!     if let Some(facts) = row.facts() {
//!         ledger.record(&facts);
//!     }
//! }
//!
//! let snapshot = Snapshot::new(&ledger, 1, now, 0);
//! assert_eq!(snapshot.total, 3);
//! assert_eq!(snapshot.severities["error"], 2);
//! assert_eq!(&*snapshot.systems[0].system, "flux");
//! assert_eq!(ledger.window(Duration::from_secs(60), now).total(), 3);
//! # Ok::<(), scout_core::LedgerConfigError>(())
//! ```
#![deny(missing_docs)]

pub mod alerting;
mod arrivals;
mod board;
mod cells;
mod duration;
mod entry_id;
mod facts;
mod feed;
mod finding;
mod intake;
mod keys;
mod ledger;
mod live;
mod message;
mod names;
mod pacing;
mod query;
mod rescan;
mod series;
mod severity;
mod snapshot;
mod span;
mod store;
mod sums;
mod tier;
mod time;
mod view;

pub use arrivals::{ARRIVALS_REACH, Arrivals};
pub use board::{Board, Counting, NotReady, Publication, Recent};
pub use duration::{GoDuration, ParseDurationError};
pub use entry_id::EntryId;
pub use facts::{Facts, Row, event_time};
pub use feed::{Announced, FeedMark, Moment, Offset, Position};
pub use finding::{Finding, FindingKind};
pub use intake::ScanCount;
pub use ledger::{Label, Ledger, LedgerConfig, LedgerConfigError, MAX_RETENTION, MAX_SEVERITIES, Tally};
pub use live::{LiveConfig, LiveLedger, Replaced, Verdict};
pub use message::{Message, MessageError, Receipt};
pub use pacing::{PacePolicy, Pacer};
pub use query::{Found, Query, QueryError, TimeOf};
pub use rescan::{RescanPolicy, Rescans, WhyScan};
pub use series::{By, MAX_POINTS, Series, SeriesQuery};
pub use severity::{Rank, Severity};
pub use snapshot::{LISTED_ALERTING, LISTED_SYSTEMS, Snapshot, SystemCount};
pub use span::{Span, SpanError};
pub use store::{
    Look, MessageIntake, MessageStore, RecentReport, ScanReport, ScanSink, StoreError, StoreErrorKind,
    StoreReport, TailReport, TailSink, Urgency,
};
pub use tier::AHEAD;
pub use time::{Clock, MonoTime, Now, WallTime};
pub use view::{AlertsView, Marks, SeriesView, SummaryView, SystemView, SystemsView, Views};
