//! Each receiver against a server that records what it is sent, over real sockets.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail as loudly as tests"
)]

mod allowed;
mod answers;
mod heartbeat;
mod local;
mod log;
mod pitcher;
mod proxies;
mod redirects;
mod secrets;
mod support;
mod templates;
mod tls;
mod webhook;
