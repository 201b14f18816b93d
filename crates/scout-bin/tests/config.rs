//! What the configuration means: layers, traps of the environment, all problems at once, secrets.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as loudly as they do")]

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use scout_bin::config::{
    ConfigError, Environment, Listen, Loaded, LogFormat, LogLevel, Overrides, RedisAddress, RedisProtocol,
    Secret, Sources, StoreSettings, load,
};

fn environment(variables: &[(&str, &str)]) -> Environment {
    Environment::from_os(variables.iter().map(|(name, text)| (OsString::from(name), OsString::from(text))))
}

fn from_environment(variables: &[(&str, &str)]) -> Result<Loaded, ConfigError> {
    load(&Sources { environment: environment(variables), ..Sources::default() })
}

/// A `scout.toml` of this text, kept as long as the folder.
fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scout.toml");
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

fn from_file(text: &str) -> Result<Loaded, ConfigError> {
    let (_folder, path) = file(text);
    load(&Sources { file: Some(path), ..Sources::default() })
}

/// The problems without the file's path, which differs with each test.
fn problems(result: Result<Loaded, ConfigError>) -> Vec<String> {
    let texts = result.unwrap_err().problems().iter().map(ToString::to_string).collect::<Vec<_>>();
    let without_folder = |text: String| match (text.find("file /"), text.rfind("scout.toml")) {
        (Some(start), Some(end)) => format!("{}file {}", &text[..start], &text[end..]),
        _ => text,
    };
    texts.into_iter().map(without_folder).collect()
}

/// The warnings, without the one that a missing token always gives.
fn warnings(loaded: &Loaded) -> Vec<String> {
    loaded.warnings.iter().filter(|warning| warning.name != "AUTH_TOKEN").map(ToString::to_string).collect()
}

mod defaults {
    use super::*;

    #[test]
    fn hold_when_nobody_says_anything() {
        let loaded = load(&Sources::default()).unwrap();
        let settings = loaded.settings;
        assert_eq!(
            (settings.interval.period, settings.interval.text.as_str()),
            (Duration::from_secs(60), "60s")
        );
        assert_eq!(settings.shutdown_grace, Duration::from_secs(15));
        assert_eq!(
            settings.redis.address,
            RedisAddress::HostPort { host: "localhost".to_owned(), port: 6379 }
        );
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
        assert_eq!((settings.alert.error_threshold, settings.alert.critical_threshold), (0, 0));
        assert_eq!((settings.alert.pitcher_url, settings.alert.pitcher_token), (None, None));
        assert_eq!(settings.alert.cooldown, Duration::from_secs(300));
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
}

mod layers {
    use super::*;

    #[test]
    fn go_from_defaults_to_file_to_environment_to_flags() {
        let (_folder, path) =
            file("interval = \"10s\"\n[redis]\naddr = \"file\"\nport = 1\n[http]\nport = 2\n");
        let mut overrides = Overrides::default();
        overrides.set("http.port", "4");
        let environment = environment(&[("REDIS_ADDR", "environment"), ("PORT", "3")]);
        let loaded =
            load(&Sources { file: Some(path), environment, overrides, ..Sources::default() }).unwrap();
        assert_eq!(loaded.settings.interval.text, "10s");
        let address = RedisAddress::HostPort { host: "environment".to_owned(), port: 1 };
        assert_eq!(loaded.settings.redis.address, address);
        assert_eq!(loaded.settings.http.port, 4);
        assert_eq!(loaded.settings.redis.index, "messages");
    }

    #[test]
    fn say_where_each_value_came_from() {
        let (_folder, path) = file("interval = \"10s\"\n");
        let mut overrides = Overrides::default();
        overrides.set("http.port", "4");
        let environment = environment(&[("REDIS_ADDR", "environment")]);
        let loaded =
            load(&Sources { file: Some(path.clone()), environment, overrides, ..Sources::default() })
                .unwrap();
        let of = |key: &str| {
            let row = loaded.effective.iter().find(|row| row.key == key).unwrap();
            (row.origin.to_string(), row.name.clone(), row.value.clone().unwrap_or_default())
        };
        let owned = |texts: [&str; 3]| (texts[0].to_owned(), texts[1].to_owned(), texts[2].to_owned());
        assert_eq!(of("interval"), owned([&format!("file {}", path.display()), "interval", "10s"]));
        assert_eq!(of("redis.addr"), owned(["environment", "REDIS_ADDR", "environment"]));
        assert_eq!(of("http.port"), owned(["flag", "--port", "4"]));
        assert_eq!(of("redis.port"), owned(["default", "redis.port", "6379"]));
    }

