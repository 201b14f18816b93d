//! The table of keys: everything that can be configured, once.
//!
//! The environment's names, the flags, `scout config`, the page in `docs/` and the sample file come from here.
//! A new key is a static below, a line in [`ALL`] and a field of [`Settings`](super::Settings).

use std::time::Duration;

use super::key::{AnyKey, Key};
use super::kind::destination::Destinations;
use super::kind::number::{Number, Percent, Port, Span, Threshold, Window};
use super::kind::remote::{Address, Host, HttpUrl, PitcherUrl, RedisUrl, Token, Tokens};
use super::kind::word::{Choice, Switch};
use super::kind::{Folder, Hidden, Name, Names};
use super::settings::{LogFormat, LogLevel, RedisProtocol, StoreKind};

/// Names the file when `--config` does not. No key, since it cannot stand in the file.
pub(crate) const CONFIG_FILE_ENV: &str = "SCOUT_CONFIG";

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

const fn span(min: Duration, max: Duration) -> Span {
    Span { min, max }
}

const fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

pub(crate) static INTERVAL: Key<Span> = Key::new(
    "interval",
    "SCOUT_INTERVAL",
    span(millis(10), HOUR.saturating_mul(24)),
    "Time between two cycles; answers repeat it as written here.",
)
.default("60s")
.flag("interval");

pub(crate) static MAX_CYCLES_PER_SECOND: Key<Number> = Key::new(
    "max_cycles_per_second",
    "SCOUT_MAX_CYCLES_PER_SECOND",
    Number { min: 1, max: 100, unit: "a second" },
    "How often a cycle may begin before its time, since something arrived.",
)
.default("4");

pub(crate) static RESCAN_INTERVAL: Key<Span> = Key::new(
    "rescan_interval",
    "SCOUT_RESCAN_INTERVAL",
    span(Duration::from_secs(1), HOUR.saturating_mul(24 * 7)),
    "Time between two scans of the whole store that nothing asks for.",
)
.default("2h");

pub(crate) static SHUTDOWN_GRACE: Key<Span> = Key::new(
    "shutdown_grace",
    "SCOUT_SHUTDOWN_GRACE",
    span(millis(100), MINUTE.saturating_mul(10)),
    "How long requests in flight may take to end after SIGTERM or Ctrl-C.",
)
.default("15s");

pub(crate) static REDIS_URL: Key<RedisUrl> =
    Key::new("redis.url", "REDIS_URL", RedisUrl, "Where Redis is; stronger than redis.addr and redis.port.")
        .unset("redis.addr and redis.port", "rediss://scout:password@redis.example:6380")
        .secret()
        .flag("redis-url");

pub(crate) static REDIS_ADDR: Key<Host> =
    Key::new("redis.addr", "REDIS_ADDR", Host, "Host of Redis.").default("localhost");

pub(crate) static REDIS_PORT: Key<Port> =
    Key::new("redis.port", "REDIS_PORT", Port { min: 1 }, "Port of Redis.").default("6379");

pub(crate) static REDIS_USERNAME: Key<Name> =
    Key::new("redis.username", "REDIS_USERNAME", Name, "User of an ACL in Redis.")
        .unset("Redis' default user", "scout");

pub(crate) static REDIS_PASSWORD: Key<Hidden> =
    Key::new("redis.password", "REDIS_PASSWORD", Hidden, "Password for Redis, taken to the letter.")
        .unset("none", "password")
        .secret();

pub(crate) static REDIS_INDEX: Key<Name> =
    Key::new("redis.index", "REDISEARCH_INDEX", Name, "Name of the index over the messages.")
        .default("messages");

pub(crate) static REDIS_STREAMS: Key<Names> = Key::new(
    "redis.streams",
    "SCOUT_STREAMS",
    Names,
    "Streams on which messages are announced; one that does not exist yet is waited for.",
)
.unset("the stream named as the index", "messages,alerts");

pub(crate) static REDIS_SHARE: Key<Percent> = Key::new(
    "redis.share",
    "SCOUT_REDIS_SHARE",
    Percent { min: 0.1, max: 50.0 },
    "Part of Redis' time that a scan may take which nothing waits for; one that is needed may take a half.",
)
.default("1%");

