//! Starts the binary, and talks to it as a client would.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;

/// How long something that has to happen may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(25);

/// A running `scout`. Killed when dropped.
pub(crate) struct Scout {
    child: Child,
    log: Arc<Mutex<Vec<String>>>,
    reader: Option<JoinHandle<()>>,
    pub(crate) port: u16,
}

/// An answer, read to the end of the connection.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {:?}", self.body))
    }
}

/// The command with nothing in its environment but `variables`.
pub(crate) fn command(arguments: &[&str], variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scout"));
    command.args(arguments).env_clear().envs(variables.iter().copied());
    command
}

impl Scout {
    /// Starts `scout` on a free port and waits until it listens and counts.
    pub(crate) async fn start(variables: &[(&str, &str)]) -> Self {
        Self::start_command(&[], variables).await
    }

    pub(crate) async fn start_command(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        Self::start_process(command(arguments, variables)).await
    }

    /// The same for a command that goes on with what it has been told.
    pub(crate) async fn start_process(mut command: Command) -> Self {
        let mut child = command
            .env("PORT", "0")
            .env("SCOUT_LISTEN", "127.0.0.1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let reader = std::thread::spawn({
            let log = Arc::clone(&log);
            move || lines.map_while(Result::ok).for_each(|line| log.lock().unwrap().push(line))
        });
        let mut scout = Self { child, log, reader: Some(reader), port: 0 };
        scout.port = scout.eventually("the listener", Self::logged_port).await;
        scout.eventually("the cycles", |scout| scout.logged("aggregator started").pop()).await;
        scout
    }

    fn logged_port(&self) -> Option<u16> {
        let started = self.logged("server starting").into_iter().next()?;
        u16::try_from(started["port"].as_u64()?).ok()
    }

    /// What standard output has so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    /// The log lines with this message.
    pub(crate) fn logged(&self, message: &str) -> Vec<Value> {
        let lines = self.lines();
        let parsed = lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        parsed.filter(|line| line["msg"] == message).collect()
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.request("GET", path, &[], "")
    }

    pub(crate) fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        request(self.port, method, path, headers, body)
    }

    /// Waits until this yields something.
    ///
    /// # Panics
    /// If it does not within a generous time.
    pub(crate) async fn eventually<T>(&self, what: &str, mut look: impl FnMut(&Self) -> Option<T>) -> T {
        let waiting = async {
            loop {
                if let Some(seen) = look(self) {
                    return seen;
                }
                tokio::time::sleep(POLL).await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting)
            .await
            .unwrap_or_else(|_| panic!("no sign of {what}; the log:\n{}", self.lines().join("\n")))
    }

    /// Waits until the path answers so.
    pub(crate) async fn answers(&self, path: &str, wanted: impl Fn(&Answer) -> bool) -> Answer {
        self.eventually(path, |scout| Some(scout.get(path)).filter(|answer| wanted(answer))).await
    }

    /// Waits until the summary counts so many messages, not stale.
    pub(crate) async fn counts(&self, total: u64) -> Value {
        let fresh = |summary: &Value| summary["totalMessages"] == total && summary.get("stale").is_none();
        let answer =
            self.answers("/analytics/summary", |answer| answer.status == 200 && fresh(&answer.json())).await;
        answer.json()
    }

    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        signal(&self.child, name);
    }

    /// Waits for the end of the process and of its output.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        let waiting = async {
            loop {
                if let Some(status) = self.child.try_wait().unwrap() {
                    return status;
                }
                tokio::time::sleep(POLL).await;
            }
        };
        let status = tokio::time::timeout(PATIENCE, waiting).await.expect("the process ends");
        self.reader.take().map(JoinHandle::join).transpose().expect("the reader ends");
        status
    }
}

impl Drop for Scout {
    fn drop(&mut self) {
        // Fails only if it has ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Sends a signal by its name.
pub(crate) fn signal(child: &Child, name: &str) {
    let status = Command::new("kill").args(["-s", name, &child.id().to_string()]).status().unwrap();
    assert!(status.success());
}

/// A service over an embedded store that is empty.
pub(crate) async fn open_service() -> (tempfile::TempDir, Scout) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().display().to_string();
    let scout =
        Scout::start(&[("SCOUT_STORE", "embedded"), ("SCOUT_DATA", &data), ("SCOUT_INTERVAL", "1s")]).await;
    (folder, scout)
}

/// One request on a connection of its own.
pub(crate) fn request(port: u16, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let headers =
        headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect::<Vec<_>>().concat();
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: scout\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    )
    .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head: head.to_lowercase(), body: body.to_owned() }
}
