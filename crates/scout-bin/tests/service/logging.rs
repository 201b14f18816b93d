//! A log whose reader does not keep up.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::scout::{command, request};

/// More than a pipe and the lines that may wait behind it take together, at this length of a path.
const REQUESTS: u64 = 600;
const PATH_BYTES: usize = 4096;

const PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(25);

/// A `scout` that logs all it does into a pipe which the test reads when it likes. Killed when dropped.
struct Unread {
    child: Child,
    /// None once the test has closed it.
    log: Option<BufReader<ChildStdout>>,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Unread {
    /// Starts it, and reads no further than to the port.
    fn start(format: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut child = command(&[], &[("SCOUT_STORE", "embedded"), ("LOG_LEVEL", "debug")])
            .env("SCOUT_DATA", folder.path())
            .env("LOG_FORMAT", format)
            .env("PORT", "0")
            .env("SCOUT_LISTEN", "127.0.0.1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let log = child.stdout.take().map(BufReader::new);
        let mut unread = Self { child, log, port: 0, _folder: folder };
        let line = unread.line_with("server starting");
        let digits = line.split_once("port").unwrap().1.trim_start_matches(['"', ':', '=']);
        unread.port = digits.split(|letter: char| !letter.is_ascii_digit()).next().unwrap().parse().unwrap();
        unread
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.log.as_mut().unwrap().read_line(&mut line).unwrap();
        assert!(line.ends_with('\n'), "the log ended with {line:?}");
        line
    }

    fn line_with(&mut self, text: &str) -> String {
        loop {
            let line = self.line();
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Makes requests until their lines cannot all be kept.
    fn flood(&self) {
        for number in 0..REQUESTS {
            self.ask(number);
        }
    }

    /// A request that the log will show by its number.
    fn ask(&self, number: u64) {
        let path = format!("/{number}/{}", "x".repeat(PATH_BYTES));
        assert_eq!(request(self.port, "GET", &path, &[], "").status, 404);
    }

    fn terminate(&self) {
        let status = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(status.success());
    }

    async fn ended(&mut self) -> ExitStatus {
        let waiting = async {
            loop {
                if let Some(status) = self.child.try_wait().unwrap() {
                    return status;
                }
                tokio::time::sleep(POLL).await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.expect("the process ends")
    }
}

impl Drop for Unread {
    fn drop(&mut self) {
        // Fails only if it has ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[tokio::test]
async fn a_log_that_nobody_reads_stops_neither_answers_nor_the_end() {
    let mut scout = Unread::start("json");
    scout.flood();
    assert_eq!(request(scout.port, "GET", "/health", &[], "").status, 200);
    scout.terminate();
    assert_eq!(scout.ended().await.code(), Some(0));
}

#[tokio::test]
async fn a_reader_that_comes_back_finds_whole_lines_in_order_and_the_number_of_those_dropped() {
    let mut scout = Unread::start("json");
    scout.flood();
    let mut numbers = Vec::new();
    let dropped = loop {
        let line = scout.line();
        let line: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        if line["msg"] == "log lines were dropped" {
            assert_eq!(line["level"], "WARN");
            break line["dropped"].as_u64().unwrap();
        }
        if line["msg"] == "request" {
            let number = line["path"].as_str().unwrap().split('/').nth(1).unwrap();
            numbers.push(number.parse::<u64>().unwrap());
        }
    };
    let kept = numbers.len() as u64;
    assert_eq!(numbers, (0..kept).collect::<Vec<_>>());
    // Lines about other things than requests may be missing too.
    assert!(kept < REQUESTS && dropped >= REQUESTS - kept, "{kept} kept, {dropped} dropped");

    scout.ask(REQUESTS);
    scout.line_with(&format!("\"/{REQUESTS}/"));
    scout.terminate();
    // The last words are written before the process ends.
    scout.line_with("shutdown complete");
    assert_eq!(scout.ended().await.code(), Some(0));
}

#[tokio::test]
async fn dropped_lines_are_told_in_the_format_in_force() {
    let mut scout = Unread::start("text");
    scout.flood();
    let line = scout.line_with("log lines were dropped");
    assert!(line.contains(" level=WARN msg=\"log lines were dropped\" dropped="), "{line}");
}

#[tokio::test]
async fn a_log_whose_reader_is_gone_does_not_end_the_service() {
    let mut scout = Unread::start("json");
    scout.log = None;
    for number in 0..10 {
        scout.ask(number);
    }
    scout.terminate();
    assert_eq!(scout.ended().await.code(), Some(0));
}
