//! The commands that need settings, a log and a runtime.

mod alert_test;
mod check;
mod pitch;
mod serve;

use std::io::{self, Write as _};

use crate::cli::{Command, Exit, Invocation};
use crate::config::{Environment, Layer, Loaded, Warning};
use crate::logging;

/// Runs one of them to its end.
///
/// This is for the process that is `scout` itself: it installs the log and the TLS provider, listens for signals, and
/// speaks to a person on the standard streams.
pub fn run(mut invocation: Invocation, environment: Environment) -> Exit {
    let demo = match serve::Demo::prepare(&mut invocation) {
        Ok(demo) => demo,
        Err(error) => {
            drop(writeln!(io::stderr().lock(), "cannot make a temporary folder: {error}"));
            return Exit::Unavailable;
        }
    };
    let loaded = match invocation.load(environment) {
        Ok(loaded) => loaded,
        Err(error) => return crate::cli::refuse(&error),
    };
    // The only provider of the process; a second call would be a bug of ours and changes nothing.
    drop(rustls::crypto::ring::default_provider().install_default());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            drop(writeln!(io::stderr().lock(), "cannot start threads: {error}"));
            return Exit::Internal;
        }
    };
    let exit = runtime.block_on(dispatch(&invocation.command, loaded, demo));
    // A thread may be waiting for standard input, or repairing a store; neither is waited for.
    runtime.shutdown_background();
    exit
}

async fn dispatch(command: &Command, loaded: Loaded, demo: Option<serve::Demo>) -> Exit {
    let Loaded { settings, warnings, .. } = loaded;
    match command {
        Command::Check => {
            warn_person(&warnings);
            check::run(&settings).await
        }
        Command::AlertTest(arguments) => {
            warn_person(&warnings);
            alert_test::run(arguments, &settings).await
        }
        Command::Pitch(arguments) => {
            warn_person(&warnings);
            pitch::run(arguments, &settings).await
        }
        Command::Demo => {
            // Its log begins with errors; what nobody has set is as the demo wants it.
            warn_person(warnings.iter().filter(|warning| warning.origin.layer != Layer::Default));
            let _log = logging::install(settings.log);
            serve::run(&settings, demo).await
        }
        _ => {
            let _log = logging::install(settings.log);
            logging::warn_all(&warnings);
            serve::run(&settings, demo).await
        }
    }
}

fn warn_person<'a>(warnings: impl IntoIterator<Item = &'a Warning>) {
    let mut err = io::stderr().lock();
    for warning in warnings {
        // Nobody is left to tell when the terminal is gone.
        drop(writeln!(err, "warning: {warning}"));
    }
}