pub(crate) static REDIS_PROTOCOL: Key<Choice<RedisProtocol>> = Key::new(
    "redis.protocol",
    "SCOUT_REDIS_PROTOCOL",
    Choice {
        options: &[
            ("auto", RedisProtocol::Auto),
            ("resp3", RedisProtocol::Resp3),
            ("resp2", RedisProtocol::Resp2),
        ],
        otherwise: None,
    },
    "Protocol with Redis; auto is RESP3, and RESP2 where the server lacks it.",
)
.default("auto");

pub(crate) static REDIS_STALL_BUDGET: Key<Span> = Key::new(
    "redis.stall_budget",
    "SCOUT_STALL_BUDGET",
    span(millis(1), millis(1000)),
    "How long a single command may keep Redis busy.",
)
.default("5ms");

pub(crate) static REDIS_CONNECT_TIMEOUT: Key<Span> = Key::new(
    "redis.connect_timeout",
    "SCOUT_REDIS_CONNECT_TIMEOUT",
    span(millis(100), MINUTE.saturating_mul(5)),
    "How long one attempt to connect to Redis may take.",
)
.default("5s");

pub(crate) static REDIS_RESPONSE_TIMEOUT: Key<Span> = Key::new(
    "redis.response_timeout",
    "SCOUT_REDIS_RESPONSE_TIMEOUT",
    span(millis(100), MINUTE.saturating_mul(10)),
    "How long Redis may take to answer one command.",
)
.default("10s");

pub(crate) static STORE_KIND: Key<Choice<StoreKind>> = Key::new(
    "store.kind",
    "SCOUT_STORE",
    Choice { options: &[("redis", StoreKind::Redis), ("embedded", StoreKind::Embedded)], otherwise: None },
    "Where the messages are: in Redis, or in a file of Scout's own.",
)
.default("redis")
.flag("store");

pub(crate) static STORE_DATA: Key<Folder> =
    Key::new("store.data", "SCOUT_DATA", Folder, "Folder of the embedded store, which must have one.")
        .unset("none", "/var/lib/scout")
        .flag("data");

pub(crate) static STORE_CACHE_BYTES: Key<Number> = Key::new(
    "store.cache_bytes",
    "SCOUT_CACHE_BYTES",
    Number { min: 64 << 10, max: 16 * GIB, unit: "bytes" },
    "Memory that the embedded store's page cache may take.",
)
.default("16777216");

pub(crate) static LEDGER_BUDGET_BYTES: Key<Number> = Key::new(
    "ledger.budget_bytes",
    "SCOUT_LEDGER_BUDGET_BYTES",
    Number { min: MIB, max: 16 * GIB, unit: "bytes" },
    "Memory that the counts may take; beyond it systems are counted together.",
)
.default("50331648");

pub(crate) static RETENTION_TTL: Key<Span> = Key::new(
    "retention.ttl",
    "SCOUT_RETENTION_TTL",
    span(MINUTE, scout_core::MAX_RETENTION),
    "How long messages are kept, and how far back windows reach.",
)
.default("48h");

pub(crate) static RETENTION_ENABLED: Key<Switch> = Key::new(
    "retention.enabled",
    "SCOUT_RETENTION_ENABLED",
    Switch { otherwise_false: true },
    "Delete messages older than retention.ttl.",
)
.default("false")
.planned("this version deletes no messages");

pub(crate) static ALERT_PITCHER_URL: Key<PitcherUrl> = Key::new(
    "alert.pitcher_url",
    "ALERT_PITCHER_URL",
    PitcherUrl,
    "Base URL of an omni-pitcher that is told of alerts, as the receiver pitcher; local is Scout's own store.",
)
.unset("no such receiver", "http://homerun2-omni-pitcher");

pub(crate) static ALERT_PITCHER_TOKEN: Key<Hidden> =
    Key::new("alert.pitcher_token", "ALERT_PITCHER_TOKEN", Hidden, "Bearer token for that pitcher.")
        .unset("none", "token")
        .secret();

pub(crate) static ALERT_ERROR_THRESHOLD: Key<Threshold> = Key::new(
    "alert.error_threshold",
    "ALERT_ERROR_THRESHOLD",
    Threshold,
    "Messages of severity error within alert.window that raise the alert ErrorThreshold.",
)
.default("0");

pub(crate) static ALERT_CRITICAL_THRESHOLD: Key<Threshold> = Key::new(
    "alert.critical_threshold",
    "ALERT_CRITICAL_THRESHOLD",
    Threshold,
    "Messages of severity critical within alert.window that raise the alert CriticalThreshold.",
)
.default("0");

