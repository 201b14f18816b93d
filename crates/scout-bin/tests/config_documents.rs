//! The documents say what the table of keys says. `UPDATE=1 cargo test -p scout-bin --test config_documents`
//! writes them anew.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as loudly as they do")]

use std::path::{Path, PathBuf};

use scout_bin::config::{Layer, Loaded, Sources, load, reference};

#[expect(clippy::disallowed_methods, reason = "the one way to tell a test to write its golden files")]
fn is_update() -> bool {
    std::env::var_os("UPDATE").is_some()
}

fn workspace(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

fn assert_holds(path: &Path, expected: &str) {
    if is_update() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, expected).unwrap();
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    assert!(found == expected, "{} is out of date: run this test with UPDATE=1", path.display());
}

const BEGIN: &str = "<!-- keys: written by a test, see crates/scout-bin/tests/config_documents.rs -->\n";
const END: &str = "<!-- end of keys -->\n";

#[test]
fn the_page_holds_the_table_of_keys() {
    let path = workspace("docs/configuration.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).expect("the page has the first marker");
    let (_, after) = rest.split_once(END).expect("the page has the last marker");
    assert_holds(&path, &format!("{before}{BEGIN}\n{}\n{END}{after}", reference::markdown()));
}

#[test]
fn the_sample_file_holds_every_key() {
    assert_holds(&workspace("docs/scout.toml"), &reference::sample());
}

/// What a file of this text leads to.
fn load_text(text: &str) -> Loaded {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scout.toml");
    std::fs::write(&path, text).unwrap();
    load(&Sources { file: Some(path), ..Sources::default() }).unwrap()
}

/// What the page shows that a command says.
fn console<'a>(page: &'a str, command: &str) -> &'a str {
    let (_, rest) = page.split_once(&format!("```console\n$ {command}\n")).unwrap();
    rest.split_once("```").unwrap().0
}

#[test]
fn every_sample_of_the_page_about_alerting_does_what_the_page_says() {
    let page = std::fs::read_to_string(workspace("docs/alerting.md")).unwrap();
    let samples: Vec<&str> = page
        .split("```toml\n")
        .skip(1)
        .map(|rest| rest.split_once("```").expect("the sample ends").0)
        .collect();
    let (tests, configurations): (Vec<&str>, Vec<&str>) =
        samples.into_iter().partition(|sample| sample.contains("[[tests]]"));
    let counts = configurations.iter().map(|sample| {
        let alert = load_text(sample).settings.alert;
        (alert.rules.len(), alert.receivers.len())
    });
    assert_eq!(counts.collect::<Vec<_>>(), [(1, 1), (4, 1), (0, 2)]);

    let [test] = tests.as_slice() else { panic!("one sample is of a test: {tests:?}") };
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("scout.toml"), configurations[0]).unwrap();
    std::fs::write(folder.path().join("rules-test.toml"), test).unwrap();
    for (arguments, expected) in [
        (["rules", "test", "rules-test.toml"].as_slice(), console(&page, "scout rules test rules-test.toml")),
        (
            &["rules", "check", "--config", "scout.toml"],
            console(&page, "scout rules check --config scout.toml"),
        ),
    ] {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_scout"));
        let output = command.args(arguments).current_dir(folder.path()).env_clear().output().unwrap();
        assert!(output.status.success(), "{output:?}");
        assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
    }
}

#[test]
fn the_sample_file_changes_nothing_until_a_key_is_uncommented() {
    let sampled = load_text(&reference::sample());
    assert_eq!(sampled.settings, load(&Sources::default()).unwrap().settings);
}

#[test]
fn every_key_of_the_sample_file_is_accepted_once_uncommented() {
    let uncommented = |line: &str| match line.strip_prefix('#') {
        Some(key) if !key.starts_with(' ') => key.to_owned(),
        _ => line.to_owned(),
    };
    let lines: Vec<String> = reference::sample().lines().map(uncommented).collect();
    for row in load_text(&lines.join("\n")).effective {
        assert_eq!(row.origin.layer, Layer::File, "{}", row.key);
    }
}

#[test]
fn help_is_what_the_golden_files_hold() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config_golden");
    for command in
        ["", "serve", "demo", "check", "pitch", "config", "rules", "rules check", "rules test", "completions"]
    {
        let mut arguments: Vec<&str> = command.split_terminator(' ').collect();
        arguments.push("--help");
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_scout"))
            .args(&arguments)
            .env_clear()
            .output()
            .unwrap();
        assert!(output.status.success() && output.stderr.is_empty());
        let name = if command.is_empty() { "scout".to_owned() } else { command.replace(' ', "-") };
        assert_holds(&folder.join(format!("{name}.txt")), &String::from_utf8(output.stdout).unwrap());
    }
}
