//! The listening side: open, or closed with the port kept.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::connection::serve;
use super::{Fault, Orders};

#[derive(Debug)]
pub(super) struct Door {
    address: SocketAddr,
    state: State,
}

#[derive(Debug)]
enum State {
    Open(TcpListener),
    /// Bound but not listening: clients are refused, and the port stays ours.
    Closed(TcpSocket),
}

impl Door {
    pub(super) fn open(address: SocketAddr) -> io::Result<Self> {
        let listener = bound(address)?.listen(1024)?;
        Ok(Self { address, state: State::Open(listener) })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Lets connections in as ordered, until dropped or the port is lost.
    pub(super) async fn keep(
        mut self,
        mut orders: watch::Receiver<Orders>,
        obeying: watch::Sender<u64>,
        accepted: Arc<AtomicU64>,
    ) {
        let mut connections = JoinSet::new();
        loop {
            let Orders { fault, switches, .. } = *orders.borrow_and_update();
            let Ok(door) = self.turn(fault != Fault::Refuse) else { return };
            self = door;
            obeying.send_replace(switches);
            tokio::select! {
                biased;
                changed = orders.changed() => if changed.is_err() { return },
                Some(_) = connections.join_next() => {}
                Ok(client) = self.accept() => {
                    accepted.fetch_add(1, Ordering::Relaxed);
                    connections.spawn(serve(client, orders.clone()));
                }
            }
        }
    }

    fn turn(self, open: bool) -> io::Result<Self> {
        let address = self.address;
        let state = match self.state {
            State::Open(listener) if !open => {
                drop(listener);
                State::Closed(bound(address)?)
            }
            State::Closed(socket) if open => State::Open(socket.listen(1024)?),
            unchanged => unchanged,
        };
        Ok(Self { address, state })
    }

    /// The next client; never, while closed.
    async fn accept(&self) -> io::Result<TcpStream> {
        match &self.state {
            State::Open(listener) => listener.accept().await.map(|(client, _)| client),
            State::Closed(_) => std::future::pending().await,
        }
    }
}

fn bound(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    // The connections of before may still be fading.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}