    #[test]
    fn take_the_file_that_the_environment_names_unless_a_flag_names_another() {
        let (_one, by_environment) = file("[http]\nport = 1\n");
        let (_two, by_flag) = file("[http]\nport = 2\n");
        let environment = environment(&[("SCOUT_CONFIG", by_environment.to_str().unwrap())]);
        let sources = Sources { environment, ..Sources::default() };
        assert_eq!(load(&sources).unwrap().settings.http.port, 1);
        let sources = Sources { file: Some(by_flag), ..sources };
        assert_eq!(load(&sources).unwrap().settings.http.port, 2);
    }

    #[test]
    fn refuse_an_override_of_a_key_that_does_not_exist() {
        let mut overrides = Overrides::default();
        overrides.set("http.prot", "4");
        let result = load(&Sources { overrides, ..Sources::default() });
        assert_eq!(problems(result), ["unknown key http.prot; did you mean http.port? (flag)"]);
    }
}

mod the_environment {
    use super::*;

    #[test]
    fn is_taken_to_the_letter() {
        for text in ["00123", "true", "\"q\"", " sp ", "1.0", "[1,2]", "{a=1}", "null", "#x", "a=b"] {
            let loaded = from_environment(&[("REDIS_PASSWORD", text)]).unwrap();
            assert_eq!(loaded.settings.redis.password, Some(Secret::new(text)));
        }
    }

    #[test]
    fn item_1_an_empty_variable_is_an_unset_one() {
        let (_folder, path) = file("[redis]\npassword = \"of the file\"\n");
        let environment = environment(&[("REDIS_PASSWORD", ""), ("SCOUT_INTERVAL", "")]);
        let loaded = load(&Sources { file: Some(path), environment, ..Sources::default() }).unwrap();
        assert_eq!(loaded.settings.redis.password, Some(Secret::new("of the file")));
        assert_eq!(loaded.settings.interval.text, "60s");
    }

    #[cfg(unix)]
    #[test]
    fn a_value_that_is_not_unicode_is_told_by_its_name() {
        use std::os::unix::ffi::OsStringExt as _;
        let broken = || OsString::from_vec(vec![b'a', 0xff]);
        let environment = Environment::from_os([
            ("REDIS_PASSWORD".into(), broken()),
            ("UNRELATED".into(), broken()),
            ("SCOUT_CONFIG".into(), broken()),
        ]);
        let result = load(&Sources { environment, ..Sources::default() });
        assert_eq!(
            problems(result),
            [
                "invalid REDIS_PASSWORD: is not valid UTF-8 (environment)",
                "invalid SCOUT_CONFIG: is not valid UTF-8 (environment)"
            ]
        );
    }

    #[test]
    fn an_unknown_variable_of_ours_is_a_warning_with_the_likely_name() {
        let variables = [
            ("SCOUT_INTERVALL", "1s"),
            ("SCOUT_LOG_LEVEL", "x"),
            ("SCOUT_PORT", "9"),
            ("SCOUT_ZZZ", ""),
            ("ZZZ", ""),
        ];
        let loaded = from_environment(&variables).unwrap();
        assert_eq!(
            warnings(&loaded),
            [
                "SCOUT_INTERVALL: is no key of Scout's; did you mean SCOUT_INTERVAL? (environment)",
                "SCOUT_LOG_LEVEL: is no key of Scout's; did you mean LOG_LEVEL? (environment)",
                "SCOUT_PORT: is no key of Scout's; did you mean PORT? (environment)",
                "SCOUT_ZZZ: is no key of Scout's (environment)",
            ]
        );
        assert_eq!(loaded.settings.http.port, 8080);
    }

