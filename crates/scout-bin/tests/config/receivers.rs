//! `[receivers.NAME]`, and the receiver of the environment.

use super::*;

use scout_bin::config::{AlertSettings, ReceiverKind, ReceiverSettings};

fn receiver(alert: &AlertSettings, name: &str) -> ReceiverSettings {
    alert.receivers[name].clone()
}

#[test]
fn are_pitchers_webhooks_and_logs() {
    let text = r#"
        [receivers.local]
        kind = "pitcher"
        url = "local"
        [receivers.remote]
        kind = "pitcher"
        url = "http://pitcher/pitch"
        token = "t"
        timeout = "3s"
        [receivers.hook]
        kind = "webhook"
        url = "https://hooks.example/x?y"
        hmac_secret = "s"
        max_per_minute = 6
        [receivers.log]
        kind = "log"
    "#;
    let alert = from_file(text).unwrap().settings.alert;
    let local = receiver(&alert, "local");
    assert_eq!(local.kind, ReceiverKind::LocalPitcher);
    assert_eq!((local.timeout, local.max_per_minute), (Duration::from_secs(10), 60));
    let remote = receiver(&alert, "remote");
    let (url, token) = (Secret::new("http://pitcher/pitch"), Some(Secret::new("t")));
    assert_eq!(remote.kind, ReceiverKind::Pitcher { url, token });
    assert_eq!(remote.timeout, Duration::from_secs(3));
    let hook = receiver(&alert, "hook");
    let (url, hmac_secret) = (Secret::new("https://hooks.example/x?y"), Some(Secret::new("s")));
    assert_eq!(hook.kind, ReceiverKind::Webhook { url, token: None, hmac_secret });
    assert_eq!(hook.max_per_minute, 6);
    assert_eq!(receiver(&alert, "log").kind, ReceiverKind::Log);
    // Without a word about it, all of them are told that the store is away.
    assert_eq!(alert.source.receivers.len(), 4);
}

#[test]
fn take_secrets_from_files_beside_the_configuration_without_the_last_line_break() {
    let text = "[receivers.a]\nkind = \"webhook\"\nurl = \"http://a\"\ntoken_file = \"token\"\n\
                hmac_secret_file = \"secret\"\n";
    let (folder, path) = file(text);
    std::fs::write(folder.path().join("token"), "hunter2\r\n").unwrap();
    std::fs::write(folder.path().join("secret"), " two \n\n").unwrap();
    let loaded = load(&Sources { file: Some(path.clone()), ..Sources::default() }).unwrap();
    let ReceiverKind::Webhook { token, hmac_secret, .. } = receiver(&loaded.settings.alert, "a").kind else {
        panic!("{loaded:?}")
    };
    assert_eq!((token, hmac_secret), (Some(Secret::new("hunter2")), Some(Secret::new(" two \n"))));

    std::fs::write(folder.path().join("token"), "hunter2\nhunter2\n").unwrap();
    std::fs::write(folder.path().join("secret"), "\n").unwrap();
    let result = load(&Sources { file: Some(path), ..Sources::default() });
    assert_eq!(
        problems(result),
        [
            "invalid receivers.a.token_file: cannot stand in a header, since it begins or ends with a blank, or holds \
             something else than printable ASCII (file scout.toml)",
            "invalid receivers.a.hmac_secret_file \"secret\": leads to an empty file (file scout.toml)",
        ]
    );
}

