//! `scout rules` of the real binary.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as loudly as they do")]

use std::path::{Path, PathBuf};
use std::process::Command;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules_golden").join(name)
}

/// Exit code, standard output, standard error.
fn scout(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scout"));
    // A token, so that nothing is said about there being none.
    command.args(arguments).env_clear().env("AUTH_TOKEN", "t").envs(variables.iter().copied());
    let output = command.current_dir(folder).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// Runs a command among the golden files.
fn in_golden(arguments: &[&str]) -> (Option<i32>, String, String) {
    scout(&golden(""), arguments, &[])
}

/// Runs a command beside a `scout.toml` of this text, and files of others.
fn beside(
    files: &[(&str, &str)],
    arguments: &[&str],
    variables: &[(&str, &str)],
) -> (Option<i32>, String, String) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    scout(folder.path(), arguments, variables)
}

const RULES: &str = r#"
[receivers.oncall]
kind = "log"
[receivers.audit]
kind = "log"

[[rules]]
name = "Count"
severities = ["error", "critical"]
without_systems = ["demo-*"]
threshold = 50
clear_below = 20
for = "2m"
keep_firing_for = "1m30s"
group_by = ["system", "severity"]
receivers = "oncall"

[[rules]]
name = "Ratio"
kind = "ratio"
severities = "error"
systems = ["flux*", "github"]
tags = "prod"
window = "10m"
threshold = 0.125
minimum = 20
missing = "keep"

[[rules]]
name = "Spike"
kind = "spike"
time = "event"
window = "1h"
windows = 23
threshold = 2.5
minimum = 10
severity = "page"

[[rules]]
name = "Absence"
kind = "absence"
window = "30m"
repeat_interval = "24h"

[[rules]]
name = "New"
kind = "new_system"
minimum = 3
window = "15m"

[[rules]]
name = "Ever"
window = "retention"
threshold = 1000
"#;

