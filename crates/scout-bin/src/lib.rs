//! Scout as a library: its configuration, its command line, its log.

pub mod build_info;
pub mod cli;
pub mod config;
pub mod logging;
