//! `/metrics`: what is counted here, what others record, and what follows the snapshot, joined in one text.

mod counters;
mod exporter;
mod exposition;
mod process;
mod registry;
mod requests;
pub(crate) mod scrape;
mod snapshot;
mod telemetry;
mod windows;

pub(crate) use counters::{PitchStats, ServerStats};
pub(crate) use exposition::{Exposition, Kind};
pub(crate) use scrape::Scrape;
pub(crate) use snapshot::gauges;
pub use telemetry::Telemetry;
pub(crate) use windows::windows;
