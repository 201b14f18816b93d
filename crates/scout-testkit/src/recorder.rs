//! An HTTP server that records what it is sent, and answers as it is told.

mod certificates;
mod connection;
mod reply;
mod request;

use std::collections::VecDeque;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

pub use certificates::Certificates;
pub use reply::Reply;
pub use request::Recorded;

/// An HTTP server on a loopback port, over TLS or not. Ends when dropped.
///
/// As a proxy it records what it is asked for: a plain request is answered like any other, its path being the whole
/// address; a tunnel (`CONNECT`) leads where it should if the reply is 200.
///
/// ```no_run
/// # async fn example() -> std::io::Result<()> {
/// use scout_testkit::{Recorder, Reply};
///
/// let receiver = Recorder::start().await?;
/// receiver.reply_once(Reply::status(503).with_header("retry-after", "1"));
/// // … let somebody send to receiver.url("/pitch") …
/// assert_eq!(receiver.wait_for(2).await[1].path, "/pitch");
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Recorder {
    address: SocketAddr,
    scheme: &'static str,
    shared: Arc<Shared>,
    _tasks: JoinSet<()>,
}

/// What all connections share.
#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// How many requests there are, for those who wait.
    count: watch::Sender<usize>,
}

#[derive(Debug, Default)]
struct State {
    requests: Vec<Recorded>,
    connections: usize,
    next: VecDeque<Reply>,
    standing: Reply,
}

impl Shared {
    /// A test that has panicked with the lock has failed already.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a request, and says how to answer it.
    fn record(&self, request: Recorded) -> Reply {
        let mut state = self.state();
        state.requests.push(request);
        self.count.send_replace(state.requests.len());
        state.next.pop_front().unwrap_or_else(|| state.standing.clone())
    }
}

impl Recorder {
    /// A server that answers 200 to everything.
    pub async fn start() -> io::Result<Self> {
        Self::listen("http", None).await
    }

    /// The same over TLS, with the certificate that this authority has issued.
    pub async fn start_encrypted(certificates: &Certificates) -> io::Result<Self> {
        Self::listen("https", Some(certificates.acceptor())).await
    }

    async fn listen(scheme: &'static str, acceptor: Option<TlsAcceptor>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared { state: Mutex::default(), count: watch::Sender::new(0) });
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, acceptor, Arc::clone(&shared)));
        Ok(Self { address, scheme, shared, _tasks: tasks })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address of this path.
    pub fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.address)
    }

    /// Answers like this from now on, where nothing else has been said for a request.
    pub fn reply(&self, reply: Reply) {
        self.shared.state().standing = reply;
    }

    /// Answers the next request like this; after several calls one request each, in order.
    pub fn reply_once(&self, reply: Reply) {
        self.shared.state().next.push_back(reply);
    }

    /// All requests so far, in the order in which they were whole.
    pub fn requests(&self) -> Vec<Recorded> {
        self.shared.state().requests.clone()
    }

    /// All requests, once there are so many. Waits for ever if they do not come.
    pub async fn wait_for(&self, count: usize) -> Vec<Recorded> {
        // The sender lives as long as this does.
        drop(self.shared.count.subscribe().wait_for(|&there| there >= count).await);
        self.requests()
    }

    /// How many connections have been made so far.
    pub fn connections(&self) -> usize {
        self.shared.state().connections
    }
}

async fn accept(listener: TcpListener, acceptor: Option<TlsAcceptor>, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        shared.state().connections += 1;
        let (acceptor, shared) = (acceptor.clone(), Arc::clone(&shared));
        connections.spawn(async move {
            let Some(acceptor) = acceptor else { return connection::serve(stream, &shared).await };
            // Who does not trust the certificate sends nothing that could be recorded.
            if let Ok(stream) = acceptor.accept(stream).await {
                connection::serve(stream, &shared).await;
            }
        });
        while connections.try_join_next().is_some() {}
    }
}
