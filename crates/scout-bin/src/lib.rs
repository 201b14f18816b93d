//! Scout as a library: the whole service as an [`App`], its configuration, its command line, its log.
//!
//! ```no_run
//! use scout_bin::App;
//! use scout_bin::config::{Overrides, Sources, load};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let mut overrides = Overrides::default();
//! overrides.set("store.kind", "embedded");
//! overrides.set("store.data", "/var/lib/scout");
//! let loaded = load(&Sources { overrides, ..Sources::default() })?;
//!
//! let app = App::start(&loaded.settings).await?;
//! println!("listening on {}", app.local_addr());
//! app.stop().await;
//! # Ok(())
//! # }
//! ```
#![deny(missing_docs)]

mod app;
pub mod build_info;
pub mod cli;
pub mod command;
pub mod config;
mod demo;
pub mod logging;
mod rule_tests;

pub use app::{App, AppError, SystemClock};
