//! The settings that the rest of the program works by: plain, typed, checked.

mod alert;

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::secret::Secret;

pub use alert::{AlertSettings, HeartbeatSettings, ReceiverKind, ReceiverSettings};

/// Everything that is configured. Made by [`load`](super::load), which checks each value and their combinations.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Settings {
    /// Time between two cycles.
    pub interval: Interval,
    /// How often a cycle may begin before its time.
    pub max_cycles_per_second: u32,
    /// Time between two scans that nothing asks for.
    pub rescan_interval: Duration,
    /// How long requests in flight may take to end once the service is asked to stop.
    pub shutdown_grace: Duration,
    /// How to reach Redis; filled in whichever store is chosen.
    pub redis: RedisSettings,
    /// Which store holds the messages.
    pub store: StoreSettings,
    /// The byte budget of the counts.
    pub ledger_budget_bytes: usize,
    /// How long messages are kept.
    pub retention: RetentionSettings,
    /// What is alerted on, and who is told.
    pub alert: AlertSettings,
    /// Where a profile would be read from.
    pub kubernetes: KubernetesSettings,
    /// The server.
    pub http: HttpSettings,
    /// The log.
    pub log: LogSettings,
}

/// A period, and the text that stood for it: answers repeat the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interval {
    /// Never zero.
    pub period: Duration,
    /// As configured, such as `60s` or `1m`.
    pub text: String,
}

/// How to reach Redis, and how to behave there.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RedisSettings {
    /// Where it is.
    pub address: RedisAddress,
    /// Set only where the address carries no user of its own.
    pub username: Option<String>,
    /// Set only where the address carries no user of its own.
    pub password: Option<Secret>,
    /// The index over the messages.
    pub index: String,
    /// The streams on which messages are announced.
    pub streams: Vec<String>,
    /// The part of Redis' time that a scan may take which nothing waits for; one is all of it.
    pub share: f64,
    /// Which protocol to speak.
    pub protocol: RedisProtocol,
    /// The longest that one command may occupy Redis.
    pub stall_budget: Duration,
    /// The limit of one attempt to connect.
    pub connect_timeout: Duration,
    /// The limit of one answer.
    pub response_timeout: Duration,
}

/// Where Redis is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RedisAddress {
    /// `redis://` or `rediss://`; may carry a password.
    Url(Secret),
    /// Without TLS.
    HostPort {
        /// A name or an IP address, without brackets.
        host: String,
        /// Never 0.
        port: u16,
    },
}

/// A protocol with Redis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RedisProtocol {
    /// RESP3, and RESP2 where the server lacks it.
    #[default]
    Auto,
    /// RESP3 or an error.
    Resp3,
    /// RESP2.
    Resp2,
}

/// Which store holds the messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreSettings {
    /// RediSearch, as [`RedisSettings`] says.
    Redis,
    /// A file of Scout's own.
    Embedded {
        /// The folder; need not exist.
        data: PathBuf,
        /// The limit of the page cache.
        cache_bytes: usize,
    },
}

/// The name of a store, before its own settings are known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum StoreKind {
    #[default]
    Redis,
    Embedded,
}

/// How long messages are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetentionSettings {
    /// The age beyond which a message is old.
    pub ttl: Duration,
    /// Whether old messages are to be deleted; this version never does.
    pub enabled: bool,
}

/// Where a profile would be read from; nothing in this version does.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KubernetesSettings {
    /// `None`: Kubernetes is not asked.
    pub profile_name: Option<String>,
    /// The profile's namespace.
    pub namespace: String,
}

/// The server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpSettings {
    /// The interfaces.
    pub listen: Listen,
    /// 0 is any free port.
    pub port: u16,
    /// Any of them opens the guarded routes; none at all opens them to everybody.
    pub tokens: Vec<Secret>,
    /// Connections open at once, beside those that listen on /events.
    pub max_connections: usize,
    /// The limit for a request's headers to arrive.
    pub header_timeout: Duration,
    /// The limit for a request's body to arrive.
    pub body_timeout: Duration,
    /// The limit for a connection without a request.
    pub idle_timeout: Duration,
    /// Whether messages are taken by `POST /pitch`.
    pub pitch: bool,
}

/// The interfaces to listen on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listen {
    /// `[::]` for both families, or `0.0.0.0` where the machine has no IPv6.
    AllInterfaces,
    /// One address.
    Address(IpAddr),
}

/// The log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogSettings {
    /// The least level.
    pub level: LogLevel,
    /// The form of a line.
    pub format: LogFormat,
}

/// The least level that is logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogLevel {
    /// Everything, each request among it.
    Debug,
    /// What happens.
    #[default]
    Info,
    /// What should not happen.
    Warn,
    /// What must not happen.
    Error,
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line.
    #[default]
    Json,
    /// `key=value`.
    Text,
}
