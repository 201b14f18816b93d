//! A real RediSearch for as long as it is wanted: prints its URL, ends with Ctrl-C. With `--check` only makes sure
//! that one can be had.
//!
//! `cargo xtask` runs this; it is a program of its own so that `xtask` depends on no crate that is never published,
//! which `cargo package` would look for in the registry.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "talks to a developer at a terminal")]

use std::error::Error;
use std::process::ExitCode;

use scout_testkit::server::{RedisServer, Source, Surroundings};
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let check = std::env::args().any(|argument| argument == "--check");
    match run(check).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("redis: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(check: bool) -> Result<(), Box<dyn Error>> {
    // Asked for before the server starts, so that a Ctrl-C in between still stops it in order.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (source, passed_over) = Source::find(&Surroundings::of_this_process()).await?;
    for reason in passed_over {
        eprintln!("redis: {reason}");
    }
    eprintln!("redis: using {source}");
    let (url, server) = match source {
        Source::External(running) => (running.url().to_owned(), None),
        Source::Installed(installation) => {
            let server = RedisServer::builder().start_on(installation).await?;
            (server.url(), Some(server))
        }
    };
    if check {
        return Ok(());
    }
    println!("{url}");
    eprintln!("redis: Ctrl-C ends this");
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    if let Some(mut server) = server {
        server.stop().await?;
    }
    Ok(())
}
