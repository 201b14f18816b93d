//! The producer whose latency is measured, as a process of its own: PING and JSON.SET every five milliseconds each.
//!
//! Open loop: each command has its moment, and what it takes counts from then on, so that a command which waits behind
//! another one shows the whole wait.

use std::io::Write as _;
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use redis::{Cmd, Connection, cmd};
use serde_json::{Value, json};

use crate::Failure;
use crate::latency::Latency;

/// From one command to the next of the same kind.
const PERIOD: Duration = Duration::from_millis(5);

/// The document that is written over and over. It has the texts of a message and none of the fields that count, so it
/// is indexed at about a message's cost and no total ever includes it.
pub(crate) const KEY: &str = "bench-redis-probe";

/// Connects and says `ready`; begins with the first line that it reads, ends with its input, and prints what it saw.
pub(crate) fn run(url: &str) -> Result<(), Failure> {
    let client = redis::Client::open(url)?;
    let (ping, set) = (cmd("PING"), write());
    let (mut pings, mut sets) = (client.get_connection()?, client.get_connection()?);
    // The first of each is dearer than the others.
    ping.exec(&mut pings)?;
    set.exec(&mut sets)?;
    say("ready")?;
    let mut line = String::new();
    if std::io::stdin().read_line(&mut line)? == 0 {
        return Ok(());
    }
    let over = OnceLock::new();
    let begin = Instant::now();
    let (pings, sets) = thread::scope(|scope| {
        let pings = scope.spawn(|| repeat(&mut pings, &ping, begin, &over));
        // Half a period apart, so that neither waits for the other.
        let sets = scope.spawn(|| repeat(&mut sets, &set, begin + PERIOD / 2, &over));
        // An error is an end as well.
        let _ = std::io::stdin().read_line(&mut line);
        let _ = over.set(Instant::now());
        (pings.join(), sets.join())
    });
    let joined = |outcome: thread::Result<_>| outcome.map_err(|_| "a thread of the probe panicked");
    let (pings, sets) = (joined(pings)??, joined(sets)??);
    say(&json!({"ping": Latency::of(pings).to_json(), "set": Latency::of(sets).to_json()}).to_string())
}

/// Sends the command at its moments, of which those before the end are all waited for.
fn repeat(
    connection: &mut Connection,
    command: &Cmd,
    begin: Instant,
    over: &OnceLock<Instant>,
) -> Result<Vec<Duration>, redis::RedisError> {
    let mut took = Vec::new();
    let mut due = begin;
    loop {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        if over.get().is_some_and(|over| due > *over) {
            return Ok(took);
        }
        command.exec(connection)?;
        took.push(due.elapsed());
        due += PERIOD;
    }
}

/// The command that writes the probe's document.
pub(crate) fn write() -> Cmd {
    let document: Value = json!({
        "title": "Deployment completed",
        "message": "Build 1337 passed all stages: lint, test, build, scan, push",
        "author": "ops-bot",
        "tags": "ci,build,success",
    });
    cmd("JSON.SET").arg(KEY).arg(".").arg(document.to_string()).take()
}

fn say(line: &str) -> Result<(), Failure> {
    let mut output = std::io::stdout().lock();
    writeln!(output, "{line}")?;
    Ok(output.flush()?)
}
