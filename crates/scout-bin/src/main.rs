//! The `scout` command. It reads its surroundings once and hands them on.

use std::process::ExitCode;

use scout_bin::cli::{self, Dispatch, Exit};
use scout_bin::command;
use scout_bin::config::Environment;

#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
fn main() -> ExitCode {
    let environment = Environment::from_os(std::env::vars_os());
    let invocation = match cli::dispatch(std::env::args_os(), &environment) {
        Dispatch::Done(exit) => return exit.into(),
        Dispatch::Run(invocation) => invocation,
    };
    // A panic has said on standard error what it was. The runtime has one where the system gives it no files for signals.
    std::panic::catch_unwind(|| command::run(invocation, environment)).unwrap_or(Exit::Internal).into()
}
