//! `cargo xtask bench-redis`: what counting costs Redis and those who write to it.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};

use clap::Args;

use crate::release;

/// Measures what counting costs Redis and its producers, with the Go service's queries beside it; see its `--help`.
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub(crate) struct BenchRedis {
    /// What the program is to be told.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

pub(crate) fn run(bench: &BenchRedis) -> io::Result<ExitCode> {
    release::build(&["--package", "scout-bin", "--bin", "scout"])?;
    let mut cargo = Command::new("cargo");
    cargo.args(["run", "--release", "--quiet", "--package", "scout-testkit", "--bin", "bench-redis", "--"]);
    cargo.arg("--scout").arg(release::path("scout")?).args(&bench.arguments);
    // Becomes that program, so that signals meet it and nothing else. Returns only if it cannot.
    Err(cargo.exec())
}
