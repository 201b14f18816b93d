//! Free loopback ports.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

/// Below the range from which Linux takes the ports of outgoing connections: a client that keeps trying a port of
/// that range while its server is down may end up connected to itself, and the server cannot have it back.
const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;

static NEXT: AtomicU16 = AtomicU16::new(0);

/// A port that nobody listens on now; whoever takes it must be ready to find it taken after all.
pub(crate) fn free() -> Option<u16> {
    // Processes start apart, so that they seldom compete for one port.
    let start = std::process::id().wrapping_mul(97) % u32::from(COUNT);
    (0..COUNT)
        .map(|_| {
            let step = u32::from(NEXT.fetch_add(1, Ordering::Relaxed));
            #[expect(clippy::cast_possible_truncation, reason = "below COUNT")]
            let offset = ((start + step) % u32::from(COUNT)) as u16;
            FIRST + offset
        })
        .find(|&port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok())
}