#[test]
fn check_says_in_words_what_each_rule_means() {
    let variables = [("ALERT_ERROR_THRESHOLD", "50"), ("ALERT_PITCHER_URL", "http://pitcher")];
    let (code, out, err) =
        beside(&[("scout.toml", RULES)], &["rules", "check", "--config", "scout.toml"], &variables);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    let expected = [
        "ErrorThreshold: 50 or more messages of severity error that arrived within 1m; told to pitcher as WARNING, again \
         every 5m",
        "Count: 50 or more messages of severity error or critical, but not of systems demo-*, that arrived within 5m, for \
         2m, each system and severity by itself; over below 20; over only after 1m30s of that; told to oncall as warning, \
         again every 4h",
        "Ratio: 12.5% or more of at least 20 messages tagged prod of systems flux* or github that arrived within 10m are of \
         severity error; unchanged while there are fewer; told to audit, oncall and pitcher as warning, again every 4h",
        "Spike: 2.5 times as many messages of the last 1h as in the mean of the 23 windows before, and 10 or more; told to \
         audit, oncall and pitcher as page, again every 4h",
        "Absence: no messages that arrived within 30m from a system that has some; told to audit, oncall and pitcher as \
         warning, again every 24h",
        "New: 3 or more messages that arrived within 15m from a system that had none before; told to audit, oncall and \
         pitcher as warning, again every 4h",
        "Ever: 1000 or more messages among all that is retained; told to audit, oncall and pitcher as warning, again every \
         4h",
    ];
    assert_eq!(out.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn check_without_rules_says_so() {
    assert_eq!(beside(&[], &["rules", "check"], &[]), (Some(0), "no rules\n".to_owned(), String::new()));
}

#[test]
fn a_rule_with_a_mistake_ends_every_command_with_64_and_all_mistakes() {
    let text =
        "[[rules]]\nname = \"Errors\"\nthreshold = 0\nfor = \"5\"\n[[rules]]\nname = \"B\"\nthreshhold = 5\n";
    for command in [&["rules", "check"][..], &["check"], &["config"], &[]] {
        let arguments = [command, &["--config", "scout.toml"]].concat();
        let (code, out, err) = beside(&[("scout.toml", text)], &arguments, &[]);
        assert_eq!((code, out.as_str()), (Some(64), ""), "{command:?}");
        assert_eq!(
            err.lines().collect::<Vec<_>>(),
            [
                "invalid rules.Errors.threshold \"0\": must be a whole number of 1 or more (file scout.toml)",
                "invalid rules.Errors.for \"5\": time: missing unit in duration \"5\" (file scout.toml)",
                "unknown key rules.B.threshhold; did you mean threshold? (file scout.toml)",
                "missing rules.B.threshold: a rule of kind count has one (file scout.toml)",
            ],
            "{command:?}"
        );
    }
}

#[test]
fn tests_that_hold_end_with_0() {
    let (code, out, err) = in_golden(&["rules", "test", "kinds.toml"]);
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    assert_eq!(out.lines().last(), Some("8 passed, 0 failed"));
    assert!(out.lines().rev().skip(1).all(|line| line.starts_with("ok      kinds.toml: ")), "{out}");
}

#[test]
fn tests_that_fail_end_with_1_and_say_what_was_expected_and_what_was_found() {
    let (code, out, err) = in_golden(&["rules", "test", "failing.toml"]);
    assert_eq!((code, err.as_str()), (Some(1), ""));
    assert_eq!(out, std::fs::read_to_string(golden("failing.txt")).unwrap());
}

#[test]
fn files_of_tests_with_mistakes_end_with_64_and_all_mistakes_and_run_nothing() {
    let (code, out, err) = in_golden(&["rules", "test", "kinds.toml", "broken.toml", "missing.toml"]);
    assert_eq!((code, out.as_str()), (Some(64), ""));
    assert_eq!(err, std::fs::read_to_string(golden("broken.txt")).unwrap());
}

const TEST: &str = r#"
[[tests]]
name = "fifty errors"
[[tests.messages]]
severity = "error"
counts = "50"
[[tests.expect]]
at = "1m"
alerts = [{ rule = "Errors", value = 50 }]
"#;

/// Names a receiver that the environment makes, and a secret that is elsewhere.
const CONFIG: &str = r#"
[receivers.oncall]
kind = "webhook"
url = "https://hooks.example"
token_file = "/run/secrets/token"
[[rules]]
name = "Errors"
severities = "error"
threshold = 50
receivers = ["oncall", "pitcher"]
"#;

#[test]
fn rules_of_a_configuration_are_tested_without_its_secrets_and_its_environment() {
    let test = format!("config = \"scout.toml\"\n{TEST}");
    let files = [("scout.toml", CONFIG), ("test.toml", test.as_str())];
    let variables = [("SCOUT_CONFIG", "nonsense"), ("PORT", "nonsense")];
    let (code, out, err) = beside(&files, &["rules", "test", "test.toml"], &variables);
    assert_eq!(
        (code, out.as_str(), err.as_str()),
        (Some(0), "ok      test.toml: fifty errors\n1 passed, 0 failed\n", "")
    );
}

#[test]
fn without_rules_of_its_own_a_file_tests_those_that_are_in_effect() {
    let test = TEST.replace("Errors", "ErrorThreshold");
    let files = [("test.toml", test.as_str())];
    let variables = [("ALERT_ERROR_THRESHOLD", "50"), ("ALERT_PITCHER_URL", "local")];
    let (code, out, err) = beside(&files, &["rules", "test", "test.toml"], &variables);
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    let (code, out, err) = beside(&files, &["rules", "test", "test.toml"], &[]);
    assert_eq!((code, out.as_str()), (Some(64), ""));
    assert_eq!(
        err,
        "missing rules: there are no rules to test: [[rules]] or config names some (file test.toml)\n"
    );
}
