//! What the tests share: clocks, stores, and a sink that counts as the testkit does.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use redis::aio::MultiplexedConnection;
use scout_core::{
    Clock, Message, MessageStore, Moment, MonoTime, Now, Row, ScanReport, ScanSink, StoreError,
    StoreErrorKind, StoreReport, Urgency, WallTime,
};
use scout_redis::{Password, Protocol, RedisConfig, RedisStore};
use scout_testkit::Tally;

/// This machine's clocks, the wall clock moved by so many milliseconds.
#[derive(Debug)]
pub struct MachineClock {
    started: Instant,
    pub shift_ms: i64,
}

impl MachineClock {
    #[expect(clippy::disallowed_methods, reason = "here is where a test's time comes from")]
    pub fn shifted(shift_ms: i64) -> Arc<dyn Clock> {
        Arc::new(Self { started: Instant::now(), shift_ms })
    }
}

impl Clock for MachineClock {
    #[expect(clippy::disallowed_methods, reason = "here is where a test's time comes from")]
    fn now(&self) -> Now {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let wall = i64::try_from(since.as_millis()).unwrap() + self.shift_ms;
        Now { wall: WallTime::from_unix_ms(wall), mono: MonoTime::from_start(self.started.elapsed()) }
    }
}

/// The rights that the README asks for, to count and to make the index.
pub const COUNTING: &str = "~messages +time +info +multi +exec +xinfo|stream +xread +ft.info +ft.aggregate \
                            +ft.cursor +ft.search +ft.create";

/// What is needed beyond them to take messages in.
pub const SUBMITTING: &str = "~* +json.set +xadd";

/// What is needed beyond them to keep alerts.
pub const ALERTING: &str = "~scout:messages:* +eval +evalsha +get +mget +set +del +pttl +sadd +srem +sscan";

pub const PASSWORD: &str = "correct horse";

/// Makes the user `scout` with exactly these rights.
pub async fn make_user(connection: &mut MultiplexedConnection, rights: &str) {
    let _: () = redis::cmd("ACL")
        .arg("SETUSER")
        .arg("scout")
        .arg("reset")
        .arg("on")
        .arg(format!(">{PASSWORD}"))
        .arg(rights.split(' ').collect::<Vec<_>>())
        .query_async(connection)
        .await
        .unwrap();
}

/// Settings for that user.
pub fn as_user(url: &str, protocol: Protocol) -> RedisConfig {
    let mut config = RedisConfig::from_url(url).unwrap();
    config.username = Some("scout".to_owned());
    config.password = Some(Password::new(PASSWORD));
    config.protocol = protocol;
    config
}

pub fn store(config: RedisConfig) -> RedisStore {
    RedisStore::new(config, MachineClock::shifted(0), &metrics::NoopRecorder).unwrap()
}

/// A store without credentials but those of the URL.
pub fn plain(url: &str) -> RedisStore {
    store(RedisConfig::from_url(url).unwrap())
}

/// Counts what a scan gives.
#[derive(Debug, Default)]
pub struct Counted {
    pub tally: Tally,
    pub begun: u32,
    pub at: WallTime,
    pub joined: Moment,
    pub keys: Vec<String>,
}

impl ScanSink for Counted {
    fn begin(&mut self, joined: &Moment) {
        *self = Self { begun: self.begun + 1, at: joined.at, joined: joined.clone(), ..Self::default() };
    }

    fn row(&mut self, key: &str, row: &Row<'_>) {
        self.keys.push(key.to_owned());
        let tally = &mut self.tally;
        let Some(facts) = row.facts() else {
            tally.foreign += 1;
            return;
        };
        let severity = facts.severity.as_str().to_owned();
        let system = facts.system.map(str::to_owned);
        tally.messages += 1;
        tally.undated += u64::from(facts.event_time.is_none());
        *tally.by_severity.entry(severity.clone()).or_default() += 1;
        *tally.by_system.entry(system.clone()).or_default() += 1;
        *tally.by_system_and_severity.entry((system, severity)).or_default() += 1;
    }
}

pub async fn scan(store: &RedisStore) -> Result<(Counted, ScanReport), StoreError> {
    let mut counted = Counted::default();
    let report = store.scan(Urgency::Urgent, &mut counted).await?;
    Ok((counted, report))
}

/// The number of documents, by a scan that has to succeed.
pub async fn documents(store: &RedisStore) -> u64 {
    let (counted, report) = scan(store).await.unwrap();
    assert_eq!(counted.keys.len() as u64, report.rows);
    report.rows
}

/// The error of a scan that has to fail.
pub async fn failure(store: &RedisStore) -> StoreError {
    match scan(store).await {
        Ok((_, report)) => panic!("counted {} documents where an error was due", report.rows),
        Err(error) => error,
    }
}

pub async fn failure_kind(store: &RedisStore) -> StoreErrorKind {
    failure(store).await.kind()
}

pub async fn inspect(store: &RedisStore) -> StoreReport {
    store.inspect().await.unwrap()
}

pub async fn run(connection: &mut MultiplexedConnection, words: &[&str]) -> redis::Value {
    redis::cmd(words[0]).arg(&words[1..]).query_async(connection).await.unwrap()
}

/// Writes so many small messages.
pub async fn write(connection: &mut MultiplexedConnection, count: usize) {
    let mut pipeline = redis::pipe();
    for number in 0..count {
        let document =
            format!(r#"{{"severity":"info","system":"s{number}","timestamp":"2026-01-01T00:00:00Z"}}"#);
        pipeline.cmd("JSON.SET").arg(format!("{number:08}-s{number}")).arg(".").arg(document).ignore();
    }
    let _: () = pipeline.query_async(connection).await.unwrap();
}

/// The least message there is.
pub fn message() -> Message {
    Message::read(br#"{"title":"t"}"#).unwrap()
}
