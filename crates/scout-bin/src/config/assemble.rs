//! From single values to settings: what they mean together, and what does not go together.

use scout_core::LiveConfig;

use super::alert::{Shown, Tables};
use super::key::{AnyKey, Info};
use super::keys;
use super::kind::remote::has_credentials;
use super::problem::Problem;
use super::reader::Reader;
use super::secret::Secret;
use super::settings::{
    HttpSettings, Interval, KubernetesSettings, Listen, LogSettings, RedisAddress, RedisSettings,
    RetentionSettings, Settings, StoreKind, StoreSettings,
};

/// Reads every key. The result means something only if the reader has met no problem.
pub(crate) fn settings(reader: &mut Reader, tables: &Tables<'_>) -> (Settings, Vec<Shown>) {
    let interval = interval(reader);
    let max_cycles_per_second = u32::try_from(reader.get(&keys::MAX_CYCLES_PER_SECOND)).unwrap_or(u32::MAX);
    let rescan_interval = reader.get(&keys::RESCAN_INTERVAL);
    let shutdown_grace = reader.get(&keys::SHUTDOWN_GRACE);
    let kind = reader.optional(&keys::STORE_KIND);
    let redis = redis(reader, kind);
    let store = store(reader, kind);
    let (ledger_budget_bytes, retention) = ledger(reader);
    let (alert, shown) = super::alert::settings(reader, tables, interval.period, retention.ttl);
    let kubernetes = KubernetesSettings {
        profile_name: reader.optional(&keys::KUBERNETES_PROFILE_NAME),
        namespace: reader.get(&keys::KUBERNETES_NAMESPACE),
    };
    let http = http(reader, store.as_ref());
    let log = LogSettings { level: reader.get(&keys::LOG_LEVEL), format: reader.get(&keys::LOG_FORMAT) };
    let store = store.unwrap_or(StoreSettings::Redis);
    let settings = Settings {
        interval,
        max_cycles_per_second,
        rescan_interval,
        shutdown_grace,
        redis,
        store,
        ledger_budget_bytes,
        retention,
        alert,
        kubernetes,
        http,
        log,
    };
    warn_of_undone(reader, &settings);
    (settings, shown)
}

fn interval(reader: &mut Reader) -> Interval {
    let text = reader.find(&keys::INTERVAL.info).map_or_else(String::new, |found| found.text);
    Interval { period: reader.get(&keys::INTERVAL), text }
}

/// The ledger's slots reach as far back as messages are kept, and need memory accordingly.
fn ledger(reader: &mut Reader) -> (usize, RetentionSettings) {
    let budget = reader.optional(&keys::LEDGER_BUDGET_BYTES).map(bounded);
    let ttl = reader.optional(&keys::RETENTION_TTL);
    if let (Some(budget), Some(ttl)) = (budget, ttl)
        && let Err(error) = LiveConfig::new(ttl, budget)
    {
        reader.refuse(&keys::LEDGER_BUDGET_BYTES, error.to_string());
    }
    let retention =
        RetentionSettings { ttl: ttl.unwrap_or_default(), enabled: reader.get(&keys::RETENTION_ENABLED) };
    (budget.unwrap_or_default(), retention)
}