/// Lines of a receiver named R, and what is said of them.
const MISTAKES: [(&str, &str); 19] = [
    ("url = \"http://a\"", "missing receivers.R.kind: a receiver is a pitcher, a webhook or a log"),
    ("kind = \"slack\"", r#"invalid receivers.R.kind "slack": must be pitcher, webhook or log"#),
    ("kind = \"log\"\nurll = \"x\"", "unknown key receivers.R.urll; did you mean url?"),
    ("kind = \"log\"\nurl = \"http://a\"", "invalid receivers.R.url: means nothing for a log"),
    ("kind = \"log\"\ntimeout = \"1s\"", "invalid receivers.R.timeout: means nothing for a log"),
    (
        "kind = \"log\"\nmax_per_minute = 0",
        r#"invalid receivers.R.max_per_minute "0": must be a whole number from 1 to 6000, without quotes"#,
    ),
    ("kind = \"webhook\"", "missing receivers.R.url: a webhook has one"),
    (
        "kind = \"webhook\"\nurl = \"local\"",
        "invalid receivers.R.url: must be http://… or https://… with a host",
    ),
    (
        "kind = \"webhook\"\nurl = \"http://a:b@hunter2:99999\"",
        "invalid receivers.R.url: must name a port of 1 to 65535 or none",
    ),
    ("kind = \"webhook\"\nurl = 5", "invalid receivers.R.url: must be text in quotes"),
    (
        "kind = \"webhook\"\nurl = \"http://a\"\ntimeout = \"0s\"",
        r#"invalid receivers.R.timeout "0s": must be 100ms to 5m"#,
    ),
    (
        "kind = \"webhook\"\nurl = \"http://a\"\ntoken = \"hunter2\"\ntoken_file = \"t\"",
        r#"invalid receivers.R.token_file "t": stands beside token: keep one of them"#,
    ),
    (
        "kind = \"webhook\"\nurl = \"http://a\"\ntoken = \"hunter2\\n\"",
        "invalid receivers.R.token: cannot stand in a header, since it begins or ends with a blank, or holds something else \
         than printable ASCII",
    ),
    (
        "kind = \"webhook\"\nurl = \"http://a\"\ntoken = 5",
        "invalid receivers.R.token: must be text in quotes",
    ),
    (
        "kind = \"webhook\"\nurl = \"http://a\"\ntoken_file = \"none\"",
        r#"invalid receivers.R.token_file "none": cannot be read: no such file or directory (os error 2)"#,
    ),
    ("kind = \"pitcher\"", "missing receivers.R.url: a pitcher has one; \"local\" is Scout's own store"),
    (
        "kind = \"pitcher\"\nurl = \"pitcher\"",
        "invalid receivers.R.url: must be http://… or https://… with a host; local is Scout's own store",
    ),
    (
        "kind = \"pitcher\"\nurl = \"http://a\"\nhmac_secret = \"hunter2\"",
        "invalid receivers.R.hmac_secret: means nothing for a pitcher",
    ),
    (
        "kind = \"pitcher\"\nurl = \"local\"\ntoken = \"hunter2\"",
        "invalid receivers.R.token: means nothing where url is \"local\"",
    ),
];

#[test]
fn with_a_mistake_end_the_start_and_show_no_secret() {
    for (lines, expected) in MISTAKES {
        let result = from_file(&format!("[receivers.R]\n{lines}\n"));
        assert!(!format!("{result:?}").contains("hunter2"), "{lines}");
        assert_eq!(problems(result), [format!("{expected} (file scout.toml)")], "{lines}");
    }
}

#[test]
fn have_names_as_rules_have_and_are_limited_in_number() {
    assert_eq!(
        problems(from_file("[receivers.\"a b\"]\nkind = \"log\"\n")),
        ["invalid receivers.a b: as a name must be 1 to 128 letters, digits, _, - or . (file scout.toml)"]
    );
    assert_eq!(
        problems(from_file("receivers = 5\n")),
        ["invalid receivers: is a section of tables: each stands below [receivers.NAME] (file scout.toml)"]
    );
    assert_eq!(
        problems(from_file("[receivers]\na = 5\n")),
        ["invalid receivers.a: is a table: its keys stand below [receivers.a] (file scout.toml)"]
    );
    let of = |count: usize| {
        (0..count).map(|n| format!("[receivers.R{n}]\nkind = \"log\"\n")).collect::<Vec<_>>().concat()
    };
    assert_eq!(from_file(&of(16)).unwrap().settings.alert.receivers.len(), 16);
    assert_eq!(
        problems(from_file(&of(17))),
        ["invalid receivers: there are 17, more than 16 (file scout.toml)"]
    );
}

#[test]
fn show_nothing_of_their_secrets_in_what_is_in_effect() {
    let text = "[receivers.R]\nkind = \"webhook\"\nurl = \"https://u:hunter2@hooks.example:8443/hunter2?hunter2\"\n\
                token = \"hunter2\"\nhmac_secret = \"hunter2\"\n";
    let loaded = from_file(text).unwrap();
    assert!(!format!("{loaded:?}").contains("hunter2"));
    let rows: Vec<(&str, &str)> = loaded
        .effective
        .iter()
        .filter(|row| row.key.starts_with("receivers."))
        .map(|row| (&*row.key, row.value.as_deref().unwrap_or_default()))
        .collect();
    assert_eq!(
        rows,
        [
            ("receivers.R.kind", "webhook"),
            ("receivers.R.url", "https://***@hooks.example:8443/***"),
            ("receivers.R.token", "***"),
            ("receivers.R.hmac_secret", "***"),
            ("receivers.R.timeout", "10s"),
            ("receivers.R.max_per_minute", "60"),
        ]
    );
}

#[test]
fn item_16_the_environment_makes_the_one_named_pitcher() {
    let variables = [("ALERT_PITCHER_URL", "http://pitcher/"), ("ALERT_PITCHER_TOKEN", "t")];
    let loaded = from_environment(&variables).unwrap();
    let (url, token) = (Secret::new("http://pitcher/"), Some(Secret::new("t")));
    assert_eq!(receiver(&loaded.settings.alert, "pitcher").kind, ReceiverKind::Pitcher { url, token });
    assert_eq!(warnings(&loaded), Vec::<String>::new());
    let local = from_environment(&[("ALERT_PITCHER_URL", "local")]).unwrap().settings.alert;
    assert_eq!(receiver(&local, "pitcher").kind, ReceiverKind::LocalPitcher);
    assert_eq!(
        warnings(&from_environment(&[("ALERT_PITCHER_TOKEN", "t")]).unwrap()),
        ["ALERT_PITCHER_TOKEN: not used, since alert.pitcher_url is not set (environment)"]
    );
    assert_eq!(
        problems(from_environment(&[
            ("ALERT_PITCHER_URL", "http://a"),
            ("ALERT_PITCHER_TOKEN", "hunter2\n")
        ])),
        [
            "invalid ALERT_PITCHER_TOKEN: cannot stand in a header, since it begins or ends with a blank, or holds something \
          else than printable ASCII (environment)"
        ]
    );
}

#[test]
fn of_the_environment_and_of_the_file_may_not_have_one_name() {
    let (_folder, path) = file("[receivers.pitcher]\nkind = \"log\"\n");
    let sources = |variables: &[(&str, &str)]| Sources {
        file: Some(path.clone()),
        environment: environment(variables),
        ..Sources::default()
    };
    assert!(load(&sources(&[])).is_ok());
    assert_eq!(
        problems(load(&sources(&[("ALERT_PITCHER_URL", "http://pitcher")]))),
        [
            "invalid ALERT_PITCHER_URL \"http://pitcher\": makes the receiver pitcher, as [receivers.pitcher] does: keep one of \
          them (environment)"
        ]
    );
}

#[test]
fn of_the_environment_may_be_named_in_the_file_even_with_a_mistake_of_its_own() {
    let text = "[alert]\nsource_receivers = [\"pitcher\"]\n[[rules]]\nname = \"R\"\nthreshold = 1\n\
                receivers = \"pitcher\"\n";
    let (_folder, path) = file(text);
    let of = |url: &str| {
        let environment = environment(&[("ALERT_PITCHER_URL", url)]);
        load(&Sources { file: Some(path.clone()), environment, ..Sources::default() })
    };
    let alert = of("http://pitcher").unwrap().settings.alert;
    assert_eq!(names(&alert.rules[0].text.receivers), ["pitcher"]);
    assert_eq!(names(&alert.source.receivers), ["pitcher"]);
    assert_eq!(problems(of("pitcher")).len(), 1);
    // An address that the library for URLs refuses is one that nothing could be sent to.
    assert_eq!(problems(of("http://pit<cher")).len(), 1);
}

#[test]
fn may_be_limited_to_some_places() {
    let allow = |text: &str| from_environment(&[("SCOUT_ALERT_ALLOW", text)]);
    assert_eq!(
        allow(" a.example, *.b.example,10.0.0.0/8,::1 ").unwrap().settings.alert.allow,
        ["a.example", "*.b.example", "10.0.0.0/8", "::1"]
    );
    for text in ["http://a", "a b", "10.0.0.0/33", "*", ","] {
        assert_eq!(problems(allow(text)).len(), 1, "{text}");
    }
}

#[test]
fn go_through_the_proxies_of_the_environment_which_are_checked_where_they_are_needed() {
    let broken = [("https_proxy", "ftp://u:hunter2@proxy"), ("HTTP_PROXY", "proxy:3128")];
    let loaded = from_environment(&broken).unwrap();
    assert_eq!(loaded.settings.alert.proxies.len(), 2);
    assert!(!format!("{loaded:?}").contains("hunter2"));
    let variables = [broken[0], broken[1], ("SCOUT_HEARTBEAT_URL", "https://switch.example")];
    assert_eq!(
        problems(from_environment(&variables)),
        ["invalid https_proxy: must be http://… or https://… with a host (environment)"]
    );
}

#[test]
fn are_joined_by_a_heartbeat_whose_address_is_a_secret() {
    let variables =
        [("SCOUT_HEARTBEAT_URL", "https://switch.example/hunter2"), ("SCOUT_HEARTBEAT_INTERVAL", "30s")];
    let loaded = from_environment(&variables).unwrap();
    assert!(!format!("{loaded:?}").contains("hunter2"));
    let heartbeat = loaded.settings.alert.heartbeat.unwrap();
    assert_eq!(heartbeat.url.expose(), "https://switch.example/hunter2");
    assert_eq!(heartbeat.interval, Duration::from_secs(30));
}
