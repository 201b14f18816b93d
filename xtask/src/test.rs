//! `cargo xtask test`: all tests of the workspace.

use std::io;
use std::process::{Command, ExitCode};

use clap::Args;

use crate::redis;

/// Runs all tests of the workspace, documentation's among them, against a real RediSearch.
#[derive(Debug, Args)]
pub(crate) struct Test {
    /// What `cargo test` is to be told beside `--workspace`, which gives way to a package (`-p NAME`).
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

pub(crate) fn run(test: &Test) -> io::Result<ExitCode> {
    // A server that cannot be had is reported once, here, and not by every test that needs it.
    if !redis::program().arg("--check").status()?.success() {
        return Ok(ExitCode::FAILURE);
    }
    let mut cargo = Command::new("cargo");
    cargo.arg("test");
    if !test.arguments.iter().any(|argument| argument.starts_with("-p") || argument.starts_with("--package"))
    {
        cargo.arg("--workspace");
    }
    let status = cargo.args(&test.arguments).status()?;
    // Ended by a signal, there is no code.
    let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1);
    Ok(ExitCode::from(code))
}