pub(crate) static ALERT_WINDOW: Key<Window> = Key::new(
    "alert.window",
    "ALERT_WINDOW",
    Window { max: scout_core::ARRIVALS_REACH },
    "How far back the two thresholds count what arrived; retention is all that is retained.",
)
.unset("one interval, 1s to 1h", "5m");

pub(crate) static ALERT_COOLDOWN: Key<Span> = Key::new(
    "alert.cooldown",
    "ALERT_COOLDOWN",
    span(Duration::ZERO, HOUR.saturating_mul(24 * 7)),
    "How long the alerts of the two thresholds are not repeated while they last; less than 1s is 1s.",
)
.default("5m");

pub(crate) static ALERT_SOURCE_RECEIVERS: Key<Names> = Key::new(
    "alert.source_receivers",
    "SCOUT_SOURCE_RECEIVERS",
    Names,
    "Receivers that are told when the store is away, or came back empty: some that do not need it.",
)
.unset("all receivers", "pitcher");

pub(crate) static ALERT_SOURCE_FOR: Key<Span> = Key::new(
    "alert.source_for",
    "SCOUT_SOURCE_FOR",
    span(Duration::from_secs(1), HOUR.saturating_mul(24)),
    "How long the store must have been away before they are told.",
)
.default("1m");

pub(crate) static ALERT_HEARTBEAT_URL: Key<HttpUrl> = Key::new(
    "alert.heartbeat_url",
    "SCOUT_HEARTBEAT_URL",
    HttpUrl,
    "Called again and again, so that its owner notices when Scout is gone.",
)
.unset("nothing is called", "https://switch.example/scout")
.secret();

pub(crate) static ALERT_HEARTBEAT_INTERVAL: Key<Span> = Key::new(
    "alert.heartbeat_interval",
    "SCOUT_HEARTBEAT_INTERVAL",
    span(Duration::from_secs(1), HOUR.saturating_mul(24)),
    "Time between two calls of alert.heartbeat_url.",
)
.default("1m");

pub(crate) static ALERT_ALLOW: Key<Destinations> = Key::new(
    "alert.allow",
    "SCOUT_ALERT_ALLOW",
    Destinations,
    "Where receivers and the heartbeat may be; nothing else is connected to for them but the proxies.",
)
.unset("everywhere", "homerun2-omni-pitcher,*.example.com,10.0.0.0/8");

pub(crate) static KUBERNETES_PROFILE_NAME: Key<Name> = Key::new(
    "kubernetes.profile_name",
    "SCOUT_PROFILE_NAME",
    Name,
    "Name of the ScoutProfile to read from Kubernetes.",
)
.unset("Kubernetes is not asked", "default")
.planned("this version reads no profile");

pub(crate) static KUBERNETES_NAMESPACE: Key<Name> =
    Key::new("kubernetes.namespace", "POD_NAMESPACE", Name, "Namespace of the ScoutProfile.")
        .default("homerun2")
        .planned("this version reads no profile");

pub(crate) static HTTP_LISTEN: Key<Address> =
    Key::new("http.listen", "SCOUT_LISTEN", Address, "Address to listen on.")
        .unset("all interfaces: [::], or 0.0.0.0 where the machine has no IPv6", "127.0.0.1");

pub(crate) static HTTP_PORT: Key<Port> =
    Key::new("http.port", "PORT", Port { min: 0 }, "Port to listen on; 0 is any free one.")
        .default("8080")
        .flag("port");

pub(crate) static HTTP_AUTH_TOKEN: Key<Token> = Key::new(
    "http.auth_token",
    "AUTH_TOKEN",
    Token,
    "Bearer token that the analytics routes and POST /pitch ask for.",
)
.unset("with http.auth_tokens unset too, everybody may ask", "token")
.secret();

pub(crate) static HTTP_AUTH_TOKENS: Key<Tokens> = Key::new(
    "http.auth_tokens",
    "AUTH_TOKENS",
    Tokens,
    "Further tokens that are as good as http.auth_token, so that one can be replaced while both are in use.",
)
.unset("none", "new-token,old-token")
.secret();

pub(crate) static HTTP_MAX_CONNECTIONS: Key<Number> = Key::new(
    "http.max_connections",
    "SCOUT_MAX_CONNECTIONS",
    Number { min: 1, max: 65_536, unit: "" },
    "Connections open at once, beside those that listen on /events.",
)
.default("512");

