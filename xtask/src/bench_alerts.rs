//! `cargo xtask bench-alerts`: how long it takes from a message to its alert.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};

use clap::Args;

use crate::release;

/// Measures how long it takes from a message that crosses a threshold to the receiver's POST; see its `--help`.
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub(crate) struct BenchAlerts {
    /// What the program is to be told.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

pub(crate) fn run(bench: &BenchAlerts) -> io::Result<ExitCode> {
    release::build(&["--package", "scout-bin", "--bin", "scout"])?;
    let mut cargo = Command::new("cargo");
    cargo.args(["run", "--release", "--quiet", "--package", "scout-testkit", "--bin", "bench-alerts", "--"]);
    cargo.arg("--scout").arg(release::path("scout")?).args(&bench.arguments);
    // Becomes that program, so that signals meet it and nothing else. Returns only if it cannot.
    Err(cargo.exec())
}
