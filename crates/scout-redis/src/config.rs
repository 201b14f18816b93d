//! What has to be known to talk to a Redis.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo, ProtocolVersion};
use scout_core::{StoreError, StoreErrorKind};

/// Where Redis listens.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Address {
    /// A host, or an IP address without brackets, and a port.
    Tcp(String, u16),
    /// The same, over TLS. The certificate must be valid for the host.
    Tls(String, u16),
    /// A socket on this machine.
    Unix(PathBuf),
}

impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(host, port) | Self::Tls(host, port) if host.contains(':') => {
                write!(out, "[{host}]:{port}")
            }
            Self::Tcp(host, port) | Self::Tls(host, port) => write!(out, "{host}:{port}"),
            Self::Unix(path) => write!(out, "{}", path.display()),
        }
    }
}

/// A password, which nothing shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// Takes the text out of sight.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("***")
    }
}

/// The protocol to speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Protocol {
    /// RESP3, or RESP2 where the server does not know it.
    #[default]
    Auto,
    /// RESP2: timed-out answers carry no warning, so only the number of documents tells that rows are missing.
    Resp2,
    /// RESP3, or an error where the server does not know it.
    Resp3,
}

/// Whether messages will be submitted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Intake {
    /// Messages are only counted.
    #[default]
    Off,
    /// Messages are submitted as well, which needs further rights.
    On,
}

/// Whether alerts will be kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Alerts {
    /// No rule is judged.
    #[default]
    Off,
    /// Alerts and the lease are kept as well, which needs further rights, and a server that does not lose them.
    On,
}

/// What has to be known to talk to a Redis. The database is always 0.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RedisConfig {
    /// Where it listens.
    pub address: Address,
    /// The user; Redis' `default` if there is none.
    pub username: Option<String>,
    /// The user's password.
    pub password: Option<Password>,
    /// The protocol to speak.
    pub protocol: Protocol,
    /// The index over the messages.
    pub index: String,
    /// The stream on which a submitted message is announced; the platform names it as the index.
    pub stream: String,
    /// The streams on which messages are announced; one that does not exist yet is waited for.
    pub streams: Vec<String>,
    /// The longest that one command may occupy Redis.
    pub stall_budget: Duration,
    /// The part of Redis' time that a scan may take which nothing waits for: above zero, at most one half. A scan
    /// that is needed, and a tail that is catching up, may take a half.
    pub share: f64,
    /// How long connecting may take, greeting included.
    pub connect_timeout: Duration,
    /// How long an answer may take.
    pub response_timeout: Duration,
    /// Makes the pauses between attempts to connect differ between processes that start together.
    pub jitter_seed: u64,
    /// Whether an inspection complains where the rights to submit are lacking.
    pub intake: Intake,
    /// Whether inspections and looks complain where alerts could not be kept, or might get lost.
    pub alerts: Alerts,
}

impl RedisConfig {
    /// Redis at that address with the platform's defaults: index and stream `messages`, no password.
    pub fn new(address: Address) -> Self {
        Self {
            address,
            username: None,
            password: None,
            protocol: Protocol::Auto,
            index: "messages".to_owned(),
            stream: "messages".to_owned(),
            streams: vec!["messages".to_owned()],
            stall_budget: Duration::from_millis(5),
            share: 0.01,
            connect_timeout: Duration::from_secs(5),
            response_timeout: Duration::from_secs(10),
            jitter_seed: 0,
            intake: Intake::Off,
            alerts: Alerts::Off,
        }
    }

    /// Redis at a host and a port; an IPv6 address may stand in brackets.
    pub fn tcp(host: &str, port: u16) -> Self {
        let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        Self::new(Address::Tcp(bare.to_owned(), port))
    }

    /// Reads `redis://[user[:password]@]host[:port][/0]`, `rediss://…` (TLS) or `unix:///path`.
    ///
    /// ```
    /// use scout_redis::{Address, RedisConfig};
    ///
    /// let config = RedisConfig::from_url("rediss://scout:secret@[::1]:6380")?;
    /// assert_eq!(config.address, Address::Tls("::1".to_owned(), 6380));
    /// assert!(!format!("{config:?}").contains("secret"));
    /// # Ok::<(), scout_core::StoreError>(())
    /// ```
    ///
    /// # Errors
    /// [`StoreErrorKind::Refused`] with a sentence that does not repeat the URL.
    pub fn from_url(url: &str) -> Result<Self, StoreError> {
        let (tls, plain) = match url.strip_prefix("rediss:") {
            Some(rest) => (true, format!("redis:{rest}")),
            None => (false, url.to_owned()),
        };
        if url.contains('#') {
            return Err(refused("the redis URL contains a `#`; in a password, write it as %23"));
        }
        // The parser's own text could hold parts of the URL.
        let parsed = plain.as_str().into_connection_info().map_err(|_| {
            refused(
                "the redis URL is not of the form redis[s]://[user[:password]@]host[:port][/0][?protocol=resp2] or \
                 unix:///path, the port at most 65535, the protocol resp2 or resp3",
            )
        })?;
        let settings = parsed.redis_settings();
        if settings.db() != 0 {
            return Err(refused(format!(
                "the redis URL names database {}, but RediSearch indexes database 0 only, and a query from another \
                 one would blank documents for everybody",
                settings.db()
            )));
        }
        let mut config = Self::new(address_of(&parsed, tls)?);
        config.username = settings.username().map(str::to_owned);
        config.password = settings.password().map(Password::new);
        if settings.protocol() != ProtocolVersion::RESP2 {
            config.protocol = Protocol::Resp3;
        } else if url.contains("protocol=") {
            config.protocol = Protocol::Resp2;
        }
        Ok(config)
    }

    /// Says which setting cannot work.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        if let Address::Tcp(host, _) | Address::Tls(host, _) = &self.address
            && host.is_empty()
        {
            return Err(refused("the host of redis is empty"));
        }
        for (name, text) in [("index", &self.index), ("stream", &self.stream)] {
            if text.is_empty() {
                return Err(refused(format!("the name of the {name} is empty")));
            }
        }
        if self.streams.is_empty() || self.streams.iter().any(String::is_empty) {
            return Err(refused("the streams on which messages are announced must be named"));
        }
        let spans = [
            ("stall budget", self.stall_budget),
            ("connect timeout", self.connect_timeout),
            ("response timeout", self.response_timeout),
        ];
        for (name, span) in spans {
            if span.is_zero() {
                return Err(refused(format!("the {name} is zero")));
            }
        }
        if !(self.share > 0.0 && self.share <= 0.5) {
            return Err(refused(format!(
                "the share of redis' time is {}, but must be above 0 and at most 0.5",
                self.share
            )));
        }
        Ok(())
    }
}

fn address_of(parsed: &ConnectionInfo, tls: bool) -> Result<Address, StoreError> {
    match parsed.addr() {
        ConnectionAddr::Tcp(_, 0) => Err(refused("the redis URL names port 0, at which nothing can listen")),
        ConnectionAddr::Tcp(host, port) if tls => Ok(Address::Tls(host.clone(), *port)),
        ConnectionAddr::Tcp(host, port) => Ok(Address::Tcp(host.clone(), *port)),
        ConnectionAddr::Unix(path) => Ok(Address::Unix(path.clone())),
        _ => Err(refused("the redis URL names neither a host nor a socket")),
    }
}

fn refused(text: impl Into<String>) -> StoreError {
    StoreError::new(StoreErrorKind::Refused, text)
}

#[cfg(test)]
mod tests;
