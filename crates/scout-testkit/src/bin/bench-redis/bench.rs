//! The course of a measurement.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use redis::aio::MultiplexedConnection;
use redis::cmd;
use scout_testkit::{Announce, Document, Generator, RedisServer, create_index, load, wait_until_built};
use tokio::time::{sleep, sleep_until};

use crate::arguments::Measure;
use crate::producer::{INDEX, Producer};
use crate::report::{Repeats, Report, Row};
use crate::scout::Scout;
use crate::window::{Window, measure};
use crate::{Failure, catch_up, freshness, probe, reference, stats};

/// Messages that are made and written at a time.
const BATCH: u64 = 10_000;

/// How many of the last messages are announced: as many as the stream keeps.
const ANNOUNCED: u64 = 10_000;

/// New messages a second.
const RATES: [u32; 3] = [0, 100, 2_000];

/// The rate beside a rotation scan.
const ROTATION_RATE: u32 = 100;

/// The most messages that are followed where it has to be quick.
const QUICKLY_FOLLOWED: u32 = 20;

/// Messages that come while Scout is held, many times what one look at the stream takes; fewer where it has to be quick.
const BACKLOG: usize = 200_000;
const QUICK_BACKLOG: usize = 10_000;

/// How long each part takes.
struct Times {
    idle: Duration,
    reference: Duration,
    steady: Duration,
    settle: Duration,
}

impl Times {
    fn new(quick: bool) -> Self {
        let seconds = |full, short| Duration::from_secs(if quick { short } else { full });
        Self {
            idle: seconds(10, 1),
            reference: seconds(12, 1),
            steady: seconds(20, 1),
            settle: seconds(2, 1),
        }
    }
}

pub(crate) async fn run(arguments: &Measure) -> Result<Report, Failure> {
    let times = Times::new(arguments.quick);
    let mut alone = alone(arguments, &times).await?;
    let server = RedisServer::start().await?;
    let mut connection = server.connection().await?;
    let mut report = Report::new(arguments, stats::version(&mut connection).await?);
    tell(&format!("writing {} messages", arguments.messages));
    let generator = fill(&mut connection, arguments).await?;
    let mut producer = Producer { connection: server.connection().await?, generator, sent: 0 };

    tell("nobody counts");
    let (window, ()) = measure(&server, &mut connection, rest(times.idle)).await?;
    report.rows.push(Row::new("idle", window));

    tell("the Go service's queries");
    let mut asking = server.connection().await?;
    let cycle = async {
        let end = tokio::time::Instant::now() + times.reference;
        sleep(Duration::from_secs(1).min(times.reference / 2)).await;
        reference::cycle(&mut asking).await?;
        sleep_until(end).await;
        Ok(())
    };
    let (window, ()) = measure(&server, &mut connection, cycle).await?;
    report.rows.push(Row::new("Go, one cycle", window).repeating(Repeats::OnceAMinute));
    sleep(times.settle).await;

    tell("Scout's first scan");
    let url = server.url();
    let first = async {
        let mut scout = Scout::start(&arguments.scout, &url, &[]).await?;
        scout.counts(arguments.messages).await?;
        Ok(scout)
    };
    let (window, mut scout) = measure(&server, &mut connection, first).await?;
    let row = Row::new("Scout, first scan", window).repeating(Repeats::Seldom);
    report.rows.push(row.with_scout(scout.resident()?));
    sleep(times.settle).await;

    for rate in RATES {
        tell(&format!("Scout at {rate} messages a second"));
        let work = producer.keep_up(rate, times.steady);
        let (window, ()) = measure(&server, &mut connection, work).await?;
        let row = Row::new(&format!("Scout at {rate}/s"), window).with_scout(scout.resident()?);
        match alone.remove(&rate) {
            Some(window) => {
                report.rows.push(row.beside(window.seen));
                report.rows.push(Row::new(&format!("nobody at {rate}/s"), window));
            }
            None => report.rows.push(row),
        }
        scout.counts(arguments.messages + producer.sent).await?;
    }

    let messages =
        if arguments.quick { arguments.followed.min(QUICKLY_FOLLOWED) } else { arguments.followed };
    tell(&format!("following {messages} messages"));
    let followed = freshness::follow(&mut scout, &mut producer, messages, arguments.messages).await?;
    report.freshness = Some(followed);
    report.warnings.extend(scout.warnings());
    scout.stop().await?;

    tell("Scout while it scans again");
    let mut scout = Scout::start(&arguments.scout, &url, &[("SCOUT_RESCAN_INTERVAL", "1s")]).await?;
    scout.counts(arguments.messages + producer.sent).await?;
    sleep(times.settle).await;
    let work = producer.keep_up(ROTATION_RATE, times.steady);
    let (window, ()) = measure(&server, &mut connection, work).await?;
    let name = format!("Scout at {ROTATION_RATE}/s, scanning");
    report.rows.push(Row::new(&name, window).with_scout(scout.resident()?));
    scout.counts(arguments.messages + producer.sent).await?;
    report.warnings.extend(scout.warnings());
    scout.stop().await?;

    let backlog = arguments.backlog.unwrap_or(if arguments.quick { QUICK_BACKLOG } else { BACKLOG });
    tell(&format!("catching up with {backlog} messages"));
    let mut scout = Scout::start(&arguments.scout, &url, &[]).await?;
    scout.counts(arguments.messages + producer.sent).await?;
    sleep(times.settle).await;
    let (window, caught_up) =
        catch_up::catch_up(&server, &mut connection, &mut scout, &mut producer, backlog).await?;
    let row = Row::new("Scout catching up", window).repeating(Repeats::Seldom);
    report.rows.push(row.with_scout(scout.resident()?));
    report.catch_up = Some(caught_up);
    // None of them may be missing from what is counted.
    scout.counts(arguments.messages + producer.sent).await?;
    report.warnings.extend(scout.warnings());
    scout.stop().await?;
    Ok(report)
}

