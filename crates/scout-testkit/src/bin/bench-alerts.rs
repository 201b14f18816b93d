//! How long it takes from a message that crosses a threshold to the receiver's POST.
//!
//! `cargo xtask bench-alerts` runs this. Each message is of a system of its own, and the rule tells systems apart, so each
//! raises an alert. They come at random moments, so that none of them waits for a cycle longer than the others.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "talks to a developer at a terminal")]
#![expect(clippy::disallowed_methods, reason = "a measurement of time")]

use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::time::{Duration, SystemTime};

use clap::Parser;
use redis::cmd;
use scout_testkit::{Generation, Recorder, RedisServer, create_index};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinSet;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// How long until nothing is missing of what rules look at.
const SETTLES: Duration = Duration::from_secs(5);

/// How long the longest may take.
const PATIENCE: Duration = Duration::from_secs(30);

const RULES: &str = r#"
[[rules]]
name = "Each"
threshold = 1
group_by = ["system"]
limit = 1000

[receivers.measured]
kind = "pitcher"
url = "URL"
max_per_minute = 6000
"#;

/// Measures the time from a message to its alert.
#[derive(Debug, Parser)]
struct Arguments {
    /// The program to measure.
    #[arg(long)]
    scout: PathBuf,
    /// How many alerts.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=1000))]
    alerts: u32,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(&Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench-alerts: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let redis = RedisServer::start().await?;
    let mut connection = redis.connection().await?;
    create_index(&mut connection, "messages", Generation::D).await?;
    let receiver = Recorder::start().await?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("scout.toml");
    std::fs::write(&file, RULES.replace("URL", &receiver.url("")))?;
    let _scout = start(&arguments.scout, &redis.url(), &file).await?;
    tokio::time::sleep(SETTLES).await;

    let mut latencies = Vec::new();
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    for number in 0..arguments.alerts {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        tokio::time::sleep(Duration::from_millis(100 + random % 400)).await;
        let document = format!(r#"{{"severity":"error","system":"system-{number}"}}"#);
        let key = format!("{:08x}-0000-4000-8000-{number:012x}-system-{number}", random & 0xffff_ffff);
        let sent = SystemTime::now();
        let () = cmd("JSON.SET").arg(&key).arg(".").arg(document).query_async(&mut connection).await?;
        let () = cmd("XADD")
            .arg(&["messages", "MAXLEN", "10000", "*", "messageID", &key])
            .query_async(&mut connection)
            .await?;
        let waiting = receiver.wait_for(number as usize + 1);
        let requests = tokio::time::timeout(PATIENCE, waiting).await.map_err(|_| "an alert did not come")?;
        let last = requests.last().ok_or("an alert did not come")?;
        latencies.push(last.at.duration_since(sent)?);
    }
    latencies.sort_unstable();
    let at =
        |part: usize| latencies[(latencies.len() * part / 1000).min(latencies.len() - 1)].as_secs_f64() * 1e3;
    println!("from JSON.SET to the receiver's POST, {} alerts, default settings:", latencies.len());
    println!("p50 {:.0} ms, p90 {:.0} ms, p99 {:.0} ms, most {:.0} ms", at(500), at(900), at(990), at(1000));
    Ok(())
}

/// A running `scout`, whose output is read and thrown away. Killed when dropped.
struct Scout {
    _child: Child,
    _output: JoinSet<()>,
}

/// Starts it, and waits until it judges.
async fn start(program: &Path, url: &str, file: &Path) -> Result<Scout, Failure> {
    let mut child = Command::new(program)
        .env_clear()
        .envs([("REDIS_URL", url), ("SCOUT_LISTEN", "127.0.0.1"), ("PORT", "0")])
        .env("SCOUT_CONFIG", file)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let mut lines = BufReader::new(child.stdout.take().ok_or("scout has no output")?).lines();
    while let Some(line) = lines.next_line().await? {
        if line.contains("\"judging rules\"") {
            let mut output = JoinSet::new();
            output.spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return Ok(Scout { _child: child, _output: output });
        }
    }
    Err("scout ended before it judged".into())
}
