//! What ends the start.

use super::*;

#[test]
fn are_told_all_at_once_with_name_value_and_layer() {
    let (_folder, path) = file("colour = 1\n[redis]\nport = 0\n[log]\nlevel = \"loud\"\n");
    let mut overrides = Overrides::default();
    overrides.set("http.port", "65536");
    let environment = environment(&[("SCOUT_INTERVAL", "0s"), ("SCOUT_STALL_BUDGET", "-5ms")]);
    let result = load(&Sources { file: Some(path), environment, overrides, ..Sources::default() });
    assert_eq!(
        problems(result),
        [
            "unknown key colour (file scout.toml)",
            "invalid SCOUT_INTERVAL \"0s\": must be 10ms to 24h (environment)",
            "invalid redis.port \"0\": must be 1 to 65535 (file scout.toml)",
            "invalid SCOUT_STALL_BUDGET \"-5ms\": must be 1ms to 1s (environment)",
            "invalid --port \"65536\": must be 0 to 65535 (flag)",
            "invalid log.level \"loud\": must be debug, info, warn or error (file scout.toml)",
        ]
    );
}

#[test]
fn of_every_kind_are_refused() {
    let bad = [
        ("SCOUT_INTERVAL", "25h"),
        ("SCOUT_INTERVAL", "9ms"),
        ("SCOUT_INTERVAL", " 60s"),
        ("SCOUT_SHUTDOWN_GRACE", "0"),
        ("REDIS_URL", "http://redis"),
        ("REDIS_URL", "redis://"),
        ("REDIS_URL", "redis://:6379"),
        ("REDIS_URL", "redis://redis/1"),
        ("REDIS_URL", "redis://re dis"),
        ("REDIS_URL", "redis://127.0.0.1:99999/0"),
        ("REDIS_URL", "redis://redis:abc"),
        ("REDIS_URL", "redis://127.0.0.1:0"),
        ("REDIS_URL", "redis://[::1]:0"),
        ("REDIS_URL", "redis://u:top#secret@redis/0"),
        ("REDIS_URL", "redis://redis/0?protocol=resp9"),
        ("REDIS_URL", "rediss://redis/#insecure"),
        ("REDIS_ADDR", "redis:6379"),
        ("REDIS_ADDR", "redis://redis"),
        ("REDIS_ADDR", "two words"),
        ("REDIS_PORT", "redis"),
        ("REDIS_PORT", "-1"),
        ("SCOUT_REDIS_PROTOCOL", "RESP3"),
        ("SCOUT_STALL_BUDGET", "2s"),
        ("SCOUT_STORE", "memory"),
        ("SCOUT_CACHE_BYTES", "16MiB"),
        ("SCOUT_CACHE_BYTES", "0"),
        ("SCOUT_LEDGER_BUDGET_BYTES", "-1"),
        ("SCOUT_RETENTION_TTL", "-48h"),
        ("SCOUT_RETENTION_TTL", "2d"),
        ("ALERT_PITCHER_URL", "pitcher:8080"),
        ("ALERT_PITCHER_URL", "http://pitcher:99999"),
        ("ALERT_PITCHER_URL", "http://pitcher:abc"),
        ("ALERT_PITCHER_URL", "https://u:p@pitcher:0/path"),
        ("ALERT_PITCHER_URL", "http://[::1]:99999"),
        ("ALERT_PITCHER_URL", "http://pitcher:+80"),
        ("ALERT_COOLDOWN", "-1s"),
        ("SCOUT_LISTEN", "localhost"),
        ("SCOUT_LISTEN", "127.0.0.1:80"),
        ("AUTH_TOKENS", " , ,"),
        ("SCOUT_MAX_CONNECTIONS", "0"),
        ("SCOUT_MAX_CONNECTIONS", "99999999999999999999"),
        ("SCOUT_PITCH", "yes"),
    ];
    for (name, text) in bad {
        let texts = problems(from_environment(&[(name, text)]));
        assert_eq!(texts.len(), 1, "{name} {texts:?}");
        assert!(texts[0].starts_with(&format!("invalid {name}")), "{texts:?}");
    }
}

#[test]
fn a_ledger_too_small_for_its_retention_is_refused_with_what_it_needs() {
    let variables = [("SCOUT_RETENTION_TTL", "8784h"), ("SCOUT_LEDGER_BUDGET_BYTES", "1048576")];
    let texts = problems(from_environment(&variables));
    assert_eq!(texts.len(), 1);
    assert!(
        texts[0].starts_with("invalid SCOUT_LEDGER_BUDGET_BYTES \"1048576\": a ledger over"),
        "{texts:?}"
    );
}

#[test]
fn urls_may_name_any_port_there_is_also_beside_an_address_in_brackets() {
    for port in ["", ":", ":1", ":65535"] {
        for host in ["pitcher", "10.0.0.1", "[::1]", "u:p@[fe80::1]"] {
            // A colon alone names the usual port of Redis, and none to a pitcher.
            let of_pitcher = if port == ":" { "" } else { port };
            let variables = [
                ("REDIS_URL", format!("rediss://{host}{port}/0?protocol=resp2")),
                ("ALERT_PITCHER_URL", format!("http://{host}{of_pitcher}/base")),
            ];
            let variables = variables.each_ref().map(|(name, text)| (*name, text.as_str()));
            assert!(from_environment(&variables).is_ok(), "{variables:?}");
        }
    }
}