    #[test]
    fn what_kubernetes_sets_for_a_service_named_scout_is_passed_over() {
        let loaded = from_environment(&[
            ("SCOUT_SERVICE_HOST", "10.0.0.1"),
            ("SCOUT_SERVICE_PORT", "80"),
            ("SCOUT_SERVICE_PORT_HTTP", "80"),
            ("SCOUT_PORT", "tcp://10.0.0.1:80"),
            ("SCOUT_PORT_80_TCP", "tcp://10.0.0.1:80"),
            ("SCOUT_PORT_80_TCP_PROTO", "tcp"),
            ("SCOUT_PORT_80_TCP_ADDR", "10.0.0.1"),
            ("SCOUT_WEB_PORT_80_UDP_PORT", "80"),
        ]);
        assert_eq!(warnings(&loaded.unwrap()), Vec::<String>::new());
    }

    #[test]
    fn what_kubernetes_sets_for_a_service_named_redis_is_refused_with_the_way_out() {
        let result = from_environment(&[("REDIS_PORT", "tcp://10.0.0.1:6379")]);
        let texts = problems(result);
        assert_eq!(texts.len(), 1);
        assert!(
            texts[0].starts_with("invalid REDIS_PORT \"tcp://10.0.0.1:6379\": must be a port alone"),
            "{texts:?}"
        );
        assert!(texts[0].contains("enableServiceLinks"), "{texts:?}");
    }
}

mod the_go_service {
    use super::*;

    #[test]
    fn item_2_and_3_and_4_redis_is_addressed_as_before() {
        let variables = [
            ("REDIS_ADDR", "redis"),
            ("REDIS_PORT", "6380"),
            ("REDIS_PASSWORD", "p"),
            ("REDISEARCH_INDEX", "i"),
        ];
        let redis = from_environment(&variables).unwrap().settings.redis;
        assert_eq!(redis.address, RedisAddress::HostPort { host: "redis".to_owned(), port: 6380 });
        assert_eq!((redis.password, redis.index.as_str()), (Some(Secret::new("p")), "i"));
        assert_eq!(redis.username, None);
    }

    #[test]
    fn item_5_and_6_durations_are_gos() {
        let variables =
            [("SCOUT_INTERVAL", "1m30s"), ("SCOUT_RETENTION_TTL", "+1.5h"), ("ALERT_COOLDOWN", "0")];
        let settings = from_environment(&variables).unwrap().settings;
        assert_eq!(
            (settings.interval.period, settings.interval.text.as_str()),
            (Duration::from_secs(90), "1m30s")
        );
        assert_eq!(settings.retention.ttl, Duration::from_secs(5400));
        assert_eq!(settings.alert.cooldown, Duration::ZERO);
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
        assert_eq!(of("+50").unwrap().settings.alert.error_threshold, 50);
        assert_eq!(of("9223372036854775807").unwrap().settings.alert.error_threshold, i64::MAX as u64);
        let negative = of("-3").unwrap();
        assert_eq!(negative.settings.alert.error_threshold, 0);
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
        assert_eq!(
            (http.port, http.listen, http.tokens),
            (9000, Listen::AllInterfaces, vec![Secret::new("t")])
        );
    }

    #[test]
    fn item_16_and_17_what_this_version_does_not_do_is_accepted_with_a_warning() {
        let loaded = from_environment(&[
            ("SCOUT_RETENTION_ENABLED", "true"),
            ("ALERT_PITCHER_URL", "http://user:hunter2@pitcher"),
            ("ALERT_PITCHER_TOKEN", "hunter2"),
            ("ALERT_ERROR_THRESHOLD", "50"),
            ("ALERT_CRITICAL_THRESHOLD", "10"),
            ("ALERT_COOLDOWN", "1m"),
            ("SCOUT_PROFILE_NAME", "default"),
            ("POD_NAMESPACE", "ns"),
        ])
        .unwrap();
        assert_eq!(
            warnings(&loaded),
            [
                "SCOUT_RETENTION_ENABLED \"true\": has no effect: this version deletes no messages (environment)",
                "ALERT_PITCHER_URL \"http://***@pitcher\": has no effect: this version sends no alerts (environment)",
                "ALERT_ERROR_THRESHOLD \"50\": has no effect: this version sends no alerts (environment)",
                "ALERT_CRITICAL_THRESHOLD \"10\": has no effect: this version sends no alerts (environment)",
                "SCOUT_PROFILE_NAME \"default\": has no effect: this version reads no profile (environment)",
            ]
        );
        assert_eq!(loaded.settings.alert.error_threshold, 50);
        assert_eq!(loaded.settings.kubernetes.namespace, "ns");
    }
}

mod bad_values {
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
}

mod values_together {
    use super::*;

