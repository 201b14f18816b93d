//! How long a scan keeps Redis from answering others, as Redis itself and a neighbour see it.
//!
//! `cargo run --release -p scout-redis --example stall -- [messages] [systems] [generation] [url]`, by default
//! 1000000 500 D, on a server of its own. A server that is named by its URL is emptied.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "measures for a person, by the machine's clocks"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use redis::aio::MultiplexedConnection;
use scout_core::{Clock, MessageStore, Moment, MonoTime, Now, Row, ScanReport, ScanSink, Urgency, WallTime};
use scout_redis::{Protocol, RedisConfig, RedisStore};
use scout_testkit::{Announce, Generation, Generator, RedisServer, create_index, load, wait_until_built};
use tokio::task::JoinSet;

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[derive(Debug)]
struct MachineClock(Instant);

impl Clock for MachineClock {
    fn now(&self) -> Now {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let wall = WallTime::from_unix_ms(i64::try_from(since.as_millis()).unwrap_or_default());
        Now { wall, mono: MonoTime::from_start(self.0.elapsed()) }
    }
}

/// Counts and forgets.
#[derive(Default)]
struct Rows(u64);

impl ScanSink for Rows {
    fn begin(&mut self, _: &Moment) {
        self.0 = 0;
    }

    fn row(&mut self, _: &str, _: &Row<'_>) {
        self.0 += 1;
    }
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let messages: usize = arguments.next().map_or(Ok(1_000_000), |text| text.parse())?;
    let systems: usize = arguments.next().map_or(Ok(500), |text| text.parse())?;
    let generation = match arguments.next().as_deref() {
        Some("A") => Generation::A,
        Some("B") => Generation::B,
        _ => Generation::D,
    };
    let own = match arguments.next() {
        Some(url) => Err(url),
        None => Ok(RedisServer::start().await?),
    };
    let url = own.as_ref().map_or_else(Clone::clone, RedisServer::url);
    let mut connection = redis::Client::open(url.as_str())?.get_multiplexed_async_connection().await?;
    connection.set_response_timeout(Duration::from_secs(600));
    fill(&mut connection, messages, systems, generation).await?;

    println!("{messages} messages of up to {systems} systems, index {generation:?}");
    let idle = neighbour(&url, async { tokio::time::sleep(Duration::from_secs(5)).await }).await?.0;
    println!("  PING when idle                     {}", idle.describe());
    for protocol in [Protocol::Resp3, Protocol::Resp2] {
        let mut config = RedisConfig::from_url(&url)?;
        config.protocol = protocol;
        let budget = config.stall_budget;
        let clock = Arc::new(MachineClock(Instant::now()));
        let store = RedisStore::new(config, clock, &metrics::NoopRecorder)?;
        // Once to connect and to learn the cost.
        store.scan(Urgency::Urgent, &mut Rows::default()).await?;
        watch_slow_commands(&mut connection, budget).await?;
        let began = Instant::now();
        let (pings, report) = neighbour(&url, store.scan(Urgency::Urgent, &mut Rows::default())).await?;
        let took = began.elapsed();
        let slow = slow_commands(&mut connection).await?;
        let report = report?;
        print_scan(protocol, &report, took, &slow, budget);
        println!("    PING beside it                   {}", pings.describe());
        let noise = control(&mut connection, &report, budget).await?;
        println!("    loops of that cost above it      {noise} of {}", report.commands);
        println!(
            "    allowed p99.9                    {:.2} ms",
            (2 * idle.at(0.999) + budget).as_secs_f64() * 1e3
        );
    }
    Ok(())
}

async fn fill(
    connection: &mut MultiplexedConnection,
    messages: usize,
    systems: usize,
    generation: Generation,
) -> Result<(), Failure> {
    redis::cmd("FLUSHALL").exec_async(connection).await?;
    let mut generator = Generator::tidy(7, 1_789_196_834_000).systems(systems);
    let mut left = messages;
    while left > 0 {
        let documents: Vec<_> = generator.by_ref().take(left.min(10_000)).collect();
        left -= documents.len();
        load(connection, &documents, Announce::Silently).await?;
    }
    create_index(connection, "messages", generation).await?;
    Ok(wait_until_built(connection, "messages").await?)
}

async fn watch_slow_commands(
    connection: &mut MultiplexedConnection,
    budget: Duration,
) -> Result<(), Failure> {
    let slower_than = budget.as_micros().to_string();
    for (name, value) in [("slowlog-log-slower-than", slower_than.as_str()), ("slowlog-max-len", "100000")] {
        redis::cmd("CONFIG").arg("SET").arg(name).arg(value).exec_async(connection).await?;
    }
    redis::cmd("CONFIG").arg("RESETSTAT").exec_async(connection).await?;
    redis::cmd("SLOWLOG").arg("RESET").exec_async(connection).await?;
    Ok(())
}

