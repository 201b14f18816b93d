//! The whole service as a value: started, stopped, and started again, inside any tokio program.

mod alerting;
mod clock;
mod cycle;
mod error;
mod feeds;
mod meters;
mod notices;
mod opening;
mod pace;
mod receivers;
mod store;
mod trouble;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use scout_core::{Clock, LiveConfig, MessageIntake, MessageStore};
use scout_http::{BuildInfo, HttpConfig, HttpError, Server, Telemetry, Tokens};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::{error, info};

pub use clock::SystemClock;
pub use error::AppError;
pub(crate) use receivers::open as open_receiver;
pub(crate) use store::open as open_store;

use crate::build_info::BUILD;
use crate::config::{HttpSettings, Listen, Settings};
use alerting::Setup;
use cycle::Cycles;
use opening::Opening;
use pace::Pace;

/// How long the start waits for the store before it goes on without.
const OPENS_AT_ONCE: Duration = Duration::from_millis(300);

/// A running Scout.
///
/// It owns its tasks and nothing else of the process: no logger, metrics recorder, TLS provider or signal handler is
/// installed, so that several can run beside each other and beside whatever embeds them. For `rediss://` it uses the
/// rustls provider that the embedding program has installed, or ring where there is none. Dropping an `App` ends its
/// tasks at once; [`App::stop`] lets requests in flight finish.
#[derive(Debug)]
pub struct App {
    local_addr: SocketAddr,
    store: Arc<dyn MessageStore>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<Result<(), AppError>>,
}

impl App {
    /// Starts the service. When this returns, the listener is up; whether the store can be reached shows in `/ready`.
    ///
    /// # Errors
    /// [`AppError`] if a setting cannot be put into effect: an address in use, a file that cannot be opened.
    pub async fn start(settings: &Settings) -> Result<Self, AppError> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let telemetry = Telemetry::new();
        let live = LiveConfig::new(settings.retention.ttl, settings.ledger_budget_bytes)
            .map_err(AppError::Ledger)?;
        let opening = Arc::new(Opening::new());
        let store: Arc<dyn MessageStore> = Arc::clone(&opening) as _;
        let intake = settings.http.pitch.then(|| Arc::clone(&store) as _);
        let server = listen(settings, &clock, intake, &telemetry).await?;
        let local_addr = server.local_addr();
        let publisher = server.publisher();
        let (stop, stopping) = watch::channel(false);
        let mut tasks = JoinSet::new();
        tasks.spawn(done(server.run(stopped(stopping.clone()))));
        info!(port = local_addr.port(), address = %local_addr.ip(), "server starting");

        let mut open =
            Box::pin(open(settings.clone(), Arc::clone(&clock), telemetry.clone(), Arc::clone(&opening)));
        // Most stores open at once, and an error of one that does is an error of the start.
        if let Ok(opened) = tokio::time::timeout(OPENS_AT_ONCE, &mut open).await {
            opened?;
        } else {
            info!("the store takes long to open");
            let stopping = stopping.clone();
            tasks.spawn(async move {
                open.await?;
                stopped(stopping).await;
                Ok(())
            });
        }
        let setup = Setup { clock: &clock, publisher: &publisher, telemetry: &telemetry };
        let judging = match setup.task(settings, &opening)? {
            Some((task, judging)) => {
                tasks.spawn(done(task.run(stopped(stopping.clone()))));
                Some(judging)
            }
            None => None,
        };
        let pace = Pace::new(settings);
        let cycles = Cycles::new(Arc::clone(&store), clock, live, pace, publisher, telemetry, judging);
        tasks.spawn(done(cycles.run(stopped(stopping))));
        info!(index = settings.redis.index, interval = %settings.interval.text, "aggregator started");
        Ok(Self { local_addr, store, stop, tasks })
    }

    /// Where the server listens; the port is the real one where any free port was asked for.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// The store, for a program that submits messages itself.
    pub fn store(&self) -> Arc<dyn MessageStore> {
        Arc::clone(&self.store)
    }

    /// Waits until a part of the service ends without having been asked to: a store that took long to open and then
    /// could not be, or a bug.
    pub async fn failed(&mut self) -> AppError {
        match self.tasks.join_next().await {
            Some(Err(error)) => AppError::Task(error),
            Some(Ok(Err(error))) => error,
            Some(Ok(Ok(()))) | None => AppError::Ended,
        }
    }

    /// Stops accepting, lets requests in flight finish within the grace, and closes the store.
    pub async fn stop(mut self) {
        info!("shutting down...");
        self.stop.send_replace(true);
        while let Some(ended) = self.tasks.join_next().await {
            match ended {
                Ok(Ok(())) => {}
                Ok(Err(error)) => error!(error = %error, "a part of the service had failed"),
                Err(error) => error!(error = %error, "a part of the service had panicked"),
            }
        }
        info!("shutdown complete");
    }
}

/// Opens the store and puts it where it is waited for.
async fn open(
    settings: Settings,
    clock: Arc<dyn Clock>,
    telemetry: Telemetry,
    opening: Arc<Opening>,
) -> Result<(), AppError> {
    opening.opened(store::open(&settings, &clock, &telemetry).await?);
    Ok(())
}

async fn done(task: impl Future<Output = ()>) -> Result<(), AppError> {
    task.await;
    Ok(())
}

async fn stopped(mut stopping: watch::Receiver<bool>) {
    // An error means that whoever would say stop is gone.
    drop(stopping.wait_for(|stop| *stop).await);
}

async fn listen(
    settings: &Settings,
    clock: &Arc<dyn Clock>,
    intake: Option<Arc<dyn MessageIntake>>,
    telemetry: &Telemetry,
) -> Result<Server, AppError> {
    let http = &settings.http;
    let addresses: &[IpAddr] = match &http.listen {
        Listen::Address(address) => &[*address],
        // The first takes both families; a machine without IPv6 has only the second.
        Listen::AllInterfaces => &[IpAddr::V6(Ipv6Addr::UNSPECIFIED), IpAddr::V4(Ipv4Addr::UNSPECIFIED)],
    };
    let mut failure = None;
    for address in addresses {
        let config = http_config(settings, SocketAddr::new(*address, http.port));
        match Server::bind(config, Arc::clone(clock), intake.clone(), telemetry.clone()).await {
            Ok(server) => return Ok(server),
            Err(error) => failure = Some(error),
        }
    }
    failure.map_or(Err(AppError::Ended), |error: HttpError| Err(AppError::Http(error)))
}

fn http_config(settings: &Settings, listen: SocketAddr) -> HttpConfig {
    let HttpSettings { tokens, max_connections, header_timeout, body_timeout, idle_timeout, .. } =
        &settings.http;
    let mut config = HttpConfig::new(listen);
    config.tokens = Tokens::new(tokens.iter().map(|token| token.expose().to_owned()));
    config.time_window.clone_from(&settings.interval.text);
    config.build = BuildInfo { version: BUILD.version, commit: BUILD.commit, date: BUILD.date };
    config.max_connections = *max_connections;
    config.header_timeout = *header_timeout;
    config.body_timeout = *body_timeout;
    config.idle_timeout = *idle_timeout;
    config.grace = settings.shutdown_grace;
    config
}
