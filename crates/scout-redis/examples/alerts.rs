//! What alerts cost the Redis that keeps them: its memory, and its time.
//!
//! `cargo run --release -p scout-redis --example alerts -- [alerts] [messages]`, by default 10000 200000, on a server of
//! its own.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "measures for a person, by the machine's clocks"
)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use redis::aio::MultiplexedConnection;
use scout_core::alerting::{
    Alert, AlertState, AlertStore, Changes, Expects, Fingerprint, Firing, Group, Labels, Lease, LeaseToken,
    Leased, Loaded, Record, RuleText, Saved, Told,
};
use scout_core::{Clock, MessageStore, Moment, MonoTime, Now, Row, ScanSink, Urgency, WallTime};
use scout_redis::{RedisConfig, RedisStore};
use scout_testkit::{Announce, Generation, Generator, RedisServer, create_index, load, wait_until_built};
use tokio::task::JoinSet;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// As many as the core writes at once.
const RECORDS_PER_WRITE: usize = 64;
const NOW_MS: i64 = 1_789_196_834_000;
const TTL: Duration = Duration::from_secs(60);

#[derive(Debug)]
struct MachineClock(Instant);

impl Clock for MachineClock {
    fn now(&self) -> Now {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let wall = WallTime::from_unix_ms(i64::try_from(since.as_millis()).unwrap_or_default());
        Now { wall, mono: MonoTime::from_start(self.0.elapsed()) }
    }
}

struct Nothing;