/// Microseconds and first word of the commands above the budget, by Redis' own account.
async fn slow_commands(connection: &mut MultiplexedConnection) -> Result<Vec<(u64, String)>, Failure> {
    let entries: Vec<redis::Value> = redis::cmd("SLOWLOG").arg("GET").arg(-1).query_async(connection).await?;
    let mut slow = Vec::new();
    for entry in &entries {
        let redis::Value::Array(fields) = entry else { continue };
        let micros: u64 = redis::from_redis_value_ref(&fields[2])?;
        let words: Vec<String> = redis::from_redis_value_ref(&fields[3])?;
        slow.push((micros, words.into_iter().take(2).collect::<Vec<_>>().join(" ")));
    }
    slow.sort_unstable();
    Ok(slow)
}

/// How many of as many commands of constant cost are above the budget: what a machine does to any command, as others
/// use it too.
async fn control(
    connection: &mut MultiplexedConnection,
    report: &ScanReport,
    budget: Duration,
) -> Result<usize, Failure> {
    const LOOP: &str = "local x = 0 for i = 1, tonumber(ARGV[1]) do x = x + i end return x";
    let step = report.busy / u32::try_from(report.commands.max(1))?;
    let mut rounds = 10_000.0;
    for _ in 0..20 {
        let began = Instant::now();
        redis::cmd("EVAL").arg(LOOP).arg(0).arg(rounds).exec_async(connection).await?;
        // Half of the way there at a time, since a single measurement may be far off.
        rounds *= f64::midpoint(1.0, step.as_secs_f64() / began.elapsed().as_secs_f64());
    }
    watch_slow_commands(connection, budget).await?;
    for _ in 0..report.commands {
        redis::cmd("EVAL").arg(LOOP).arg(0).arg(rounds).exec_async(connection).await?;
        tokio::time::sleep(step).await;
    }
    Ok(slow_commands(connection).await?.len())
}

fn print_scan(
    protocol: Protocol,
    report: &ScanReport,
    took: Duration,
    slow: &[(u64, String)],
    budget: Duration,
) {
    let rows = report.rows.max(1) as f64;
    println!("  scan over {protocol:?}");
    println!(
        "    rows, expected, commands         {}, {}, {}",
        report.rows, report.expected, report.commands
    );
    println!("    took, busy                       {took:.2?}, {:.2?}", report.busy);
    println!("    busy per row                     {:.2} us", report.busy.as_secs_f64() * 1e6 / rows);
    println!("    longest command                  {:.2?}", report.longest);
    let share = slow.len() as f64 * 1000.0 / report.commands.max(1) as f64;
    println!(
        "    above {budget:?} by SLOWLOG          {} ({share:.2} in 1000), {:?}",
        slow.len(),
        slow.last()
    );
}

/// Durations of PINGs, sorted.
struct Pings(Vec<Duration>);

impl Pings {
    fn at(&self, part: f64) -> Duration {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a position in the list")]
        let position = (self.0.len() as f64 * part) as usize;
        self.0.get(position.min(self.0.len().saturating_sub(1))).copied().unwrap_or_default()
    }

    fn describe(&self) -> String {
        let ms = |part| format!("{:.2}", self.at(part).as_secs_f64() * 1e3);
        format!(
            "p50 {} p99 {} p99.9 {} max {} ms ({} of them)",
            ms(0.5),
            ms(0.99),
            ms(0.999),
            ms(1.0),
            self.0.len()
        )
    }
}

/// Pings every two milliseconds, on a thread of its own, while something else goes on.
async fn neighbour<T>(url: &str, work: impl Future<Output = T>) -> Result<(Pings, T), Failure> {
    let over = Arc::new(AtomicBool::new(false));
    let mut pinging = JoinSet::new();
    let (url, ended) = (url.to_owned(), Arc::clone(&over));
    pinging.spawn_blocking(move || -> Result<Pings, redis::RedisError> {
        let mut connection = redis::Client::open(url)?.get_connection()?;
        let mut pings = Vec::new();
        while !ended.load(Ordering::Relaxed) {
            let began = Instant::now();
            redis::cmd("PING").exec(&mut connection)?;
            let took = began.elapsed();
            pings.push(took);
            std::thread::sleep(Duration::from_millis(2).saturating_sub(took));
        }
        pings.sort_unstable();
        Ok(Pings(pings))
    });
    let done = work.await;
    over.store(true, Ordering::Relaxed);
    let pings = pinging.join_next().await.ok_or("nobody pinged")???;
    Ok((pings, done))
}
