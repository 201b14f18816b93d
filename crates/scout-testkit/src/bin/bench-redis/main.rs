//! What counting costs a Redis and those who write to it: Scout beside the queries of the Go service, in one run over
//! the same messages.
//!
//! `cargo xtask bench-redis` runs this; it is a program of its own so that `xtask` depends on no crate that is never
//! published, which `cargo package` would look for in the registry.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "talks to a developer at a terminal")]
#![expect(clippy::disallowed_methods, reason = "a measurement of time")]

mod arguments;
mod bench;
mod catch_up;
mod freshness;
mod latency;
mod machine;
mod neighbour;
mod probe;
mod process;
mod producer;
mod reference;
mod report;
mod scout;
mod stats;
mod table;
mod verdict;
mod web;
mod window;

use std::process::ExitCode;

use clap::Parser as _;
use tokio::signal::unix::{SignalKind, signal};

use arguments::{Arguments, Measure, Part};

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let outcome = match Arguments::parse() {
        Arguments { part: Some(Part::Probe { url }), .. } => probe::run(&url),
        Arguments { measure: Some(measure), .. } => run(&measure),
        Arguments { .. } => Err("there is no scout to measure; run `cargo xtask bench-redis`".into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench-redis: {error}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn run(measure: &Measure) -> Result<(), Failure> {
    // Asked for before anything starts. What was started goes when the measurement is dropped.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let report = tokio::select! {
        report = bench::run(measure) => report?,
        _ = interrupt.recv() => return Err("interrupted".into()),
        _ = terminate.recv() => return Err("told to end".into()),
    };
    print!("{}", table::of(&report));
    if let Some(file) = &measure.json {
        std::fs::write(file, format!("{:#}\n", report.to_json()))?;
    }
    Ok(())
}
