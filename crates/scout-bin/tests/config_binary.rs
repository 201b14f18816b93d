//! The real binary: exit codes, and what it says on which stream.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as loudly as they do")]

use std::process::{Command, Output};

fn scout(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scout"));
    command.args(arguments).env_clear().envs(variables.iter().copied()).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Exit code, standard output, standard error.
fn outcome(output: &Output) -> (Option<i32>, String, String) {
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn a_bad_configuration_ends_the_start_with_64_and_one_line_a_problem() {
    let variables =
        [("SCOUT_INTERVAL", "60"), ("PORT", "x"), ("REDIS_URL", "redis://:hunter2@redis.example/1")];
    for command in [&[][..], &["serve"], &["check"], &["demo", "--port", "y"], &["config"]] {
        let (code, out, err) = outcome(&scout(command, &variables));
        assert_eq!((code, out.as_str()), (Some(64), ""), "{command:?}");
        let lines: Vec<&str> = err.lines().collect();
        assert_eq!(lines.len(), 3, "{err}");
        assert_eq!(
            lines[0],
            "invalid SCOUT_INTERVAL \"60\": time: missing unit in duration \"60\" (environment)"
        );
        assert!(lines[1].starts_with("invalid REDIS_URL: must name database 0"), "{err}");
        assert!(!err.contains("hunter2"), "{err}");
    }
}

#[test]
fn a_url_that_cannot_be_used_is_told_with_the_other_problems_and_before_anything_runs() {
    for (url, said) in [
        ("redis://u:hunter2@127.0.0.1:99999/0", "the port at most 65535"),
        ("redis://u:top#hunter2@redis.example/0", "contains a `#`"),
    ] {
        let variables = [("REDIS_URL", url), ("ALERT_PITCHER_URL", "http://x:abc"), ("PORT", "x")];
        for command in [&[][..], &["check"], &["config"]] {
            let (code, out, err) = outcome(&scout(command, &variables));
            assert_eq!((code, out.as_str()), (Some(64), ""), "{command:?}");
            let lines: Vec<&str> = err.lines().collect();
            assert_eq!(lines.len(), 3, "{err}");
            assert!(lines[0].starts_with("invalid REDIS_URL: ") && lines[0].contains(said), "{err}");
            assert!(lines.iter().all(|line| line.ends_with(" (environment)")), "{err}");
            assert!(!err.contains("hunter2"), "{err}");
        }
    }
}

#[test]
fn a_usage_error_ends_with_64_and_no_value() {
    for arguments in [
        &["--redis-pasword=hunter2"][..],
        &["--redis-pasword", "hunter2"],
        &["--redis-url"],
        &["--data", ""],
        &["pitch"],
        &["pitch", "file", "--title", "hunter2", "--message", "hunter2"],
        &["pitch", "--title", "hunter2"],
        &["--interval", "1s", "--interval", "hunter2"],
        &["completions", "tcsh"],
    ] {
        let (code, out, err) = outcome(&scout(arguments, &[]));
        assert_eq!((code, out.as_str()), (Some(64), ""), "{arguments:?} {err}");
        assert!(err.starts_with("error: ") && !err.contains("hunter2"), "{err}");
    }
}

#[cfg(unix)]
#[test]
fn a_flag_that_is_not_unicode_ends_with_64_and_is_not_repeated() {
    use std::os::unix::ffi::OsStrExt as _;
    let broken = std::ffi::OsStr::from_bytes(b"hunter2\xff");
    let mut command = Command::new(env!("CARGO_BIN_EXE_scout"));
    let output = command.arg("--redis-url").arg(broken).env_clear().output().unwrap();
    let (code, _, err) = outcome(&output);
    assert_eq!(code, Some(64));
    assert!(err.starts_with("error: ") && !err.contains("hunter2"), "{err}");
}

#[test]
fn flags_may_stand_before_or_after_the_command() {
    for arguments in [["--port", "1234", "config"], ["config", "--port", "1234"]] {
        let (code, out, _) = outcome(&scout(&arguments, &[]));
        assert_eq!(code, Some(0));
        let row = out.lines().find(|line| line.starts_with("http.port ")).unwrap();
        assert_eq!(row.split_whitespace().collect::<Vec<_>>(), ["http.port", "1234", "flag", "--port"]);
    }
}

#[test]
fn config_shows_every_value_but_secrets_and_where_it_came_from() {
    let variables = [("REDIS_PASSWORD", "hunter2"), ("REDIS_ADDR", "redis.example"), ("LOG_LEVEL", "INFO")];
    let (code, out, err) = outcome(&scout(&["config"], &variables));
    assert_eq!(code, Some(0));
    let row = |key: &str| {
        let line = out.lines().find(|line| line.starts_with(&format!("{key} "))).unwrap();
        line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(row("redis.password"), ["redis.password", "***", "environment", "REDIS_PASSWORD"]);
    assert_eq!(row("redis.addr"), ["redis.addr", "redis.example", "environment", "REDIS_ADDR"]);
    assert_eq!(row("redis.url"), ["redis.url", "(unset)", "default"]);
    assert_eq!(row("interval"), ["interval", "60s", "default"]);
    assert!(err.lines().any(|line| line.starts_with("warning: LOG_LEVEL \"INFO\": taken as info")), "{err}");
    assert!(!out.contains("hunter2") && !err.contains("hunter2"));
}

#[test]
fn config_shows_what_is_in_effect_and_beside_it_what_is_written() {
    let variables = [
        ("LOG_LEVEL", "DEBUG"),
        ("LOG_FORMAT", "TEXT"),
        ("SCOUT_RETENTION_ENABLED", "TRUE"),
        ("PORT", "08080"),
        ("REDIS_ADDR", "[::1]"),
        ("ALERT_ERROR_THRESHOLD", "-3"),
        ("AUTH_TOKEN", "hunter2"),
    ];
    let (code, out, _) = outcome(&scout(&["config"], &variables));
    assert_eq!(code, Some(0));
    let row = |key: &str| out.lines().find(|line| line.starts_with(&format!("{key} "))).unwrap();
    for (key, value, origin) in [
        ("log.level", "info", r#"environment LOG_LEVEL, written "DEBUG""#),
        ("log.format", "json", r#"environment LOG_FORMAT, written "TEXT""#),
        ("retention.enabled", "false", r#"environment SCOUT_RETENTION_ENABLED, written "TRUE""#),
        ("http.port", "8080", r#"environment PORT, written "08080""#),
        ("redis.addr", "::1", r#"environment REDIS_ADDR, written "[::1]""#),
        ("alert.error_threshold", "0", r#"environment ALERT_ERROR_THRESHOLD, written "-3""#),
        ("http.auth_token", "***", "environment AUTH_TOKEN"),
        ("redis.port", "6379", "default"),
    ] {
        let found: Vec<&str> =
            row(key).split("  ").map(str::trim).filter(|column| !column.is_empty()).collect();
        assert_eq!(found, [key, value, origin]);
    }
}

#[test]
fn config_says_whether_messages_are_taken_in_where_nobody_said() {
    let row = |variables: &[(&str, &str)]| {
        let (_, out, _) = outcome(&scout(&["config"], variables));
        let line = out.lines().find(|line| line.starts_with("http.pitch ")).unwrap();
        line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(row(&[]), ["http.pitch", "false", "default"]);
    let embedded = [("SCOUT_STORE", "embedded"), ("SCOUT_DATA", "data")];
    assert_eq!(row(&embedded), ["http.pitch", "true", "default"]);
}

#[test]
fn config_sample_needs_no_valid_configuration() {
    let (code, out, err) = outcome(&scout(&["config", "--sample"], &[("PORT", "x")]));
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.contains("\n#port = 8080\n"));
}

#[test]
fn version_names_the_build_whichever_way_it_is_asked() {
    for arguments in ["version", "--version", "-V"] {
        let (code, out, _) = outcome(&scout(&[arguments], &[]));
        assert_eq!(code, Some(0));
        assert!(out.starts_with(concat!("scout ", env!("CARGO_PKG_VERSION"), " (commit ")), "{out}");
    }
}

#[test]
fn completions_name_every_flag_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let (code, out, _) = outcome(&scout(&["completions", shell], &[]));
        assert_eq!(code, Some(0));
        for flag in ["redis-url", "log-format", "config", "store"] {
            assert!(out.contains(flag), "{shell} {flag}");
        }
    }
}

#[cfg(unix)]
#[test]
fn a_system_that_gives_no_files_ends_the_start_with_70_whoever_meets_it() {
    // Which limit meets whom depends on what this process hands down. Above them the store is not reached: 69.
    let codes = (4..=10).map(|files| {
        let mut shell = Command::new("sh");
        let script = format!("ulimit -n {files} && exec \"$0\" check");
        let variables = [("REDIS_URL", "redis://127.0.0.1:1"), ("PATH", "/usr/bin:/bin")];
        shell.args(["-c", &script, env!("CARGO_BIN_EXE_scout")]).env_clear().envs(variables);
        shell.output().unwrap().status.code()
    });
    let codes: Vec<_> = codes.collect();
    assert!(codes.contains(&Some(70)) && !codes.contains(&Some(101)), "{codes:?}");
}
