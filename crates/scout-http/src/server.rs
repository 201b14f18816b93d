//! The server: accepts connections until it is told to stop, then lets them finish.

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use scout_core::{Clock, MessageIntake};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{MissedTickBehavior, sleep, timeout};
use tracing::{error, warn};

use crate::progress::Progress;
use crate::shared::Shared;
use crate::{HttpConfig, HttpError, Publisher, Telemetry, connection, room};

/// How often connections are asked to go while there are too many. Asking wakes all of them.
const MAKE_ROOM_EVERY: Duration = Duration::from_millis(100);

/// The part of the connections that is asked at a time. It bounds how many go though nobody needs their place, and how
/// long those wait who are behind a crowd of clients that say nothing.
const MAKE_ROOM_PART: usize = 2;

/// The first and the longest wait after the system had no connection to give.
const ACCEPT_BACKOFF: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(1));

/// An HTTP server that listens, and serves when it is run.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    local_addr: SocketAddr,
    shared: Arc<Shared>,
}

impl Server {
    /// Listens. Clients can connect from now on and are served as soon as [`Server::run`] runs.
    ///
    /// With an `intake`, `POST /pitch` submits to it; without one there is no such route.
    ///
    /// # Errors
    /// [`HttpError::Listen`] if the address cannot be listened at.
    pub async fn bind(
        config: HttpConfig,
        clock: Arc<dyn Clock>,
        intake: Option<Arc<dyn MessageIntake>>,
        telemetry: Telemetry,
    ) -> Result<Self, HttpError> {
        let address = config.listen;
        let listen = |source| HttpError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(listen)?;
        let local_addr = listener.local_addr().map_err(listen)?;
        Ok(Self { listener, local_addr, shared: Arc::new(Shared::new(config, clock, intake, telemetry)) })
    }

    /// Where the server listens, with the real port.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// What to publish with.
    pub fn publisher(&self) -> Publisher {
        Publisher::new(Arc::clone(&self.shared))
    }

    /// Serves until `stop` is ready. Then no connection is accepted any more, idle ones are closed, and requests in
    /// flight may finish within the grace; what is left after it is cut off.
    pub async fn run(self, stop: impl Future<Output = ()> + Send) {
        let Self { listener, shared, .. } = self;
        let mut connections = Connections::new(shared);
        let mut make_room = tokio::time::interval(MAKE_ROOM_EVERY);
        make_room.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut backoff = ACCEPT_BACKOFF.0;
        let mut stop = pin!(stop);
        loop {
            let full = connections.check_room();
            let accepted = tokio::select! {
                biased;
                () = &mut stop => break,
                Some(ended) = connections.tasks.join_next_with_id() => {
                    connections.note(ended);
                    continue;
                }
                _ = make_room.tick(), if full => {
                    connections.make_room();
                    continue;
                }
                accepted = listener.accept(), if !full => accepted,
            };
            match accepted {
                Ok((stream, remote)) => {
                    backoff = ACCEPT_BACKOFF.0;
                    connections.serve(stream, remote);
                }
                // That connection is gone; the next is none the worse for it.
                Err(error) if is_about_one_connection(&error) => {}
                Err(error) => {
                    connections.shared.stats.accept_failed();
                    warn!(%error, retry_after = ?backoff, "cannot accept connections");
                    tokio::select! {
                        biased;
                        () = &mut stop => break,
                        () = sleep(backoff) => {}
                    }
                    backoff = (backoff * 2).min(ACCEPT_BACKOFF.1);
                }
            }
        }
        drop(listener);
        connections.drain().await;
    }
}

fn is_about_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

/// The connections that are served, each by a task of its own.
struct Connections {
    tasks: JoinSet<()>,
    progress: HashMap<Id, Arc<Progress>>,
    shared: Arc<Shared>,
    full: bool,
    /// Whether the log knows that there are too many.
    warned: bool,
}

impl Connections {
    fn new(shared: Arc<Shared>) -> Self {
        Self { tasks: JoinSet::new(), progress: HashMap::new(), shared, full: false, warned: false }
    }

    fn serve(&mut self, stream: TcpStream, remote: SocketAddr) {
        let progress = Progress::new(self.shared.clock.now().mono);
        let serving = connection::serve(stream, remote, Arc::clone(&self.shared), Arc::clone(&progress));
        let id = self.tasks.spawn(serving).id();
        self.progress.insert(id, progress);
    }

    /// Whether there is no room for a further connection.
    fn check_room(&mut self) -> bool {
        // Those that listen for events have a limit of their own, so that they take no room from others.
        let listening = self.shared.events.clients();
        let (open, limit) =
            (self.tasks.len().saturating_sub(listening), self.shared.config.max_connections.max(1));
        let was_full = std::mem::replace(&mut self.full, open >= limit);
        self.shared.stats.open(self.tasks.len());
        if self.full && !was_full {
            self.shared.stats.filled_up();
        }
        // Well below the limit, so that the log does not repeat itself with each connection that comes and goes.
        self.warned &= open > limit / 2;
        self.full
    }

    /// Asks connections to go that are within no request.
    fn make_room(&mut self) {
        if !std::mem::replace(&mut self.warned, true) {
            let limit = self.shared.config.max_connections;
            warn!(limit, "too many connections: idle and silent ones are closed, new ones wait");
        }
        let number = self.tasks.len().div_ceil(MAKE_ROOM_PART);
        let now = self.shared.clock.now().mono;
        if room::make(self.progress.values().map(AsRef::as_ref), number, now) > 0 {
            self.shared.signals.make_room();
        }
    }

    fn note(&mut self, ended: Result<(Id, ()), JoinError>) {
        let id = ended.as_ref().map_or_else(JoinError::id, |(id, ())| *id);
        self.progress.remove(&id);
        if let Err(failure) = ended
            && failure.is_panic()
        {
            self.shared.stats.panicked();
            error!(error = %failure, "a request panicked, its connection is closed");
        }
    }

    async fn drain(mut self) {
        self.shared.events.end();
        self.shared.signals.stop();
        let grace = self.shared.config.grace;
        let all_ended = async {
            while let Some(ended) = self.tasks.join_next_with_id().await {
                self.note(ended);
            }
        };
        if timeout(grace, all_ended).await.is_err() {
            warn!(
                connections = self.tasks.len(),
                ?grace,
                "the grace is over: requests in flight are cut off"
            );
            self.tasks.shutdown().await;
        }
    }
}
