//! The real binary, with default settings but for where it listens and logs.

use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::task::JoinSet;

use crate::Failure;
use crate::process::Resident;
use crate::web::Web;

/// How long anything may take that Scout is waited for.
const PATIENCE: Duration = Duration::from_secs(600);

/// How often it is asked whether it has counted.
const POLL: Duration = Duration::from_millis(5);

/// The most lines that are kept of what it warns of.
const WARNINGS: usize = 20;

/// A running `scout`. Killed when dropped.
pub(crate) struct Scout {
    child: Child,
    pub(crate) web: Web,
    warnings: Arc<Mutex<Vec<String>>>,
    _log: JoinSet<()>,
}

impl Scout {
    /// Starts it, and waits until it listens.
    pub(crate) async fn start(program: &Path, url: &str, more: &[(&str, &str)]) -> Result<Self, Failure> {
        let mut child = Command::new(program)
            .arg("serve")
            .env_clear()
            .envs([("REDIS_URL", url), ("SCOUT_LISTEN", "127.0.0.1"), ("PORT", "0"), ("LOG_FORMAT", "json")])
            .envs(more.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("{}: {error}", program.display()))?;
        let output = child.stdout.take().ok_or("scout has no output")?;
        let mut lines = BufReader::new(output).lines();
        let port = port(&mut lines).await?;
        let warnings = Arc::new(Mutex::new(Vec::new()));
        let mut log = JoinSet::new();
        log.spawn(keep_warnings(lines, Arc::clone(&warnings)));
        Ok(Self { child, web: Web::connect(port).await?, warnings, _log: log })
    }

    /// Waits until it counts so many messages or more; how long that took.
    pub(crate) async fn counts(&mut self, total: u64) -> Result<Duration, Failure> {
        let begin = Instant::now();
        loop {
            let counted = self.web.total().await?;
            if counted.is_some_and(|counted| counted >= total) {
                return Ok(begin.elapsed());
            }
            if begin.elapsed() > PATIENCE {
                return Err(format!("scout counts {counted:?} messages of {total}").into());
            }
            tokio::time::sleep(POLL).await;
        }
    }

    pub(crate) fn resident(&self) -> Result<Resident, Failure> {
        Resident::of(self.id()?)
    }

    /// Its process.
    pub(crate) fn id(&self) -> Result<u32, Failure> {
        Ok(self.child.id().ok_or("scout has ended")?)
    }

    /// What it has warned of so far.
    pub(crate) fn warnings(&self) -> Vec<String> {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sends it a signal by its name.
    pub(crate) async fn signal(&self, name: &str) -> Result<(), Failure> {
        let id = self.id()?.to_string();
        let status = Command::new("sh")
            .args(["-c", r#"kill -s "$1" "$2""#, "bench-redis", name, &id])
            .status()
            .await?;
        if status.success() { Ok(()) } else { Err(format!("cannot send SIG{name} to scout").into()) }
    }

    /// Ends it and waits until it is gone.
    pub(crate) async fn stop(mut self) -> Result<(), Failure> {
        Ok(self.child.kill().await?)
    }
}

/// The port that it tells it listens on.
async fn port(lines: &mut Lines<BufReader<ChildStdout>>) -> Result<u16, Failure> {
    while let Some(line) = lines.next_line().await? {
        let line: Value = serde_json::from_str(&line).unwrap_or_default();
        if line["msg"] == "server starting"
            && let Some(port) = line["port"].as_u64()
        {
            return Ok(u16::try_from(port)?);
        }
    }
    Err("scout ended before it listened".into())
}

async fn keep_warnings(mut lines: Lines<BufReader<ChildStdout>>, warnings: Arc<Mutex<Vec<String>>>) {
    while let Ok(Some(line)) = lines.next_line().await {
        let is_one = line.contains(r#""level":"WARN""#) || line.contains(r#""level":"ERROR""#);
        let mut kept = warnings.lock().unwrap_or_else(PoisonError::into_inner);
        if is_one && kept.len() < WARNINGS {
            kept.push(line);
        }
    }
}
