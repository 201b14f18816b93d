//! What holds when nobody says anything.

use super::*;

#[test]
fn hold_when_nobody_says_anything() {
    let loaded = load(&Sources::default()).unwrap();
    let settings = loaded.settings;
    assert_eq!((settings.interval.period, settings.interval.text.as_str()), (Duration::from_secs(60), "60s"));
    assert_eq!(settings.shutdown_grace, Duration::from_secs(15));
    assert_eq!(settings.redis.address, RedisAddress::HostPort { host: "localhost".to_owned(), port: 6379 });
    assert_eq!((settings.redis.username, settings.redis.password), (None, None));
    assert_eq!(settings.redis.index, "messages");
    assert_eq!(settings.redis.protocol, RedisProtocol::Auto);
    assert_eq!(settings.redis.stall_budget, Duration::from_millis(5));
    assert_eq!(settings.redis.connect_timeout, Duration::from_secs(5));
    assert_eq!(settings.redis.response_timeout, Duration::from_secs(10));
    assert_eq!(settings.store, StoreSettings::Redis);
    assert_eq!(settings.ledger_budget_bytes, 48 << 20);
    assert_eq!(settings.retention.ttl, Duration::from_secs(48 * 3600));
    assert!(!settings.retention.enabled);
    assert!(settings.alert.rules.is_empty() && settings.alert.receivers.is_empty());
    assert_eq!(settings.alert.source.unreachable_for, Duration::from_secs(60));
    assert_eq!(settings.alert.source.repeat_interval, Duration::from_secs(4 * 3600));
    assert_eq!(settings.alert.heartbeat, None);
    assert!(settings.alert.allow.is_empty());
    assert_eq!(settings.kubernetes.profile_name, None);
    assert_eq!(settings.kubernetes.namespace, "homerun2");
    assert_eq!((settings.http.listen, settings.http.port), (Listen::AllInterfaces, 8080));
    assert_eq!((settings.http.tokens, settings.http.pitch), (vec![], false));
    assert_eq!(settings.http.max_connections, 512);
    assert_eq!(settings.http.header_timeout, Duration::from_secs(10));
    assert_eq!(settings.http.body_timeout, Duration::from_secs(30));
    assert_eq!(settings.http.idle_timeout, Duration::from_secs(75));
    assert_eq!((settings.log.level, settings.log.format), (LogLevel::Info, LogFormat::Json));
}

#[test]
fn give_one_warning_that_the_routes_are_open() {
    let loaded = load(&Sources::default()).unwrap();
    let texts: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        ["AUTH_TOKEN: not set: the guarded routes are open to everybody who reaches the port (default)"]
    );
}
