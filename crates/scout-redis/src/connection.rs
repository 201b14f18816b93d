//! One greeted connection, and what it costs to use it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Cmd, Pipeline, RedisConnectionInfo, Value, cmd};
use scout_core::{Clock, MonoTime, StoreError, WallTime};
use tokio::task::{AbortHandle, JoinSet};

use crate::config::RedisConfig;
use crate::error::Faults;
use crate::greeting::{Server, greet};
use crate::metrics::{Command, Meters};
use crate::transport::Transport;
use crate::value;

/// A connection that may be used by many at once. Answers come in the order in which commands were sent.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    pipe: MultiplexedConnection,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    server: Server,
    faults: Faults,
    meters: Meters,
    clock: Arc<dyn Clock>,
    response_timeout: Duration,
    made_at: MonoTime,
    broken: AtomicBool,
    driver: AbortHandle,
    /// Owns the driver: it ends with the last clone of the connection.
    _tasks: JoinSet<()>,
}

/// Answers and what getting them cost.
#[derive(Debug)]
pub(crate) struct Timed {
    pub(crate) answers: Vec<Value>,
    pub(crate) work: Work,
}

/// When a command was sent, and how long Redis was at it, by its own clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Work {
    pub(crate) sent: MonoTime,
    pub(crate) busy: Duration,
    /// The moment before it, by Redis' clock.
    pub(crate) at: WallTime,
}

