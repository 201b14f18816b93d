//! One connection through the proxy.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::sync::watch;

use super::{Direction, Fault, Orders};

/// Why a connection ends before both sides have said all they had to say.
enum End {
    Cut,
    Reset,
}

impl From<io::Error> for End {
    fn from(_: io::Error) -> Self {
        Self::Reset
    }
}

impl From<watch::error::RecvError> for End {
    fn from(_: watch::error::RecvError) -> Self {
        Self::Reset
    }
}

/// Carries bytes both ways as ordered. A server that is down shows as a reset.
pub(super) async fn serve(mut client: TcpStream, orders: watch::Receiver<Orders>) {
    let resets = orders.borrow().resets;
    let ended = carry(&mut client, orders, resets).await;
    match ended {
        Ok(()) => {}
        Err(End::Reset) => {
            // Without it, closing would be an orderly end.
            let _ = client.set_zero_linger();
        }
        Err(End::Cut) => {
            // An orderly end, so that what has passed before still arrives: closing with unread bytes is a reset.
            let _ = client.shutdown().await;
            let mut unread = [0; 4096];
            while client.read(&mut unread).await.is_ok_and(|count| count > 0) {}
        }
    }
}

async fn carry(client: &mut TcpStream, mut orders: watch::Receiver<Orders>, resets: u64) -> Result<(), End> {
    let target = loop {
        match obeyed(&mut orders, resets)? {
            Orders { fault: Fault::BlackHole, .. } => orders.changed().await?,
            Orders { target, .. } => break target,
        }
    };
    let mut server = TcpStream::connect(target).await?;
    server.set_nodelay(true)?;
    client.set_nodelay(true)?;
    let (client_read, client_write) = client.split();
    let (server_read, server_write) = server.split();
    let requests = pump(client_read, server_write, Direction::ToServer, orders.clone(), resets);
    let answers = pump(server_read, client_write, Direction::ToClient, orders.clone(), resets);
    tokio::try_join!(requests, answers)?;
    Ok(())
}

/// The orders as they stand; an error if they are to end this connection.
fn obeyed(orders: &mut watch::Receiver<Orders>, resets: u64) -> Result<Orders, End> {
    let orders = *orders.borrow_and_update();
    if orders.resets > resets { Err(End::Reset) } else { Ok(orders) }
}

async fn pump(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    direction: Direction,
    mut orders: watch::Receiver<Orders>,
    resets: u64,
) -> Result<(), End> {
    let mut buffer = vec![0; 64 * 1024];
    let (mut since, mut passed) = (0, 0);
    loop {
        let Orders { fault, switches, .. } = obeyed(&mut orders, resets)?;
        if since != switches {
            (since, passed) = (switches, 0);
        }
        let room = match fault {
            Fault::Cut { direction: counted, after_bytes } if counted == direction => after_bytes - passed,
            Fault::BlackHole => {
                orders.changed().await?;
                continue;
            }
            _ => u64::MAX,
        };
        if room == 0 {
            return Err(End::Cut);
        }
        let most = usize::try_from(room).unwrap_or(usize::MAX).min(buffer.len());
        let count = tokio::select! {
            biased;
            changed = orders.changed() => {
                changed?;
                continue;
            }
            count = from.read(&mut buffer[..most]) => count?,
        };
        if count == 0 {
            to.shutdown().await?;
            return Ok(());
        }
        if let (Fault::Delay(delay), Direction::ToClient) = (fault, direction) {
            tokio::time::sleep(delay).await;
        }
        to.write_all(&buffer[..count]).await?;
        passed += count as u64;
    }
}