pub(crate) static HTTP_HEADER_TIMEOUT: Key<Span> = Key::new(
    "http.header_timeout",
    "SCOUT_HEADER_TIMEOUT",
    span(millis(100), MINUTE.saturating_mul(5)),
    "How long a request's headers may take to arrive.",
)
.default("10s");

pub(crate) static HTTP_BODY_TIMEOUT: Key<Span> = Key::new(
    "http.body_timeout",
    "SCOUT_BODY_TIMEOUT",
    span(millis(100), MINUTE.saturating_mul(10)),
    "How long a request's body may take to arrive.",
)
.default("30s");

pub(crate) static HTTP_IDLE_TIMEOUT: Key<Span> = Key::new(
    "http.idle_timeout",
    "SCOUT_IDLE_TIMEOUT",
    span(millis(100), HOUR),
    "How long a connection may stay open without a request.",
)
.default("75s");

pub(crate) static HTTP_PITCH: Key<Switch> = Key::new(
    "http.pitch",
    "SCOUT_PITCH",
    Switch { otherwise_false: false },
    "Take messages by POST /pitch; over Redis this needs a token.",
)
.unset("on with the embedded store, off over Redis", "true");

pub(crate) static LOG_LEVEL: Key<Choice<LogLevel>> = Key::new(
    "log.level",
    "LOG_LEVEL",
    Choice {
        options: &[
            ("debug", LogLevel::Debug),
            ("info", LogLevel::Info),
            ("warn", LogLevel::Warn),
            ("error", LogLevel::Error),
        ],
        otherwise: Some(1),
    },
    "Least level of a log line; other crates than Scout's log from warn.",
)
.default("info")
.flag("log-level");

pub(crate) static LOG_FORMAT: Key<Choice<LogFormat>> = Key::new(
    "log.format",
    "LOG_FORMAT",
    Choice { options: &[("json", LogFormat::Json), ("text", LogFormat::Text)], otherwise: Some(0) },
    "Form of a log line.",
)
.default("json")
.flag("log-format");

/// Every key, in the order of the documents: bare names first, as TOML wants it, then by section.
pub(crate) static ALL: &[&dyn AnyKey] = &[
    &INTERVAL,
    &MAX_CYCLES_PER_SECOND,
    &RESCAN_INTERVAL,
    &SHUTDOWN_GRACE,
    &REDIS_URL,
    &REDIS_ADDR,
    &REDIS_PORT,
    &REDIS_USERNAME,
    &REDIS_PASSWORD,
    &REDIS_INDEX,
    &REDIS_STREAMS,
    &REDIS_SHARE,
    &REDIS_PROTOCOL,
    &REDIS_STALL_BUDGET,
    &REDIS_CONNECT_TIMEOUT,
    &REDIS_RESPONSE_TIMEOUT,
    &STORE_KIND,
    &STORE_DATA,
    &STORE_CACHE_BYTES,
    &LEDGER_BUDGET_BYTES,
    &RETENTION_TTL,
    &RETENTION_ENABLED,
    &ALERT_PITCHER_URL,
    &ALERT_PITCHER_TOKEN,
    &ALERT_ERROR_THRESHOLD,
    &ALERT_CRITICAL_THRESHOLD,
    &ALERT_WINDOW,
    &ALERT_COOLDOWN,
    &ALERT_SOURCE_RECEIVERS,
    &ALERT_SOURCE_FOR,
    &ALERT_HEARTBEAT_URL,
    &ALERT_HEARTBEAT_INTERVAL,
    &ALERT_ALLOW,
    &KUBERNETES_PROFILE_NAME,
    &KUBERNETES_NAMESPACE,
    &HTTP_LISTEN,
    &HTTP_PORT,
    &HTTP_AUTH_TOKEN,
    &HTTP_AUTH_TOKENS,
    &HTTP_MAX_CONNECTIONS,
    &HTTP_HEADER_TIMEOUT,
    &HTTP_BODY_TIMEOUT,
    &HTTP_IDLE_TIMEOUT,
    &HTTP_PITCH,
    &LOG_LEVEL,
    &LOG_FORMAT,
];

/// The key of this path.
pub(crate) fn by_path(path: &str) -> Option<&'static dyn AnyKey> {
    ALL.iter().copied().find(|key| key.info().path == path)
}