    #[test]
    fn the_embedded_store_needs_a_folder() {
        assert_eq!(
            problems(from_environment(&[("SCOUT_STORE", "embedded")])),
            ["missing store.data (SCOUT_DATA, --data): the embedded store needs a folder for its file"]
        );
        let variables =
            [("SCOUT_STORE", "embedded"), ("SCOUT_DATA", "/data"), ("SCOUT_CACHE_BYTES", "1000000")];
        let settings = from_environment(&variables).unwrap().settings;
        let expected = StoreSettings::Embedded { data: PathBuf::from("/data"), cache_bytes: 1_000_000 };
        assert_eq!(settings.store, expected);
    }

    #[test]
    fn a_folder_without_the_embedded_store_is_a_warning() {
        let loaded = from_environment(&[("SCOUT_DATA", "/data")]).unwrap();
        assert_eq!(
            warnings(&loaded),
            ["SCOUT_DATA \"/data\": not used, since store.kind is redis (environment)"]
        );
    }

    #[test]
    fn pitching_is_on_with_the_embedded_store_and_off_over_redis_unless_said_otherwise() {
        let embedded = [("SCOUT_STORE", "embedded"), ("SCOUT_DATA", "/data")];
        let pitch = |variables: &[(&str, &str)]| from_environment(variables).unwrap().settings.http.pitch;
        assert!(pitch(&embedded));
        assert!(!pitch(&[embedded[0], embedded[1], ("SCOUT_PITCH", "false")]));
        assert!(!pitch(&[("AUTH_TOKEN", "t")]));
        assert!(pitch(&[("AUTH_TOKEN", "t"), ("SCOUT_PITCH", "true")]));
        assert!(pitch(&[("AUTH_TOKENS", "t"), ("SCOUT_PITCH", "true")]));
    }

    #[test]
    fn pitching_over_redis_without_a_token_is_refused() {
        assert_eq!(
            problems(from_environment(&[("SCOUT_PITCH", "true")])),
            [
                "invalid SCOUT_PITCH \"true\": over Redis, POST /pitch needs a token: set http.auth_token (AUTH_TOKEN) \
              (environment)"
            ]
        );
    }

    #[test]
    fn a_url_of_redis_wins_over_address_and_port_and_says_so() {
        let variables =
            [("REDIS_URL", "rediss://redis.example:6380"), ("REDIS_ADDR", "other"), ("REDIS_PORT", "1")];
        let loaded = from_environment(&variables).unwrap();
        assert_eq!(
            loaded.settings.redis.address,
            RedisAddress::Url(Secret::new("rediss://redis.example:6380"))
        );
        assert_eq!(
            warnings(&loaded),
            [
                "REDIS_ADDR \"other\": not used, since redis.url says where Redis is (environment)",
                "REDIS_PORT \"1\": not used, since redis.url says where Redis is (environment)",
            ]
        );
    }

    #[test]
    fn a_url_without_a_user_takes_user_and_password_from_their_own_keys() {
        let variables =
            [("REDIS_URL", "redis://redis.example/0"), ("REDIS_USERNAME", "u"), ("REDIS_PASSWORD", "p")];
        let loaded = from_environment(&variables).unwrap();
        assert_eq!(loaded.settings.redis.username.as_deref(), Some("u"));
        assert_eq!(loaded.settings.redis.password, Some(Secret::new("p")));
        assert_eq!(warnings(&loaded), Vec::<String>::new());
    }

