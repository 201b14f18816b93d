//! The server on a real socket, asked in raw bytes.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail loudly")]

mod caching;
mod connections;
mod contract;
mod events;
mod exposition;
mod freshness;
mod logs;
mod openapi;
mod pitch;
mod series;
mod support;
mod windows;