/// The same writes while nobody counts, in a store of their own: as tables grow, a single write may take tens of
/// milliseconds, at sizes that a store passes once.
async fn alone(arguments: &Measure, times: &Times) -> Result<BTreeMap<u32, Window>, Failure> {
    tell(&format!("writing {} messages that nobody will count", arguments.messages));
    let server = RedisServer::start().await?;
    let mut connection = server.connection().await?;
    let generator = fill(&mut connection, arguments).await?;
    let mut producer = Producer { connection: server.connection().await?, generator, sent: 0 };
    let mut windows = BTreeMap::new();
    for rate in RATES.into_iter().filter(|rate| *rate > 0) {
        tell(&format!("nobody at {rate} messages a second"));
        let work = producer.keep_up(rate, times.steady);
        windows.insert(rate, measure(&server, &mut connection, work).await?.0);
    }
    Ok(windows)
}

async fn rest(time: Duration) -> Result<(), Failure> {
    sleep(time).await;
    Ok(())
}

/// Fills the store as it is found in the field: an index over everything, and the last messages on the stream.
async fn fill(connection: &mut MultiplexedConnection, arguments: &Measure) -> Result<Generator, Failure> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
    let mut generator = Generator::tidy(7, i64::try_from(now)?);
    let mut left = arguments.messages;
    while left > 0 {
        // The last ones are announced, and are a batch of their own.
        let count = if left > ANNOUNCED { BATCH.min(left - ANNOUNCED) } else { left };
        let documents: Vec<Document> = generator.by_ref().take(usize::try_from(count)?).collect();
        let announce = if left > ANNOUNCED { Announce::Silently } else { Announce::On(INDEX) };
        load(connection, &documents, announce).await?;
        left -= count;
    }
    probe::write().exec_async(connection).await?;
    create_index(connection, INDEX, arguments.generation.generation()).await?;
    wait_until_built(connection, INDEX).await?;
    // The probe's rewriting would make the index collect garbage, for which Redis forks: with a gigabyte of memory, a
    // stall of tens of milliseconds that no program here is to blame for.
    let () = cmd("FT.CONFIG")
        .arg(&["SET", "FORK_GC_CLEAN_THRESHOLD", "1000000000"])
        .query_async(connection)
        .await?;
    Ok(generator)
}

fn tell(what: &str) {
    eprintln!("bench-redis: {what}");
}
