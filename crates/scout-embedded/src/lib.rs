//! Scout's message store over one local file, so that Scout runs with nothing else installed.
//!
//! ```no_run
//! use scout_core::{Clock, Message, MessageIntake};
//! use scout_embedded::{EmbeddedConfig, EmbeddedStore};
//! use std::sync::Arc;
//!
//! # async fn example(clock: Arc<dyn Clock>) -> Result<(), Box<dyn std::error::Error>> {
//! let store = EmbeddedStore::open(&EmbeddedConfig::new("/var/lib/scout"), Arc::clone(&clock))?;
//! let message = Message::from_pitch(br#"{"title": "Backup", "message": "done"}"#, clock.now().wall)?;
//! let receipt = store.submit(&message).await?;
//! println!("on disk as {}", receipt.key);
//! # Ok(())
//! # }
//! ```
#![deny(missing_docs)]

mod alerts;
mod config;
mod error;
mod failure;
mod file;
mod folder;
mod identity;
mod layout;
mod readers;
mod rows;
mod scan;
mod store;
mod stored;
mod tail;
mod writer;

pub use config::EmbeddedConfig;
pub use store::EmbeddedStore;

#[doc = include_str!("../README.md")]
#[cfg(doctest)]
mod readme {}
