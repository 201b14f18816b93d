//! The way to Redis: one connection, made when first needed, kept, and made again with growing pauses.

use std::sync::Arc;

use scout_core::{Clock, StoreError, StoreErrorKind};
use tokio::sync::Mutex;

use crate::backoff::{Backoff, LONGEST};
use crate::config::RedisConfig;
use crate::connection::Connection;
use crate::error::Faults;
use crate::metrics::Meters;
use crate::transport::Transport;

/// What to do while Redis is left alone after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    /// Wait, a second at most: a cycle comes seldom, and the next one would come late.
    Wait,
    /// Say at once what failed last: many callers would pile up.
    Refuse,
}

/// The way to one Redis.
#[derive(Debug)]
pub(crate) struct Link {
    transport: Transport,
    config: Arc<RedisConfig>,
    faults: Faults,
    meters: Meters,
    clock: Arc<dyn Clock>,
    /// Held while connecting, so that there is one attempt at a time, whose outcome is everybody's.
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    connection: Option<Connection>,
    backoff: Backoff,
    last_failure: Option<(StoreErrorKind, String)>,
}

impl Link {
    pub(crate) fn new(
        config: Arc<RedisConfig>,
        meters: Meters,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StoreError> {
        let state = State { connection: None, backoff: Backoff::new(config.jitter_seed), last_failure: None };
        Ok(Self {
            transport: Transport::new(&config.address)?,
            faults: Faults::new(config.address.clone(), config.password.clone()),
            config,
            meters,
            clock,
            state: Mutex::new(state),
        })
    }

    /// A connection that was whole when last looked at.
    pub(crate) async fn connection(&self, patience: Patience) -> Result<Connection, StoreError> {
        loop {
            let mut state = self.state.lock().await;
            let now = self.clock.now().mono;
            if let Some(connection) = &state.connection {
                if !connection.is_broken() {
                    return Ok(connection.clone());
                }
                // One that breaks soon after its greeting is a failed attempt: pauses go on growing.
                if connection.age(now) < LONGEST {
                    state.backoff.failed(now);
                } else {
                    state.backoff.reset();
                }
                state.connection = None;
            }
            let pause = state.backoff.remaining(now);
            if pause.is_zero() {
                return self.connect(&mut state).await;
            }
            if patience == Patience::Refuse
                && let Some((kind, text)) = &state.last_failure
            {
                return Err(StoreError::new(*kind, text.clone()));
            }
            drop(state);
            tokio::time::sleep(pause).await;
        }
    }

    async fn connect(&self, state: &mut State) -> Result<Connection, StoreError> {
        let opened =
            Connection::open(&self.transport, &self.config, &self.faults, &self.meters, &self.clock).await;
        match opened {
            Ok(connection) => {
                tracing::info!(
                    addr = %self.config.address,
                    version = connection.server().version,
                    protocol = connection.server().protocol,
                    "redis connected"
                );
                state.last_failure = None;
                state.connection = Some(connection.clone());
                Ok(connection)
            }
            Err(error) => {
                state.backoff.failed(self.clock.now().mono);
                state.last_failure = Some((error.kind(), error.to_string()));
                Err(error)
            }
        }
    }
}
