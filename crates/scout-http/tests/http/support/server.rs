//! A running server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use scout_core::{
    Board, Clock as _, Finding, Ledger, LedgerConfig, MessageIntake, Publication, Row, Snapshot, StoreError,
    StoreErrorKind,
};
use scout_http::{HttpConfig, Publisher, Server, Telemetry};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::{Client, Reply, StoreDouble, TestClock, get};

/// Longer than anything here takes; reached only by a test that fails.
const NEVER: Duration = Duration::from_secs(20);

/// A server at work, with everything that it was given.
pub(crate) struct Harness {
    pub(crate) address: SocketAddr,
    pub(crate) publisher: Publisher,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) store: Arc<StoreDouble>,
    pub(crate) telemetry: Telemetry,
    stop: Option<oneshot::Sender<()>>,
    task: JoinSet<()>,
}

/// A server without an intake.
pub(crate) async fn serve(adjust: impl FnOnce(&mut HttpConfig)) -> Harness {
    start(adjust, false).await
}

/// A server whose intake is the harness' store.
pub(crate) async fn serve_with(adjust: impl FnOnce(&mut HttpConfig)) -> Harness {
    start(adjust, true).await
}

async fn start(adjust: impl FnOnce(&mut HttpConfig), with_intake: bool) -> Harness {
    let mut config = HttpConfig::new(([127, 0, 0, 1], 0).into());
    "60s".clone_into(&mut config.time_window);
    adjust(&mut config);
    let clock = Arc::new(TestClock::new());
    let store = Arc::new(StoreDouble::default());
    let intake = with_intake.then(|| Arc::clone(&store) as Arc<dyn MessageIntake>);
    let telemetry = Telemetry::new();
    let server = Server::bind(config, clock.clone(), intake, telemetry.clone()).await.unwrap();
    let (stop, stopped) = oneshot::channel();
    let (address, publisher) = (server.local_addr(), server.publisher());
    let mut task = JoinSet::new();
    task.spawn(server.run(async { drop(stopped.await) }));
    Harness { address, publisher, clock, store, telemetry, stop: Some(stop), task }
}

impl Harness {
    pub(crate) async fn connect(&self) -> Client {
        Client::connect(self.address).await
    }

    /// Sends a request on a connection of its own.
    pub(crate) async fn ask(&self, request: &str) -> Reply {
        self.connect().await.ask(request).await
    }

    /// The answer to a plain GET.
    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.ask(&get(path)).await
    }

    /// Publishes a count of these (severity, system) at the present.
    pub(crate) fn publish(&self, rows: &[(Option<&str>, Option<&str>)]) {
        let mut board = Board::new(Duration::from_secs(60));
        self.publisher.publish(&publication(&mut board, rows, Vec::new(), &self.clock));
    }

    /// Publishes a count of messages by (severity, system, timestamp).
    pub(crate) fn publish_dated(&self, rows: &[(&'static str, &'static str, &'static str)]) {
        let dated = |(severity, system, timestamp): &(&'static str, &'static str, &'static str)| Row {
            severity: Some(*severity),
            system: Some(*system),
            timestamp: Some(*timestamp),
            ..Row::default()
        };
        let mut board = Board::new(Duration::from_secs(60));
        let snapshot = snapshot(rows.iter().map(dated), 1, &self.clock);
        self.publisher.publish(&board.succeed(snapshot, Vec::new(), self.clock.now()));
    }

    /// Tells the server to stop.
    pub(crate) fn stop(&mut self) {
        drop(self.stop.take());
    }

    /// Waits until the server has ended.
    pub(crate) async fn ended(&mut self) {
        timeout(NEVER, self.task.join_next()).await.expect("the server ends").unwrap().unwrap();
    }
}

/// The value of a metric without labels, or with those given.
pub(crate) async fn metric(harness: &Harness, series: &str) -> u64 {
    let reply = harness.get("/metrics").await;
    let line = reply.text().lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("{series} is missing in\n{}", reply.text())).parse().unwrap()
}

/// A message of half a minute ago, by its severity and system.
fn recent<'a>((severity, system): &(Option<&'a str>, Option<&'a str>)) -> Row<'a> {
    Row { severity: *severity, system: *system, timestamp: Some("2026-03-01T11:59:30Z"), ..Row::default() }
}

/// A count of these at the present.
pub(crate) fn snapshot<'a>(
    rows: impl IntoIterator<Item = Row<'a>>,
    generation: u64,
    clock: &TestClock,
) -> Snapshot {
    let now = clock.now().wall;
    let config = LedgerConfig::new(Duration::from_secs(48 * 3600), 48 << 20).unwrap();
    let mut ledger = Ledger::new(config, now);
    for row in rows {
        ledger.record(&row.facts().unwrap());
    }
    Snapshot::new(&ledger, generation, now, 0)
}

/// What a board publishes after a cycle that counted these.
pub(crate) fn publication(
    board: &mut Board,
    rows: &[(Option<&str>, Option<&str>)],
    findings: Vec<Finding>,
    clock: &TestClock,
) -> Publication {
    let snapshot = snapshot(rows.iter().map(recent), board.next_generation(), clock);
    board.succeed(snapshot, findings, clock.now())
}

/// An error of the store.
pub(crate) fn error(kind: StoreErrorKind) -> StoreError {
    StoreError::new(kind, "connection refused <127.0.0.1:6379>")
}
