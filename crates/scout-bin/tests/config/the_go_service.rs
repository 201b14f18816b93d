//! Items of the Go service's contract, by their numbers.

use super::*;

#[test]
fn item_2_and_3_and_4_redis_is_addressed_as_before() {
    let variables =
        [("REDIS_ADDR", "redis"), ("REDIS_PORT", "6380"), ("REDIS_PASSWORD", "p"), ("REDISEARCH_INDEX", "i")];
    let redis = from_environment(&variables).unwrap().settings.redis;
    assert_eq!(redis.address, RedisAddress::HostPort { host: "redis".to_owned(), port: 6380 });
    assert_eq!((redis.password, redis.index.as_str()), (Some(Secret::new("p")), "i"));
    assert_eq!(redis.username, None);
}

#[test]
fn item_5_and_6_durations_are_gos() {
    let variables = [("SCOUT_INTERVAL", "1m30s"), ("SCOUT_RETENTION_TTL", "+1.5h"), ("ALERT_COOLDOWN", "0")];
    let settings = from_environment(&variables).unwrap().settings;
    assert_eq!(
        (settings.interval.period, settings.interval.text.as_str()),
        (Duration::from_secs(90), "1m30s")
    );
    assert_eq!(settings.retention.ttl, Duration::from_secs(5400));
}

#[test]
fn item_7_only_the_exact_text_true_enables_retention() {
    assert!(from_environment(&[("SCOUT_RETENTION_ENABLED", "true")]).unwrap().settings.retention.enabled);
    for text in ["TRUE", "1", "yes", " true"] {
        let loaded = from_environment(&[("SCOUT_RETENTION_ENABLED", text)]).unwrap();
        assert!(!loaded.settings.retention.enabled);
        let expected = format!(
            "SCOUT_RETENTION_ENABLED {text:?}: taken as false, as any text other than exactly true or false \
             (environment)"
        );
        assert_eq!(warnings(&loaded), [expected]);
    }
    let loaded = from_environment(&[("SCOUT_RETENTION_ENABLED", "false")]).unwrap();
    assert_eq!(warnings(&loaded), Vec::<String>::new());
}

#[test]
fn item_8_thresholds_are_numbers_of_64_bits_with_a_sign() {
    let of = |text| from_environment(&[("ALERT_ERROR_THRESHOLD", text)]);
    let threshold = |text| of(text).unwrap().settings.alert.rules.first().map(|rule| rule.text.threshold);
    assert_eq!(threshold("+50"), Some(50.0));
    assert_eq!(threshold("9223372036854775807"), Some(i64::MAX as f64));
    let negative = of("-3").unwrap();
    assert!(negative.settings.alert.rules.is_empty());
    assert_eq!(
        warnings(&negative),
        ["ALERT_ERROR_THRESHOLD \"-3\": a negative threshold is off, like 0 (environment)"]
    );
    for text in ["9223372036854775808", " 1", "1_000", "0x10", "1.0", "1e3"] {
        assert_eq!(problems(of(text)).len(), 1, "{text}");
    }
}

#[test]
fn item_9_and_11_a_bad_duration_is_refused_with_gos_words() {
    assert_eq!(
        problems(from_environment(&[("SCOUT_INTERVAL", "60")])),
        ["invalid SCOUT_INTERVAL \"60\": time: missing unit in duration \"60\" (environment)"]
    );
}

#[test]
fn item_12_an_unknown_log_level_means_info() {
    let level = |text| from_environment(&[("LOG_LEVEL", text)]).unwrap();
    assert_eq!(level("debug").settings.log.level, LogLevel::Debug);
    assert_eq!(level("warn").settings.log.level, LogLevel::Warn);
    assert_eq!(level("error").settings.log.level, LogLevel::Error);
    for text in ["INFO", "warning", "Debug", " error"] {
        let loaded = level(text);
        assert_eq!(loaded.settings.log.level, LogLevel::Info);
        let expected = format!(
            "LOG_LEVEL {text:?}: taken as info, as any text other than exactly debug, info, warn or error \
             (environment)"
        );
        assert_eq!(warnings(&loaded), [expected]);
    }
    assert_eq!(warnings(&level("info")), Vec::<String>::new());
}

#[test]
fn item_13_an_unknown_log_format_means_json() {
    let format = |text| from_environment(&[("LOG_FORMAT", text)]).unwrap();
    assert_eq!(format("text").settings.log.format, LogFormat::Text);
    let loaded = format("TEXT");
    assert_eq!(loaded.settings.log.format, LogFormat::Json);
    assert_eq!(warnings(&loaded).len(), 1);
}

#[test]
fn its_leniency_is_not_extended_to_the_file_and_flags() {
    assert_eq!(
        problems(from_file("[log]\nlevel = \"INFO\"\n")),
        ["invalid log.level \"INFO\": must be debug, info, warn or error (file scout.toml)"]
    );
    let mut overrides = Overrides::default();
    overrides.set("log.format", "TEXT");
    assert_eq!(
        problems(load(&Sources { overrides, ..Sources::default() })),
        ["invalid --log-format \"TEXT\": must be json or text (flag)"]
    );
}

#[test]
fn item_14_and_15_port_and_token_are_as_before() {
    let http = from_environment(&[("PORT", "9000"), ("AUTH_TOKEN", "t")]).unwrap().settings.http;
    assert_eq!((http.port, http.listen, http.tokens), (9000, Listen::AllInterfaces, vec![Secret::new("t")]));
}

#[test]
fn item_17_what_this_version_does_not_do_is_accepted_with_a_warning() {
    let loaded = from_environment(&[
        ("SCOUT_RETENTION_ENABLED", "true"),
        ("SCOUT_PROFILE_NAME", "default"),
        ("POD_NAMESPACE", "ns"),
    ])
    .unwrap();
    assert_eq!(
        warnings(&loaded),
        [
            "SCOUT_RETENTION_ENABLED \"true\": has no effect: this version deletes no messages (environment)",
            "SCOUT_PROFILE_NAME \"default\": has no effect: this version reads no profile (environment)",
        ]
    );
    assert_eq!(loaded.settings.kubernetes.namespace, "ns");
}
