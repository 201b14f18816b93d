//! A stretch of time in which one program is measured.

use std::time::Instant;

use redis::aio::MultiplexedConnection;
use scout_testkit::RedisServer;

use crate::Failure;
use crate::machine::Machine;
use crate::neighbour::{Neighbour, Seen};
use crate::process::{Resident, forget_peak};
use crate::stats::{self, Stats};

/// What was measured.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    pub(crate) seconds: f64,
    /// Processors that everybody else used meanwhile.
    pub(crate) others: f64,
    pub(crate) stats: Stats,
    pub(crate) seen: Seen,
    /// What Redis uses for what it holds, at the end.
    pub(crate) redis_used: u64,
    /// What its process had at most.
    pub(crate) redis_peak: u64,
}

/// Measures while `work` goes on.
pub(crate) async fn measure<T>(
    server: &RedisServer,
    connection: &mut MultiplexedConnection,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<(Window, T), Failure> {
    let mut neighbour = Neighbour::start(&server.url()).await?;
    forget_peak(server.pid());
    stats::reset(connection).await?;
    let (begin, machine) = (Instant::now(), Machine::now()?);
    neighbour.begin().await?;
    let done = work.await?;
    let seen = neighbour.end().await?;
    let stats = stats::read(connection).await?;
    let seconds = begin.elapsed().as_secs_f64();
    let others = Machine::now()?.others_since(&machine);
    let redis_peak = Resident::of(server.pid())?.peak;
    let redis_used = stats::memory(connection).await?;
    Ok((Window { seconds, others, stats, seen, redis_used, redis_peak }, done))
}
