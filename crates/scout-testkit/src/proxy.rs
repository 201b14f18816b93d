//! A proxy in front of a server, with the faults that a network has.

mod connection;
mod door;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::server::free_port;
use door::Door;

/// What happens to connections through a [`FaultProxy`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// Nothing: bytes pass as they come.
    #[default]
    None,
    /// Nobody listens: existing connections are reset, new ones refused.
    Refuse,
    /// Connections are accepted and stay, but nothing passes, either way. What was held back passes when this ends.
    BlackHole,
    /// What the server sends arrives this much later, piece by piece.
    Delay(Duration),
    /// Each connection ends after so many bytes one way, counted from now or from its beginning if that is later.
    Cut {
        /// Which way the bytes are counted.
        direction: Direction,
        /// How many pass.
        after_bytes: u64,
    },
}

/// A way through the proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Requests.
    ToServer,
    /// Answers.
    ToClient,
}

/// A TCP proxy on a loopback port, whose faults are switched while connections are open. Ends when dropped.
#[derive(Debug)]
pub struct FaultProxy {
    address: SocketAddr,
    orders: watch::Sender<Orders>,
    obeyed: watch::Receiver<u64>,
    accepted: Arc<AtomicU64>,
    _tasks: JoinSet<()>,
}

/// What the connections are to do; they look before each read.
#[derive(Clone, Copy, Debug)]
struct Orders {
    /// Where new connections lead.
    target: SocketAddr,
    fault: Fault,
    /// Grows with each switch.
    switches: u64,
    /// Grows with each reset; a connection that has seen less is reset.
    resets: u64,
}

impl FaultProxy {
    /// A proxy without fault in front of `target` (`127.0.0.1:6379`), which need not be up yet.
    pub async fn start(target: &str) -> io::Result<Self> {
        let target = look_up(target).await?;
        let door = (0..10)
            .filter_map(|_| free_port())
            .find_map(|port| Door::open((Ipv4Addr::LOCALHOST, port).into()).ok())
            .ok_or(io::ErrorKind::AddrInUse)?;
        let address = door.address();
        let first = Orders { target, fault: Fault::None, switches: 0, resets: 0 };
        let (orders, given) = watch::channel(first);
        let (obeying, obeyed) = watch::channel(0);
        let accepted = Arc::new(AtomicU64::new(0));
        let mut tasks = JoinSet::new();
        tasks.spawn(door.keep(given, obeying, Arc::clone(&accepted)));
        Ok(Self { address, orders, obeyed, accepted, _tasks: tasks })
    }

    /// A proxy without fault in front of the server of this URL.
    pub async fn before(url: &str) -> io::Result<Self> {
        Self::start(&url[authority(url)]).await
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// This URL, with the proxy's address in place of the server's.
    pub fn url(&self, of_server: &str) -> String {
        let mut url = of_server.to_owned();
        url.replace_range(authority(of_server), &self.address.to_string());
        url
    }

    /// Switches to this fault. What reaches the proxy after this has returned meets it; what it has read before may
    /// still pass.
    ///
    /// # Panics
    /// When another process has taken the proxy's port while it refused connections.
    #[expect(clippy::expect_used, reason = "a test that has lost its proxy cannot go on")]
    pub async fn set(&self, fault: Fault) {
        self.orders.send_modify(|orders| {
            orders.fault = fault;
            orders.switches += 1;
            orders.resets += u64::from(fault == Fault::Refuse);
        });
        let switches = self.orders.borrow().switches;
        self.obeyed
            .clone()
            .wait_for(|obeyed| *obeyed >= switches)
            .await
            .expect("the proxy has lost its port");
    }

    /// Leads to the server of this URL from now on, as a name does that has moved: what is open is reset.
    pub async fn lead_to(&self, url: &str) -> io::Result<()> {
        let target = look_up(&url[authority(url)]).await?;
        self.orders.send_modify(|orders| {
            orders.target = target;
            orders.resets += 1;
        });
        Ok(())
    }

    /// Resets the connections that are open now (RST).
    pub fn reset_connections(&self) {
        self.orders.send_modify(|orders| orders.resets += 1);
    }

    /// How many connections it has accepted so far.
    pub fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }
}

async fn look_up(address: &str) -> io::Result<SocketAddr> {
    tokio::net::lookup_host(address).await?.next().ok_or_else(|| io::ErrorKind::AddrNotAvailable.into())
}

/// Where host and port stand in a URL.
fn authority(url: &str) -> std::ops::Range<usize> {
    let start = url.find("://").map_or(0, |colon| colon + 3);
    let end = url[start..].find(['/', '?']).map_or(url.len(), |slash| start + slash);
    let start = url[start..end].rfind('@').map_or(start, |at| start + at + 1);
    start..end
}