impl Connection {
    /// Opens and greets, within the time that the configuration gives.
    pub(crate) async fn open(
        transport: &Transport,
        config: &RedisConfig,
        faults: &Faults,
        meters: &Meters,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self, StoreError> {
        let begun = clock.now().mono;
        let opened = tokio::time::timeout(config.connect_timeout, async {
            let stream = transport.open().await.map_err(|error| faults.io(&error))?;
            // Whoever the client would greet, it is done here: it keeps no texts of refusals.
            let silent = RedisConnectionInfo::default().set_skip_set_lib_name();
            let settings = AsyncConnectionConfig::new().set_response_timeout(None);
            let (mut pipe, driver) = MultiplexedConnection::new_with_config(&silent, stream, settings)
                .await
                .map_err(|error| faults.client(Command::Connect, &error))?;
            let mut tasks = JoinSet::new();
            let driver = tasks.spawn(driver);
            let server = greet(&mut pipe, config, faults).await?;
            Ok((pipe, server, driver, tasks))
        });
        let opened =
            opened.await.unwrap_or_else(|_| Err(faults.silence(Command::Connect, config.connect_timeout)));
        let made_at = clock.now().mono;
        meters.command(Command::Connect, made_at.since(begun));
        let (pipe, server, driver, tasks) = opened?;
        let shared = Shared {
            server,
            faults: faults.clone(),
            meters: meters.clone(),
            clock: Arc::clone(clock),
            response_timeout: config.response_timeout,
            made_at,
            broken: AtomicBool::new(false),
            driver,
            _tasks: tasks,
        };
        Ok(Self { pipe, shared: Arc::new(shared) })
    }

    pub(crate) fn server(&self) -> &Server {
        &self.shared.server
    }

    pub(crate) fn faults(&self) -> &Faults {
        &self.shared.faults
    }

    /// Whether it can be used no longer, or should not.
    pub(crate) fn is_broken(&self) -> bool {
        self.shared.broken.load(Ordering::Relaxed) || self.shared.driver.is_finished()
    }

    /// How long ago it was made.
    pub(crate) fn age(&self, now: MonoTime) -> Duration {
        now.since(self.shared.made_at)
    }

    /// Sends commands together and returns their answers, errors among them. Does not wait longer than configured.
    pub(crate) async fn send(&self, command: Command, commands: Vec<Cmd>) -> Result<Vec<Value>, StoreError> {
        let expected = commands.len();
        let mut pipeline = Pipeline::with_capacity(expected);
        for command in commands {
            pipeline.add_command(command);
        }
        let begun = self.now();
        let mut pipe = self.pipe.clone();
        let request = pipe.send_packed_commands(&pipeline, 0, expected);
        let answers = tokio::time::timeout(self.shared.response_timeout, request).await;
        self.shared.meters.command(command, self.now().since(begun));
        let faults = &self.shared.faults;
        let answers = match answers {
            Ok(Ok(answers)) if answers.len() == expected => Ok(answers),
            Ok(Ok(_)) => Err(faults.form(command, "an answer for each command")),
            Ok(Err(error)) => Err(faults.client(command, &error)),
            Err(_) => Err(faults.silence(command, self.shared.response_timeout)),
        };
        if answers.is_err() {
            self.give_up();
        }
        answers
    }

    /// As [`Self::send`], between two looks at Redis' clock, which it reads without pause if they come together.
    ///
    /// So the time on the wire, and that spent on reading long answers, is not taken for Redis' own.
    pub(crate) async fn send_timed(&self, command: Command, commands: Vec<Cmd>) -> Result<Timed, StoreError> {
        let begun = self.now();
        let mut framed = Vec::with_capacity(commands.len() + 2);
        framed.push(cmd("TIME"));
        framed.extend(commands);
        framed.push(cmd("TIME"));
        let mut answers = self.send(command, framed).await?;
        let whole = self.now().since(begun);
        let after = self.micros(command, answers.pop())?;
        let before = self.micros(command, Some(answers.remove(0)))?;
        // Where that clock was stepped between the looks, ours still bounds it.
        let busy = after.checked_sub(before).map_or(whole, Duration::from_micros).min(whole);
        self.shared.meters.busy(command, busy);
        let at = WallTime::from_unix_ms(i64::try_from(before / 1000).unwrap_or(i64::MAX));
        Ok(Timed { answers, work: Work { sent: begun, busy, at } })
    }

    /// Sends commands together, each with a time of its own: Redis' clock is read between them as well.
    pub(crate) async fn send_each_timed<const N: usize>(
        &self,
        commands: [(Command, Cmd); N],
    ) -> Result<Vec<(Value, Work)>, StoreError> {
        let mut sent = self.now();
        let names = commands.each_ref().map(|(name, _)| *name);
        let first = names.first().copied().unwrap_or(Command::Connect);
        let framed = std::iter::once(cmd("TIME"))
            .chain(commands.into_iter().flat_map(|(_, command)| [command, cmd("TIME")]));
        let answers = self.send(first, framed.collect()).await?;
        let whole = self.now().since(sent);
        let mut answers = answers.into_iter();
        let mut before = self.micros(first, answers.next())?;
        let mut timed = Vec::with_capacity(N);
        for name in names {
            let answer = answers.next().unwrap_or(Value::Nil);
            let after = self.micros(name, answers.next())?;
            let busy = after.checked_sub(before).map_or(whole, Duration::from_micros).min(whole);
            self.shared.meters.busy(name, busy);
            let at = WallTime::from_unix_ms(i64::try_from(before / 1000).unwrap_or(i64::MAX));
            timed.push((answer, Work { sent, busy, at }));
            (sent, before) = (sent.plus(busy), after);
        }
        Ok(timed)
    }

    /// The value, or the error that stands in its place.
    ///
    /// Some errors end the connection, since another one may reach a server that answers better: a name may lead
    /// elsewhere after a failover, and a user who has become unknown must be greeted anew.
    pub(crate) fn accept<'a>(&self, command: Command, value: &'a Value) -> Result<&'a Value, StoreError> {
        self.accept_of(command.as_str(), value)
    }

    /// As [`Self::accept`], for one of several commands that are measured together.
    pub(crate) fn accept_of<'a>(&self, name: &str, value: &'a Value) -> Result<&'a Value, StoreError> {
        let Value::ServerError(error) = value else { return Ok(value) };
        if ["READONLY", "MASTERDOWN", "NOAUTH"].contains(&error.code()) {
            self.give_up();
        }
        Err(self.shared.faults.refusal_of(name, error))
    }

    fn give_up(&self) {
        self.shared.broken.store(true, Ordering::Relaxed);
    }

    /// What its clock shows.
    pub(crate) async fn time(&self) -> Result<WallTime, StoreError> {
        let answer = self.send(Command::Look, vec![cmd("TIME")]).await?.pop();
        let micros = self.micros(Command::Look, answer)?;
        Ok(WallTime::from_unix_ms(i64::try_from(micros / 1000).unwrap_or(i64::MAX)))
    }

    fn micros(&self, command: Command, time: Option<Value>) -> Result<u64, StoreError> {
        let time = time.unwrap_or(Value::Nil);
        micros(self.accept(command, &time)?)
            .ok_or_else(|| self.shared.faults.form(command, "TIME as two numbers"))
    }

    fn now(&self) -> MonoTime {
        self.shared.clock.now().mono
    }
}

/// Microseconds since the epoch from the answer to TIME.
pub(crate) fn micros(time: &Value) -> Option<u64> {
    let [seconds, micros] = value::list(time)? else { return None };
    value::count(seconds)?.checked_mul(1_000_000)?.checked_add(value::count(micros)?)
}