    #[test]
    fn a_url_with_a_user_is_taken_alone_and_says_so() {
        let variables = [
            ("REDIS_URL", "redis://:hunter2@redis.example"),
            ("REDIS_USERNAME", "u"),
            ("REDIS_PASSWORD", "p"),
        ];
        let loaded = from_environment(&variables).unwrap();
        assert_eq!((&loaded.settings.redis.username, &loaded.settings.redis.password), (&None, &None));
        assert_eq!(
            warnings(&loaded),
            [
                "REDIS_USERNAME \"u\": not used, since redis.url carries a user (environment)",
                "REDIS_PASSWORD: not used, since redis.url carries a user (environment)",
            ]
        );
    }

    #[test]
    fn an_ipv6_address_of_redis_may_stand_in_brackets_or_without() {
        for text in ["::1", "[::1]"] {
            let settings = from_environment(&[("REDIS_ADDR", text)]).unwrap().settings;
            assert_eq!(settings.redis.address, RedisAddress::HostPort { host: "::1".to_owned(), port: 6379 });
        }
    }
}

mod tokens {
    use super::*;

    #[test]
    fn of_both_keys_are_joined_without_blanks_and_repetitions() {
        let variables = [("AUTH_TOKEN", "one"), ("AUTH_TOKENS", "two, one,,three ,two")];
        let tokens = from_environment(&variables).unwrap().settings.http.tokens;
        let texts: Vec<&str> = tokens.iter().map(Secret::expose).collect();
        assert_eq!(texts, ["one", "two", "three"]);
    }

    #[test]
    fn may_stand_in_the_file_as_a_list_or_a_text() {
        for list in ["[\"one\", \"two\"]", "\"one,two\""] {
            let loaded = from_file(&format!("[http]\nauth_tokens = {list}\n")).unwrap();
            assert_eq!(loaded.settings.http.tokens, [Secret::new("one"), Secret::new("two")]);
        }
        assert_eq!(
            problems(from_file("[http]\nauth_tokens = [\"hunter2,hunter3\"]\n")),
            ["invalid http.auth_tokens: must not contain commas within a text (file scout.toml)"]
        );
    }

    #[test]
    fn that_no_request_can_match_are_a_warning() {
        for text in ["token\n", " token", "to\tken"] {
            let loaded = from_environment(&[("AUTH_TOKEN", text)]).unwrap();
            assert!(loaded.warnings[0].text.starts_with("no request can match it"), "{:?}", loaded.warnings);
            assert_eq!(loaded.settings.http.tokens, [Secret::new(text)]);
        }
    }

    #[test]
    fn that_everybody_knows_are_a_warning() {
        let loaded = from_environment(&[("AUTH_TOKENS", "x,changeme")]).unwrap();
        assert_eq!(
            loaded.warnings[0].to_string(),
            "AUTH_TOKENS: holds the token \"changeme\", which everybody knows (environment)"
        );
    }

    #[test]
    fn beyond_what_can_be_compared_each_time_are_refused() {
        let many = (0..65).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
        assert_eq!(
            problems(from_environment(&[("AUTH_TOKENS", &many)])),
            ["invalid AUTH_TOKENS: holds more than 64 tokens (environment)"]
        );
    }
}

mod the_file {
    use super::*;

    #[test]
    fn names_all_its_unknown_keys_and_the_likely_ones() {
        let text =
            "intervall = \"1s\"\nport = 1\n[redis]\nadr = \"x\"\n[redsi]\naddr = \"x\"\n[http.tls]\nx = 1\n";
        assert_eq!(
            problems(from_file(text)),
            [
                "unknown key http.tls (file scout.toml)",
                "unknown key intervall; did you mean interval? (file scout.toml)",
                "unknown key port; did you mean redis.port? (file scout.toml)",
                "unknown key redis.adr; did you mean redis.addr? (file scout.toml)",
                "unknown key redsi; did you mean redis? (file scout.toml)",
            ]
        );
    }