impl ScanSink for Nothing {
    fn begin(&mut self, _: &Moment) {}
    fn row(&mut self, _: &str, _: &Row<'_>) {}
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let alerts: usize = arguments.next().map_or(Ok(10_000), |text| text.parse())?;
    let messages: usize = arguments.next().map_or(Ok(200_000), |text| text.parse())?;
    let server = RedisServer::start().await?;
    let mut connection = server.connection().await?;
    let store = Arc::new(RedisStore::new(
        RedisConfig::from_url(&server.url())?,
        Arc::new(MachineClock(Instant::now())),
        &metrics::NoopRecorder,
    )?);
    let holder = LeaseToken::new("example", 1);
    renew(&store, &holder).await?;

    let records: Vec<_> = (0..alerts).map(record).collect();
    let before = used_memory(&mut connection).await?;
    let busy = commands(&mut connection).await?;
    let mut saves = Vec::new();
    for some in records.chunks(RECORDS_PER_WRITE) {
        let began = Instant::now();
        save(&store, &holder, some).await?;
        saves.push(began.elapsed());
    }
    let after = used_memory(&mut connection).await?;
    let spent = commands(&mut connection).await?.since(&busy, "evalsha");
    let bytes: usize = records.iter().map(|(_, text)| text.len()).sum();
    println!("{alerts} alerts of {} bytes each", bytes / alerts.max(1));
    println!("  memory an alert, by used_memory  {} bytes", after.saturating_sub(before) / alerts.max(1));
    if let Some((name, _)) = records.first() {
        let usage = memory_usage(&mut connection, &format!("scout:messages:alert:{name}")).await?;
        println!("  memory of one, by MEMORY USAGE   {usage} bytes");
    }
    println!("  save of {RECORDS_PER_WRITE}                       {}", describe(&mut saves));
    println!("    Redis' time of each            {spent:.0} us");

    let busy = commands(&mut connection).await?;
    let began = Instant::now();
    let Loaded::State(stored) = store.load(None).await? else { return Err("no state".into()) };
    let took = began.elapsed();
    let now = commands(&mut connection).await?;
    println!("  load of {}                    {took:.2?}", stored.records.len());
    println!(
        "    Redis' time of each step       MGET {:.0} us, SSCAN {:.0} us",
        now.since(&busy, "mget"),
        now.since(&busy, "sscan")
    );

    let documents: Vec<_> = Generator::tidy(7, NOW_MS).take(messages).collect();
    create_index(&mut connection, "messages", Generation::D).await?;
    load(&mut connection, &documents, Announce::Silently).await?;
    wait_until_built(&mut connection, "messages").await?;
    let mut scanning = JoinSet::new();
    let scanner = Arc::clone(&store);
    scanning
        .spawn(async move { scanner.scan(Urgency::Urgent, &mut Nothing).await.map(|report| report.longest) });
    let mut renewals = Vec::new();
    let longest = loop {
        let began = Instant::now();
        renew(&store, &holder).await?;
        renewals.push(began.elapsed());
        if let Some(scanned) = scanning.try_join_next() {
            break scanned??;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    };
    println!("  lease prolonged during a scan    {}", describe(&mut renewals));
    println!("    longest step of the scan       {longest:.2?}");
    Ok(())
}

async fn renew(store: &RedisStore, holder: &LeaseToken) -> Result<(), Failure> {
    match store.lease(holder, TTL, Expects::Nothing).await? {
        Leased::Held { .. } => Ok(()),
        other => Err(format!("{other:?}").into()),
    }
}

async fn save(
    store: &RedisStore,
    holder: &LeaseToken,
    some: &[(Fingerprint, Vec<u8>)],
) -> Result<(), Failure> {
    let changes = Changes { meta: vec![b'm'; 200], put: some.to_vec(), remove: Vec::new() };
    match store.save(holder, &changes).await? {
        Saved::Written => Ok(()),
        Saved::Fenced => Err("fenced".into()),
    }
}

/// A firing alert of a rule as documents show it, told to two receivers.
fn record(number: usize) -> (Fingerprint, Vec<u8>) {
    let system = format!("payments-gateway-{number:05}");
    let text = |text: &str| Arc::<str>::from(text);
    let labels = Labels::from(
        [
            ("alertname", "ErrorsOfOneSystem"),
            ("severity", "critical"),
            ("system", &system),
            ("team", "platform"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned())),
    );
    let annotations = [
        ("summary", "{{ value }} errors of {{ labels.system }} within {{ window }}"),
        ("description", "More than {{ threshold }} errors within {{ window }}; look at the dashboard first."),
        ("runbook_url", "https://runbooks.example/errors-of-one-system"),
    ];
    let generation = 1_789_196_834_000 + number as u64;
    let at = WallTime::from_unix_ms(NOW_MS);
    let told = Told { generation, state: AlertState::Firing, repeat: 3, firings: 7, at };
    let record = Record {
        alert: Alert {
            rule: Arc::new(RuleText {
                name: text("ErrorsOfOneSystem"),
                severity: text("critical"),
                threshold: 50.0,
                annotations: annotations.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
                receivers: vec![text("pitcher"), text("on-call-webhook")],
                repeat_interval: Duration::from_secs(4 * 3600),
            }),
            group: Group { system: Some(Arc::from(&*system)), severity: None },
            labels: labels.clone(),
            value: 1234.0,
            is_lower_bound: false,
            pending_since: None,
            firing: Some(Firing { generation, starts_at: at, ended: None, over_since: None }),
            firings: 7,
        },
        told: BTreeMap::from([(text("pitcher"), told), (text("on-call-webhook"), told)]),
        outbox: BTreeMap::new(),
    };
    (Fingerprint::of(&labels), serde_json::to_vec(&record).unwrap_or_default())
}

async fn used_memory(connection: &mut MultiplexedConnection) -> Result<usize, Failure> {
    let info: String = redis::cmd("INFO").arg("memory").query_async(connection).await?;
    let line = info.lines().find_map(|line| line.strip_prefix("used_memory:"));
    Ok(line.ok_or("no used_memory")?.trim().parse()?)
}

async fn memory_usage(connection: &mut MultiplexedConnection, key: &str) -> Result<usize, Failure> {
    Ok(redis::cmd("MEMORY").arg("USAGE").arg(key).query_async(connection).await?)
}

/// Calls and microseconds of each command, by Redis' own account.
#[derive(Debug)]
struct Commands(BTreeMap<String, (f64, f64)>);

impl Commands {
    /// The mean duration of a command since then, in microseconds.
    fn since(&self, before: &Self, name: &str) -> f64 {
        let of = |commands: &Self| commands.0.get(name).copied().unwrap_or_default();
        let ((calls, usec), (calls_before, usec_before)) = (of(self), of(before));
        (usec - usec_before) / (calls - calls_before)
    }
}

async fn commands(connection: &mut MultiplexedConnection) -> Result<Commands, Failure> {
    let info: String = redis::cmd("INFO").arg("commandstats").query_async(connection).await?;
    let commands = info.lines().filter_map(|line| {
        let (name, fields) = line.strip_prefix("cmdstat_")?.split_once(':')?;
        let field = |wanted: &str| {
            let mut fields = fields.split(',').filter_map(|field| field.split_once('='));
            fields.find(|(name, _)| *name == wanted)?.1.parse::<f64>().ok()
        };
        Some((name.to_owned(), (field("calls")?, field("usec")?)))
    });
    Ok(Commands(commands.collect()))
}

fn describe(times: &mut [Duration]) -> String {
    times.sort_unstable();
    let at =
        |part: usize| times.get((times.len() * part / 100).min(times.len() - 1)).copied().unwrap_or_default();
    format!("p50 {:.2?} p99 {:.2?} max {:.2?} ({} of them)", at(50), at(99), at(100), times.len())
}
