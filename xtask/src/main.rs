//! `cargo xtask`: what a developer of Scout runs. Each command has its own file.
#![expect(clippy::print_stderr, reason = "talks to a developer at a terminal")]

mod bench_alerts;
mod bench_http;
mod bench_redis;
mod crash;
mod redis;
mod release;
mod test;

use std::io;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// What a developer of Scout runs.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    BenchAlerts(bench_alerts::BenchAlerts),
    BenchHttp(bench_http::BenchHttp),
    BenchRedis(bench_redis::BenchRedis),
    Crash(crash::Crash),
    Redis(redis::Redis),
    Test(test::Test),
}

fn main() -> ExitCode {
    let outcome: io::Result<ExitCode> = match Arguments::parse().command {
        Command::BenchAlerts(bench) => bench_alerts::run(&bench),
        Command::BenchHttp(bench) => bench_http::run(&bench),
        Command::BenchRedis(bench) => bench_redis::run(&bench),
        Command::Crash(crash) => crash::run(&crash),
        Command::Redis(redis) => redis::run(&redis),
        Command::Test(test) => test::run(&test),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("xtask: {error}");
        ExitCode::FAILURE
    })
}
