//! How fast a backlog is read.

use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use scout_testkit::RedisServer;
use serde_json::{Value, json};

use crate::Failure;
use crate::process;
use crate::producer::Producer;
use crate::scout::Scout;
use crate::window::{Window, measure};

/// How often it is asked how much has been read.
const POLL: Duration = Duration::from_millis(50);

/// After this long, the rest will not be read.
const PATIENCE: Duration = Duration::from_secs(300);

/// What the tail sends.
const TAIL: [&str; 2] = ["xread", "ft.search"];

/// What reading a backlog came to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CatchUp {
    pub(crate) messages: usize,
    pub(crate) per_second: f64,
    /// Redis' time for each.
    pub(crate) redis_micros: f64,
    /// The part of Redis' time that this was.
    pub(crate) redis_share: f64,
    /// Scout's processor time for each, that for its cycles and for being asked included.
    pub(crate) scout_micros: f64,
}

impl CatchUp {
    pub(crate) fn to_json(self) -> Value {
        let Self { messages, per_second, redis_micros, redis_share, scout_micros } = self;
        json!({
            "messages": messages,
            "messagesPerSecond": per_second,
            "redisMicrosEach": redis_micros,
            "redisShare": redis_share,
            "scoutMicrosEach": scout_micros,
        })
    }
}

/// Holds Scout while so many messages are announced, on a stream that keeps them all, and lets it go.
pub(crate) async fn catch_up(
    server: &RedisServer,
    connection: &mut MultiplexedConnection,
    scout: &mut Scout,
    producer: &mut Producer,
    messages: usize,
) -> Result<(Window, CatchUp), Failure> {
    let keys = producer.write_silently(messages).await?;
    let read_before = scout.web.entries().await?;
    // Announcing takes a second at most, so that nothing of Scout's times out meanwhile.
    scout.signal("STOP").await?;
    producer.announce(&keys).await?;
    drop(keys);
    let expected = read_before + messages as u64;
    let reading = async {
        let before = process::processor_time(scout.id()?)?;
        scout.signal("CONT").await?;
        let begin = Instant::now();
        while scout.web.entries().await? < expected {
            if begin.elapsed() > PATIENCE {
                return Err("the backlog is not read".into());
            }
            tokio::time::sleep(POLL).await;
        }
        let took = begin.elapsed();
        Ok((took, process::processor_time(scout.id()?)?.saturating_sub(before)))
    };
    let (window, (took, processor)) = measure(server, connection, reading).await?;
    let busy: f64 =
        TAIL.iter().filter_map(|name| window.stats.commands.get(*name)).map(|spent| spent.micros).sum();
    let (seconds, count) = (took.as_secs_f64(), messages as f64);
    let caught_up = CatchUp {
        messages,
        per_second: count / seconds,
        redis_micros: busy / count,
        redis_share: busy / 1e6 / seconds,
        scout_micros: processor.as_secs_f64() * 1e6 / count,
    };
    Ok((window, caught_up))
}