    #[test]
    fn wants_each_value_in_its_own_type() {
        let text = "interval = 60\nredis = 5\n[http]\nport = \"8080\"\nmax_connections = 1.5\npitch = \"true\"\n\
                    auth_token = 12345\nauth_tokens = [1]\n[log]\nlevel = { x = 1 }\n[retention]\nttl = 2026-01-01\n";
        assert_eq!(
            problems(from_file(text)),
            [
                "invalid http.auth_token: must be text in quotes (file scout.toml)",
                "invalid http.auth_tokens: must be a list of texts in quotes (file scout.toml)",
                "invalid http.max_connections \"1.5\": must be a whole number (file scout.toml)",
                "invalid http.pitch \"true\": must be true or false without quotes (file scout.toml)",
                "invalid http.port \"8080\": must be a whole number without quotes (file scout.toml)",
                "invalid interval \"60\": must be text in quotes (file scout.toml)",
                "invalid log.level: must be text in quotes (file scout.toml)",
                "invalid redis: is a section: its keys stand below [redis] (file scout.toml)",
                "invalid retention.ttl: must be text in quotes (file scout.toml)",
            ]
        );
    }

    #[test]
    fn that_is_no_toml_is_told_by_place_and_never_by_its_text() {
        for (text, place) in [
            ("[redis]\npassword = hunter2\n", "line 2, column 12"),
            ("[redis]\npassword = 00hunter2\n", "line 2, column 1"),
            ("[redis]\npassword = \"hunter2\npassword = \"x\"\n", "line 2, column 20"),
            ("[redis]\npassword = \"hunter2\"\npassword = \"x\"\n", "line 3, column 1"),
        ] {
            let texts = problems(from_file(text));
            assert_eq!(texts.len(), 1);
            assert!(texts[0].contains("no valid TOML at"), "{texts:?}");
            assert!(texts[0].contains(place), "{texts:?}");
            assert!(!texts[0].contains("hunter2"), "{texts:?}");
        }
    }

    #[test]
    fn that_cannot_be_read_is_told_by_its_path() {
        let path = PathBuf::from("/nonexistent/scout.toml");
        let error = load(&Sources { file: Some(path), ..Sources::default() }).unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot use /nonexistent/scout.toml: no such file or directory (os error 2)"
        );
    }

    #[test]
    fn that_is_no_text_or_too_long_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scout.toml");
        let reason = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            load(&Sources { file: Some(path.clone()), ..Sources::default() }).unwrap_err().to_string()
        };
        assert!(reason(b"a = \"\xff\"").ends_with("not valid UTF-8"));
        assert!(reason(&vec![b'\n'; (1 << 20) + 1]).ends_with("longer than 1048576 bytes"));
    }
}

mod secrets {
    use super::*;

    const SECRETS: [(&str, &str); 5] = [
        ("REDIS_URL", "redis://:hunter2@redis.example"),
        ("REDIS_PASSWORD", "hunter2"),
        ("ALERT_PITCHER_TOKEN", "hunter2"),
        ("AUTH_TOKEN", "hunter2"),
        ("AUTH_TOKENS", "hunter2,hunter2b"),
    ];

    #[test]
    fn are_in_no_debug_text_no_warning_and_no_effective_value() {
        let environment = environment(&SECRETS);
        assert!(!format!("{environment:?}").contains("hunter2"));
        let mut overrides = Overrides::default();
        overrides.set("http.auth_token", "hunter2");
        let sources = Sources { environment, overrides, ..Sources::default() };
        assert!(!format!("{sources:?}").contains("hunter2"));
        let loaded = load(&sources).unwrap();
        assert!(!format!("{loaded:?}").contains("hunter2"));
        let hidden = loaded.effective.iter().filter(|row| row.value.as_deref() == Some("***")).count();
        assert_eq!(hidden, SECRETS.len());
    }

    #[test]
    fn are_in_no_problem() {
        let bad = [
            ("REDIS_URL", "redis://:hunter2@redis.example/3"),
            ("REDIS_ADDR", "redis://:hunter2@redis.example"),
        ];
        let error = from_environment(&bad).unwrap_err();
        assert_eq!(error.problems().len(), 2);
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        let error = from_file("[redis]\npassword = 424242\nurl = 424242\n").unwrap_err();
        assert_eq!(error.problems().len(), 2);
        assert!(!format!("{error} {error:?}").contains("424242"), "{error}");
    }

    #[test]
    fn show_nothing_of_themselves() {
        let secret = Secret::new("hunter2");
        assert_eq!(format!("{secret} {secret:?}"), "*** Secret(***)");
        assert_eq!(secret.expose(), "hunter2");
    }
}
