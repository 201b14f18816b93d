//! Scout's message store over `RediSearch`, `RedisJSON` and Redis streams.
//!
//! [`RedisStore`] counts by one cursor over the whole index, read in steps that are sized to end within the stall
//! budget, with pauses at least as long as the step before. What it gives is whole or an error: a query that timed out,
//! an index that is still being built, or rows that are fewer than the index says never become a number silently.
//!
//! ```no_run
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use scout_core::{Clock, LedgerConfig, MessageStore, ScanCount, Urgency};
//! use scout_redis::{RedisConfig, RedisStore};
//!
//! # async fn example(clock: Arc<dyn Clock>) -> Result<(), Box<dyn std::error::Error>> {
//! let mut config = RedisConfig::from_url("redis://scout:secret@redis:6379")?;
//! config.stall_budget = Duration::from_millis(2);
//! let store = RedisStore::new(config, clock, &metrics::NoopRecorder)?;
//!
//! let mut count = ScanCount::new(LedgerConfig::new(Duration::from_secs(48 * 3600), 48 << 20)?);
//! let report = store.scan(Urgency::Urgent, &mut count).await?;
//! assert_eq!(report.difference(), 0);
//! println!("{} messages at {}", count.ledger().total().total(), count.joined().at);
//! for finding in &report.findings {
//!     println!("{}: {}", finding.kind, finding.text);
//! }
//! # Ok(()) }
//! ```
#![deny(missing_docs)]

mod alerts;
mod backoff;
mod config;
mod connection;
mod cursor;
mod durability;
mod emptiness;
mod error;
mod greeting;
mod index;
mod info;
mod inspect;
mod join;
mod link;
mod metrics;
mod moment;
mod pause;
mod permission;
mod plan;
mod replication;
mod rows;
mod scan;
mod script;
mod store;
mod submit;
mod tail;
#[cfg(test)]
mod testing;
mod transport;
mod unfollowed;
mod value;

pub use config::{Address, Alerts, Intake, Password, Protocol, RedisConfig};
pub use store::RedisStore;

#[doc = include_str!("../README.md")]
#[cfg(doctest)]
mod readme {}
