//! What the server counts about itself.

use std::array;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::StatusCode;

use super::exposition::{Exposition, Kind};
use super::requests::Requests;
use crate::pitch::Outcome;
use crate::progress::Phase;
use crate::route::Route;

/// Requests and connections.
#[derive(Debug, Default)]
pub(crate) struct ServerStats {
    requests: Requests,
    open: AtomicU64,
    full: AtomicU64,
    accept_errors: AtomicU64,
    panics: AtomicU64,
    header_timeouts: AtomicU64,
    answer_timeouts: AtomicU64,
}

impl ServerStats {
    pub(crate) fn answered(&self, route: Route, status: StatusCode, took: Duration) {
        self.requests.count(route, status, took);
    }

    /// A client took too long. That it sent no further request is nothing to count.
    pub(crate) fn timed_out(&self, phase: Phase) {
        let counter = match phase {
            Phase::Silent | Phase::Header => &self.header_timeouts,
            Phase::Answering => &self.answer_timeouts,
            Phase::Handling | Phase::Idle | Phase::Streaming => return,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// How many connections there are now.
    pub(crate) fn open(&self, connections: usize) {
        self.open.store(connections as u64, Ordering::Relaxed);
    }

    /// The limit on connections has been reached.
    pub(crate) fn filled_up(&self) {
        self.full.fetch_add(1, Ordering::Relaxed);
    }

    /// The system had no connection to give.
    pub(crate) fn accept_failed(&self) {
        self.accept_errors.fetch_add(1, Ordering::Relaxed);
    }

    /// A connection ended by a panic.
    pub(crate) fn panicked(&self) {
        self.panics.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn write(&self, out: &mut Exposition) {
        self.requests.write(out);
        let open = self.open.load(Ordering::Relaxed);
        out.single("homerun2_scout_http_connections", Kind::Gauge, "Open HTTP connections", open);
        for (name, help, count) in [
            (
                "homerun2_scout_http_connection_limit_reached_total",
                "How often the limit on connections was reached, so that new ones had to wait",
                &self.full,
            ),
            (
                "homerun2_scout_http_accept_errors_total",
                "How often the system could not give a connection, for lack of file descriptors for example",
                &self.accept_errors,
            ),
            ("homerun2_scout_http_panics_total", "Connections that ended by a bug", &self.panics),
        ] {
            out.single(name, Kind::Counter, help, count.load(Ordering::Relaxed));
        }
        let mut timeouts = out.family(
            "homerun2_scout_http_timeouts_total",
            Kind::Counter,
            "Connections closed because the client took too long to take an answer or to send a header",
        );
        timeouts.sample(&[("phase", "answer")], self.answer_timeouts.load(Ordering::Relaxed));
        timeouts.sample(&[("phase", "header")], self.header_timeouts.load(Ordering::Relaxed));
    }
}

/// Pitches by how they ended.
#[derive(Debug)]
pub(crate) struct PitchStats {
    outcomes: [AtomicU64; Outcome::ALL.len()],
}

impl Default for PitchStats {
    fn default() -> Self {
        Self { outcomes: array::from_fn(|_| AtomicU64::new(0)) }
    }
}

impl PitchStats {
    pub(crate) fn count(&self, outcome: Outcome) {
        self.outcomes[outcome as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn write(&self, out: &mut Exposition) {
        let mut pitches =
            out.family("homerun2_scout_pitches_total", Kind::Counter, "Messages pitched, by how it ended");
        for outcome in Outcome::ALL {
            let count = self.outcomes[outcome as usize].load(Ordering::Relaxed);
            pitches.sample(&[("result", outcome.label())], count);
        }
    }
}
