//! The `scout` command. It reads its surroundings once and hands them on.

use std::process::ExitCode;

use scout_bin::cli::{self, Dispatch};
use scout_bin::config::Environment;
use scout_bin::logging;

#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
fn main() -> ExitCode {
    let environment = Environment::from_os(std::env::vars_os());
    let invocation = match cli::dispatch(std::env::args_os(), &environment) {
        Dispatch::Done(exit) => return exit.into(),
        Dispatch::Run(invocation) => invocation,
    };
    let loaded = match invocation.load(environment) {
        Ok(loaded) => loaded,
        Err(error) => return cli::refuse(&error).into(),
    };
    logging::install(loaded.settings.log);
    logging::warn_all(&loaded.warnings);
    tracing::error!(command = ?invocation.command, "this build has no service in it");
    cli::Exit::Internal.into()
}
