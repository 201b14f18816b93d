//! What the configuration means: layers, traps of the environment, all problems at once, secrets.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as loudly as they do")]

mod bad_values;
mod defaults;
mod layers;
mod receivers;
mod rules;
mod secrets;
mod the_environment;
mod the_file;
mod the_go_service;
mod thresholds;
mod tokens;
mod values_together;

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use scout_bin::config::{
    ConfigError, Environment, Layer, Listen, Loaded, LogFormat, LogLevel, Overrides, RedisAddress,
    RedisProtocol, Secret, Sources, StoreSettings, load,
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

fn names(names: &[Arc<str>]) -> Vec<&str> {
    names.iter().map(|name| &**name).collect()
}

/// The warnings, without the one that a missing token always gives.
fn warnings(loaded: &Loaded) -> Vec<String> {
    loaded.warnings.iter().filter(|warning| warning.name != "AUTH_TOKEN").map(ToString::to_string).collect()
}
