//! What the server needs to know before it listens.

use std::net::SocketAddr;
use std::time::Duration;

use crate::Tokens;

/// Which build this is, as `/`, `/health` and `/metrics` say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuildInfo {
    /// The version.
    pub version: &'static str,
    /// The commit it was built from.
    pub commit: &'static str,
    /// When it was built.
    pub date: &'static str,
}

impl Default for BuildInfo {
    /// What a build says that was told nothing.
    fn default() -> Self {
        Self { version: "dev", commit: "unknown", date: "unknown" }
    }
}

/// The server's settings. Every bound has a default that suits a service behind an ingress.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HttpConfig {
    /// Where to listen; port 0 takes any free one.
    pub listen: SocketAddr,
    /// Who may read the analytics and pitch messages; none means everybody.
    pub tokens: Tokens,
    /// The interval as it was configured, which the summary repeats.
    pub time_window: String,
    /// Which build this is.
    pub build: BuildInfo,
    /// Connections at the same time, without those that listen on `/events`. At the limit those are closed whose clients
    /// are within no request, the longest waiting first, and new ones wait until there is room.
    pub max_connections: usize,
    /// Clients that listen on `/events` at the same time.
    pub max_event_clients: usize,
    /// How often a client of `/events` is sent a comment when there is nothing else to send.
    pub event_heartbeat: Duration,
    /// How long a client may take to send a request's header, and a new connection to begin one.
    pub header_timeout: Duration,
    /// How long a client may take to send a request's body.
    pub body_timeout: Duration,
    /// How long a client may go without taking any byte of an answer.
    pub answer_timeout: Duration,
    /// How long a connection is kept between two requests.
    pub idle_timeout: Duration,
    /// How long the store may take to accept a message.
    pub submit_timeout: Duration,
    /// Bytes of messages that may be on their way into the store at the same time.
    pub pitch_budget_bytes: usize,
    /// How long requests in flight may take to finish when the server stops.
    pub grace: Duration,
}

impl HttpConfig {
    /// The defaults, for a server that listens at `listen`.
    pub fn new(listen: SocketAddr) -> Self {
        Self {
            listen,
            tokens: Tokens::default(),
            time_window: String::new(),
            build: BuildInfo::default(),
            max_connections: 512,
            max_event_clients: 1000,
            event_heartbeat: Duration::from_secs(15),
            header_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(30),
            answer_timeout: Duration::from_secs(30),
            // Longer than the 60 s of common load balancers, so that they and not we close a connection first.
            idle_timeout: Duration::from_secs(75),
            submit_timeout: Duration::from_secs(30),
            pitch_budget_bytes: 16 << 20,
            grace: Duration::from_secs(15),
        }
    }
}
