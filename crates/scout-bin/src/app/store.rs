//! From the settings to the store they choose.

use std::sync::Arc;

use scout_core::alerting::AlertStore;
use scout_core::{Clock, MessageStore, StoreError, StoreErrorKind};
use scout_embedded::{EmbeddedConfig, EmbeddedStore};
use scout_http::Telemetry;
use scout_redis::{Alerts, Intake, Password, Protocol, RedisConfig, RedisStore};

use crate::config::{RedisAddress, RedisProtocol, RedisSettings, Settings, StoreSettings};

/// Everything that is kept in one place: messages, and the state of alerts.
pub(crate) trait Store: MessageStore + AlertStore {}

impl<T: MessageStore + AlertStore> Store for T {}

/// Opens the store that the settings choose. Redis is not connected to until the first scan.
///
/// # Errors
/// Whatever keeps the store from being used as it is configured.
pub(crate) async fn open(
    settings: &Settings,
    clock: &Arc<dyn Clock>,
    telemetry: &Telemetry,
) -> Result<Arc<dyn Store>, StoreError> {
    match &settings.store {
        StoreSettings::Redis => {
            let mut config = redis_config(&settings.redis)?;
            let alert = &settings.alert;
            if !alert.rules.is_empty() || !alert.receivers.is_empty() {
                config.alerts = Alerts::On;
            }
            config.intake = if settings.http.pitch { Intake::On } else { Intake::Off };
            if settings.http.pitch && !config.streams.contains(&config.stream) {
                // What this service takes in itself is announced there.
                config.streams.push(config.stream.clone());
            }
            config.jitter_seed = clock.now().wall.unix_ms().unsigned_abs() ^ u64::from(std::process::id());
            Ok(Arc::new(RedisStore::new(config, Arc::clone(clock), telemetry.recorder())?))
        }
        StoreSettings::Embedded { data, cache_bytes } => {
            let config = EmbeddedConfig::new(data).cache_bytes(*cache_bytes);
            let clock = Arc::clone(clock);
            let opened = tokio::task::spawn_blocking(move || EmbeddedStore::open(&config, clock)).await;
            let store = opened.map_err(|panicked| {
                StoreError::new(StoreErrorKind::Corrupt, "opening the store panicked").with_source(panicked)
            })??;
            Ok(Arc::new(store))
        }
    }
}

fn redis_config(settings: &RedisSettings) -> Result<RedisConfig, StoreError> {
    let mut config = match &settings.address {
        RedisAddress::Url(url) => RedisConfig::from_url(url.expose())?,
        RedisAddress::HostPort { host, port } => RedisConfig::tcp(host, *port),
    };
    if settings.username.is_some() {
        config.username.clone_from(&settings.username);
    }
    if let Some(password) = &settings.password {
        config.password = Some(Password::new(password.expose()));
    }
    match settings.protocol {
        // What the URL says, if it says anything.
        RedisProtocol::Auto => {}
        RedisProtocol::Resp2 => config.protocol = Protocol::Resp2,
        RedisProtocol::Resp3 => config.protocol = Protocol::Resp3,
    }
    config.index.clone_from(&settings.index);
    config.stream.clone_from(&settings.index);
    config.streams.clone_from(&settings.streams);
    config.share = settings.share;
    config.stall_budget = settings.stall_budget;
    config.connect_timeout = settings.connect_timeout;
    config.response_timeout = settings.response_timeout;
    Ok(config)
}
