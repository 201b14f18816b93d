//! The probe as seen from here.

use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use crate::Failure;
use crate::latency::Latency;

/// How long the probe may take to connect, and to have the answers that it waits for at its end.
const PATIENCE: Duration = Duration::from_secs(120);

/// A producer next door. Its input ends with us, and so does it.
pub(crate) struct Neighbour {
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    child: Child,
}

/// What a producer sees.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    pub(crate) ping: Latency,
    pub(crate) set: Latency,
}

impl Neighbour {
    /// Starts a probe that is connected and waits.
    pub(crate) async fn start(url: &str) -> Result<Self, Failure> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["probe", "--url", url])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let input = child.stdin.take().ok_or("the probe has no input")?;
        let output = child.stdout.take().ok_or("the probe has no output")?;
        let mut neighbour = Self { input, output: BufReader::new(output).lines(), child };
        neighbour.line().await?;
        Ok(neighbour)
    }

    pub(crate) async fn begin(&mut self) -> Result<(), Failure> {
        Ok(self.input.write_all(b"go\n").await?)
    }

    /// Ends it, and returns what it saw.
    pub(crate) async fn end(mut self) -> Result<Seen, Failure> {
        // A line ends it as the end of its input does.
        self.input.write_all(b"over\n").await?;
        let seen: Value = serde_json::from_str(&self.line().await?)?;
        self.child.wait().await?;
        Ok(Seen { ping: Latency::from_json(&seen["ping"])?, set: Latency::from_json(&seen["set"])? })
    }

    async fn line(&mut self) -> Result<String, Failure> {
        let line = timeout(PATIENCE, self.output.next_line()).await??;
        Ok(line.ok_or("the probe ended before its time")?)
    }
}
