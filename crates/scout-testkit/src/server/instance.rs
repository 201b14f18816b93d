//! A server of a test's own.

use std::fmt::Write;
use std::io;
use std::path::Path;
use std::time::Duration;

use redis::AsyncConnectionConfig;
use redis::aio::MultiplexedConnection;
use tempfile::TempDir;

use super::process::{OUTPUT, Process, Signal};
use super::{Builder, Installation, ServerError, clock, port};

/// How long a server may take to answer, or to end.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often it is asked.
const POLL: Duration = Duration::from_millis(5);
/// How many ports are tried when others keep taking them.
const PORTS: usize = 10;

/// A Redis of a test's own: on a loopback port, in a folder of its own, gone when dropped or when the process dies.
#[derive(Debug)]
pub struct RedisServer {
    installation: Installation,
    settings: Builder,
    port: u16,
    // Dropped before the process, whose watchdog removes it as long as it is there.
    folder: TempDir,
    process: Process,
}

impl RedisServer {
    /// A server that is yet to be started.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// One with both modules and without a password.
    pub async fn start() -> Result<Self, ServerError> {
        Self::builder().start().await
    }

    pub(super) async fn launch(installation: Installation, settings: Builder) -> Result<Self, ServerError> {
        installation.allows(settings.modules)?;
        for _ in 0..PORTS {
            let Some(port) = port::free() else { break };
            let folder = tempfile::Builder::new().prefix("scout-redis-").tempdir()?;
            let mut process = run(&installation, &settings, port, folder.path())?;
            let answer = answer(&mut process, &installation, &settings, port, folder.path()).await;
            match answer {
                Ok(()) => return Ok(Self { installation, settings, port, folder, process }),
                Err(error) if is_port_taken(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Err(ServerError::NoPort(PORTS))
    }

    /// The address for clients, with the password if there is one: `redis://:secret@127.0.0.1:6379/`.
    pub fn url(&self) -> String {
        url(&self.settings, self.port)
    }

    /// Its loopback port; stays the same over restarts.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The number of its process, the last one if it has ended.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What it has logged since its first start.
    pub fn log(&self) -> String {
        log(self.folder.path())
    }

    /// Whether its process is there, paused or not.
    pub fn is_running(&mut self) -> bool {
        matches!(self.process.status(), Ok(None))
    }

    /// A connection without time limit on answers. After a restart, take a new one.
    pub async fn connection(&self) -> Result<MultiplexedConnection, redis::RedisError> {
        connect(&self.url()).await
    }

    /// Ends it in order (SIGTERM) and waits until it is gone.
    pub async fn stop(&mut self) -> Result<(), ServerError> {
        if self.is_running() {
            self.process.signal(Signal::Terminate)?;
            // A paused process would get to know only later.
            self.process.signal(Signal::Continue)?;
            if tokio::time::timeout(PATIENCE, self.process.ended()).await.is_err() {
                self.process.kill()?;
            }
        }
        Ok(())
    }

    /// Ends it at once (SIGKILL) and waits until it is gone.
    pub fn kill(&mut self) -> Result<(), ServerError> {
        Ok(self.process.kill()?)
    }

    /// Holds it (SIGSTOP): connections stay, nothing is answered.
    pub fn pause(&self) -> Result<(), ServerError> {
        Ok(self.process.signal(Signal::Stop)?)
    }

    /// Lets it run on after [`Self::pause`].
    pub fn resume(&self) -> Result<(), ServerError> {
        Ok(self.process.signal(Signal::Continue)?)
    }

    /// Sets its wall clock so many seconds ahead of this machine's, or behind, from now on; what measures time for it
    /// goes on as it was. It needs to have been started with [`Builder::own_clock`].
    pub fn set_clock(&self, ahead_seconds: i64) -> Result<(), ServerError> {
        Ok(clock::set(self.folder.path(), ahead_seconds)?)
    }

    /// Stops it if it runs, and starts it on the same port and in the same folder.
    pub async fn restart(&mut self) -> Result<(), ServerError> {
        self.restart_with(|settings| settings).await
    }

    /// As [`Self::restart`], with other settings: another password, other modules.
    pub async fn restart_with(&mut self, change: impl FnOnce(Builder) -> Builder) -> Result<(), ServerError> {
        self.stop().await?;
        self.settings = change(self.settings.clone());
        self.installation.allows(self.settings.modules)?;
        for _ in 0..PORTS {
            // The former process' watchdog ends here, when the next one has begun.
            self.process = run(&self.installation, &self.settings, self.port, self.folder.path())?;
            let folder = self.folder.path();
            match answer(&mut self.process, &self.installation, &self.settings, self.port, folder).await {
                // Somebody's short-lived connection may hold the port for a moment.
                Err(error) if is_port_taken(&error) => tokio::time::sleep(Duration::from_millis(100)).await,
                result => return result,
            }
        }
        Err(ServerError::NoPort(PORTS))
    }
}

/// Connects without time limit on answers, so that a test may ask for anything.
pub(super) async fn connect(url: &str) -> Result<MultiplexedConnection, redis::RedisError> {
    let config =
        AsyncConnectionConfig::new().set_response_timeout(None).set_connection_timeout(Some(PATIENCE));
    redis::Client::open(url)?.get_multiplexed_async_connection_with_config(&config).await
}

fn url(settings: &Builder, port: u16) -> String {
    let mut credentials = String::new();
    if let Some(password) = &settings.password {
        credentials.push(':');
        for byte in password.bytes() {
            if byte.is_ascii_alphanumeric() {
                credentials.push(char::from(byte));
            } else {
                let _ = write!(credentials, "%{byte:02X}");
            }
        }
        credentials.push('@');
    }
    format!("redis://{credentials}127.0.0.1:{port}/")
}

fn run(installation: &Installation, settings: &Builder, port: u16, folder: &Path) -> io::Result<Process> {
    let file = folder.join("redis.conf");
    std::fs::write(&file, settings.configuration(installation, port, folder))?;
    let file = file.to_string_lossy().into_owned();
    if !settings.own_clock {
        return Process::start(&installation.program, &[file], folder);
    }
    let program = installation.program.to_string_lossy().into_owned();
    let arguments = clock::environment(folder)?.into_iter().chain([program, file]).collect::<Vec<_>>();
    Process::start(Path::new("/usr/bin/env"), &arguments, folder)
}

/// Waits until this very process answers; another one may have taken the port in the meantime.
async fn answer(
    process: &mut Process,
    installation: &Installation,
    settings: &Builder,
    port: u16,
    folder: &Path,
) -> Result<(), ServerError> {
    let url = url(settings, port);
    let ready = async {
        loop {
            if let Some(status) = process.status()? {
                return Err(ServerError::Ended {
                    program: installation.to_string(),
                    status: status.to_string(),
                    log: last_lines(&log(folder)),
                });
            }
            if process_id(&url).await.is_some_and(|id| id == process.id()) {
                return Ok(());
            }
            tokio::time::sleep(POLL).await;
        }
    };
    match tokio::time::timeout(PATIENCE, ready).await {
        Ok(result) => result,
        Err(_) => Err(ServerError::Silent {
            program: installation.to_string(),
            seconds: PATIENCE.as_secs(),
            log: last_lines(&log(folder)),
        }),
    }
}

/// The number of the process that answers there and is done loading.
async fn process_id(url: &str) -> Option<u32> {
    let mut connection = connect(url).await.ok()?;
    let _: String = redis::cmd("PING").query_async(&mut connection).await.ok()?;
    let info: String = redis::cmd("INFO").arg("server").query_async(&mut connection).await.ok()?;
    super::source::info_field(&info, "process_id")?.parse().ok()
}

fn is_port_taken(error: &ServerError) -> bool {
    matches!(error, ServerError::Ended { log, .. } if log.contains("Address already in use"))
}

pub(super) fn log(folder: &Path) -> String {
    std::fs::read(folder.join(OUTPUT))
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .unwrap_or_default()
}

pub(super) fn last_lines(log: &str) -> String {
    let lines: Vec<&str> = log.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(6)..].join("; ")
}
