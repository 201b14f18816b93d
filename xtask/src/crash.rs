//! `cargo xtask crash`: kills the service at random moments while alerts come and go.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};

use clap::Args;

/// Kills the service at random moments while alerts come and go, and looks whether a receiver was told of all.
#[derive(Debug, Args)]
pub(crate) struct Crash {
    /// How many times.
    #[arg(long, default_value_t = 200)]
    kills: u32,
}

pub(crate) fn run(crash: &Crash) -> io::Result<ExitCode> {
    let mut cargo = Command::new("cargo");
    cargo.args(["test", "--package", "scout-bin", "--test", "service", "crash::", "--", "--nocapture"]);
    cargo.env("SCOUT_CRASH_KILLS", crash.kills.to_string());
    // Becomes that program, so that signals meet it and nothing else. Returns only if it cannot.
    Err(cargo.exec())
}