/// A number of bytes or connections; more than the machine can address is as many as it can.
fn bounded(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn redis(reader: &mut Reader, kind: Option<StoreKind>) -> RedisSettings {
    let is_embedded = kind == Some(StoreKind::Embedded);
    if is_embedded {
        for key in keys::ALL.iter().filter(|key| key.info().path.starts_with("redis.")) {
            warn_unused(reader, *key, "not used, since store.kind is embedded");
        }
    }
    let host = reader.get(&keys::REDIS_ADDR);
    let port = reader.get(&keys::REDIS_PORT);
    let mut username = reader.optional(&keys::REDIS_USERNAME);
    let mut password = reader.optional(&keys::REDIS_PASSWORD);
    let address = match reader.optional(&keys::REDIS_URL) {
        None => RedisAddress::HostPort { host, port },
        // Which of them is the stronger does not matter where none is used.
        Some(url) if is_embedded => RedisAddress::Url(url),
        Some(url) => {
            warn_unused(reader, &keys::REDIS_ADDR, "not used, since redis.url says where Redis is");
            warn_unused(reader, &keys::REDIS_PORT, "not used, since redis.url says where Redis is");
            if has_credentials(&url) {
                warn_unused(reader, &keys::REDIS_USERNAME, "not used, since redis.url carries a user");
                warn_unused(reader, &keys::REDIS_PASSWORD, "not used, since redis.url carries a user");
                username = None;
                password = None;
            }
            RedisAddress::Url(url)
        }
    };
    let index = reader.get(&keys::REDIS_INDEX);
    RedisSettings {
        address,
        username,
        password,
        streams: reader.optional(&keys::REDIS_STREAMS).unwrap_or_else(|| vec![index.clone()]),
        index,
        share: reader.get(&keys::REDIS_SHARE).of_one(),
        protocol: reader.get(&keys::REDIS_PROTOCOL),
        stall_budget: reader.get(&keys::REDIS_STALL_BUDGET),
        connect_timeout: reader.get(&keys::REDIS_CONNECT_TIMEOUT),
        response_timeout: reader.get(&keys::REDIS_RESPONSE_TIMEOUT),
    }
}

/// The store, as far as it is known: `None` where what is said about it was refused.
fn store(reader: &mut Reader, kind: Option<StoreKind>) -> Option<StoreSettings> {
    let data = reader.optional(&keys::STORE_DATA);
    let cache_bytes = bounded(reader.get(&keys::STORE_CACHE_BYTES));
    match (kind?, data) {
        (StoreKind::Embedded, Some(data)) => Some(StoreSettings::Embedded { data, cache_bytes }),
        (StoreKind::Embedded, None) => {
            // A folder that is set but bad has been refused already.
            if !reader.is_set(&keys::STORE_DATA.info) {
                let reason = "the embedded store needs a folder for its file".to_owned();
                reader.problems.push(Problem::Missing { name: all_names(&keys::STORE_DATA), reason });
            }
            None
        }
        (StoreKind::Redis, _) => {
            warn_unused(reader, &keys::STORE_DATA, "not used, since store.kind is redis");
            Some(StoreSettings::Redis)
        }
    }
}

fn http(reader: &mut Reader, store: Option<&StoreSettings>) -> HttpSettings {
    let tokens = tokens(reader);
    let pitch = reader.optional(&keys::HTTP_PITCH);
    if pitch == Some(true) && store == Some(&StoreSettings::Redis) && !guarded(reader) {
        let reason = "over Redis, POST /pitch needs a token: set http.auth_token (AUTH_TOKEN)";
        reader.refuse(&keys::HTTP_PITCH, reason.to_owned());
    }
    HttpSettings {
        listen: reader.optional(&keys::HTTP_LISTEN).map_or(Listen::AllInterfaces, Listen::Address),
        port: reader.get(&keys::HTTP_PORT),
        tokens,
        max_connections: bounded(reader.get(&keys::HTTP_MAX_CONNECTIONS)),
        header_timeout: reader.get(&keys::HTTP_HEADER_TIMEOUT),
        body_timeout: reader.get(&keys::HTTP_BODY_TIMEOUT),
        idle_timeout: reader.get(&keys::HTTP_IDLE_TIMEOUT),
        pitch: pitch.unwrap_or(matches!(store, Some(StoreSettings::Embedded { .. }))),
    }
}

/// Whether somebody set a token, be it a bad one.
fn guarded(reader: &Reader) -> bool {
    reader.is_set(&keys::HTTP_AUTH_TOKEN.info) || reader.is_set(&keys::HTTP_AUTH_TOKENS.info)
}

/// What deployments put where a token is missing, so that everybody knows it.
const PLACEHOLDER: &str = "changeme";

fn tokens(reader: &mut Reader) -> Vec<Secret> {
    if !guarded(reader) {
        let text = "not set: the guarded routes are open to everybody who reaches the port".to_owned();
        reader.warn(&keys::HTTP_AUTH_TOKEN, text);
    }
    let first: Vec<Secret> = reader.optional(&keys::HTTP_AUTH_TOKEN).into_iter().collect();
    let further = reader.optional(&keys::HTTP_AUTH_TOKENS).unwrap_or_default();
    let sources: [(&dyn AnyKey, Vec<Secret>); 2] =
        [(&keys::HTTP_AUTH_TOKEN, first), (&keys::HTTP_AUTH_TOKENS, further)];
    let mut tokens = Vec::new();
    for (key, found) in sources {
        for token in found {
            if token.expose() == PLACEHOLDER {
                reader.warn(key, format!("holds the token {PLACEHOLDER:?}, which everybody knows"));
            }
            if !tokens.contains(&token) {
                tokens.push(token);
            }
        }
    }
    tokens
}

/// What holds for a key that nobody has set, where others decide.
pub(crate) fn implied(key: &Info, settings: &Settings) -> Option<String> {
    (key.path == keys::HTTP_PITCH.info.path).then(|| settings.http.pitch.to_string())
}

/// What was asked for and would act, but not in this version.
fn warn_of_undone(reader: &mut Reader, settings: &Settings) {
    let asked: [(&dyn AnyKey, bool); 2] = [
        (&keys::RETENTION_ENABLED, settings.retention.enabled),
        (&keys::KUBERNETES_PROFILE_NAME, settings.kubernetes.profile_name.is_some()),
    ];
    for (key, _) in asked.into_iter().filter(|(_, asked)| *asked) {
        reader.warn(key, format!("has no effect: {}", key.info().planned));
    }
}

fn warn_unused(reader: &mut Reader, key: &dyn AnyKey, why: &str) {
    if reader.is_set(key.info()) {
        reader.warn(key, why.to_owned());
    }
}

/// Every name of a key that nobody has set: it may be added by any of them.
fn all_names(key: &dyn AnyKey) -> String {
    let info = key.info();
    let flag = info.flag.map_or_else(String::new, |flag| format!(", --{flag}"));
    format!("{} ({}{flag})", info.path, info.env)
}
