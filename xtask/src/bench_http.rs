//! `cargo xtask bench-http`: what a request costs the real binary.

mod client;
mod events;
mod process;

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::thread;
use std::time::Duration;

use clap::Args;

use client::Client;
use process::Server;

use crate::release;

/// Measures the CPU time that a request costs the service, with a bare hyper that answers the same bytes beside it.
///
/// Both run as processes of their own over loopback, with the embedded store behind the service, and are asked in
/// turns, so that whatever else the machine does meets both; shown are medians over the turns. CPU time is user and
/// system time as `/proc` tells it.
#[derive(Debug, Args)]
pub(crate) struct BenchHttp {
    /// Requests for each cached answer to each server; scrapes and pitches are a tenth as many.
    #[arg(long, default_value_t = 200_000)]
    requests: usize,
    /// Measure binaries that are built already, in `target/release`.
    #[arg(long)]
    no_build: bool,
    /// Measure something else: 1,000 clients of `/events` of whom 100 never read, at four publications a second.
    #[arg(long)]
    events: bool,
    /// How long each part of that takes, in seconds.
    #[arg(long, default_value_t = 100, requires = "events")]
    seconds: u64,
}

/// Requests under way at the same time, where a case says nothing else.
const AT_ONCE: usize = 16;

/// How often the servers take turns.
const TURNS: usize = 25;

/// Messages in the store while it is measured, of this many systems.
const MESSAGES: usize = 2_000;
const SYSTEMS: usize = 40;
const SEVERITIES: [&str; 5] = ["info", "success", "warning", "error", "critical"];

const BODY: &str = "{\"title\":\"Deployment finished\",\"message\":\"payments is at revision 7c1f2e and healthy\",\
                    \"severity\":\"success\",\"author\":\"bench\",\"system\":\"flux\",\"tags\":\"bench,deployment\"}";

/// A request that is measured.
struct Case {
    name: &'static str,
    request: String,
    /// One in how many of the asked number.
    share: usize,
    /// How many are under way at the same time.
    at_once: usize,
    /// The most that it should cost.
    aim: Aim,
}

enum Aim {
    /// So many times the bare server's.
    Ratio(f64),
    Micros(f64),
}

/// What a request cost, in microseconds of CPU time.
struct Cost {
    scout: f64,
    bare: f64,
    /// Of the two in the same turn, so that a machine that is slower for a while does not count.
    ratio: f64,
}

pub(crate) fn run(bench: &BenchHttp) -> io::Result<ExitCode> {
    if !bench.no_build {
        release::build(&["-p", "scout-bin", "--bin", "scout"])?;
        if !bench.events {
            release::build(&["-p", "scout-benches", "--example", "bare_hyper"])?;
        }
    }
    let folder = Folder::new()?;
    let severities = if bench.events { events::severities() } else { SEVERITIES.map(str::to_owned).to_vec() };
    seed(&folder.0, &severities)?;
    let scout = start(&folder.0, "1h")?;
    let first_answer = scout.first_answer();
    await_snapshot(&scout)?;
    if bench.events {
        let table = events::measure(&scout, Duration::from_secs(bench.seconds))?;
        io::stdout().lock().write_all(table.as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    }
    let resident = scout.resident_bytes()?;
    let mut table = format!(
        "first answer {:.1} ms after the start, {:.1} MB resident with {MESSAGES} messages counted\n\n\
         {:<24} {:>9} {:>9} {:>7}   aim\n",
        first_answer.as_secs_f64() * 1e3,
        bytes_to_mb(resident),
        "µs of CPU/request",
        "scout",
        "bare",
        "ratio",
    );
    for case in cases() {
        let cost = measure(&scout, &case, bench.requests / case.share, &folder.0)?;
        let Cost { scout: ours, bare, ratio } = cost;
        let (aim, met) = match case.aim {
            Aim::Ratio(most) => (format!("{most:.2} times bare"), ratio <= most),
            Aim::Micros(most) => (format!("{most:.0} µs"), ours <= most),
        };
        let verdict = if met { "met" } else { "missed" };
        // Writing to a string cannot fail.
        let _ = writeln!(table, "{:<24} {ours:>9.2} {bare:>9.2} {ratio:>7.2}   {aim}: {verdict}", case.name);
    }
    io::stdout().lock().write_all(table.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn cases() -> Vec<Case> {
    let get = |name: &'static str, path: &str, headers: &str| Case {
        name,
        request: format!("GET {path} HTTP/1.1\r\nhost: scout\r\n{headers}\r\n"),
        share: 1,
        at_once: AT_ONCE,
        aim: Aim::Ratio(1.1),
    };
    // The more callers wait, the more share a commit.
    let intake =
        |name, at_once| Case { name, request: pitch(BODY), share: 10, at_once, aim: Aim::Micros(30.0) };
    let scrape = |case: Case| Case { share: 10, aim: Aim::Micros(50.0), ..case };
    vec![
        get("/analytics/summary", "/analytics/summary", ""),
        get("/analytics/systems", "/analytics/systems", ""),
        get("/analytics/alerts", "/analytics/alerts", ""),
        get("/health", "/health", ""),
        scrape(get("/metrics", "/metrics", "")),
        scrape(get("/metrics, gzip", "/metrics", "accept-encoding: gzip\r\n")),
        intake("POST /pitch", AT_ONCE),
        intake("POST /pitch, 64 at once", 64),
    ]
}

fn pitch(body: &str) -> String {
    format!("POST /pitch HTTP/1.1\r\nhost: scout\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

/// Fills a store, by the front door.
fn seed(folder: &Path, severities: &[String]) -> io::Result<()> {
    let scout = start(folder, "1h")?;
    let mut client = Client::connect(scout.address(), AT_ONCE)?;
    for round in 0..MESSAGES / SYSTEMS {
        let requests = (0..SYSTEMS).map(|system| {
            let severity = &severities[(round + system) % severities.len()];
            pitch(&BODY.replace("\"flux\"", &format!("\"cluster-{system:02}\"")).replace("success", severity))
        });
        client.ask(&requests.collect::<Vec<_>>())?;
    }
    Ok(())
}

fn start(folder: &Path, interval: &str) -> io::Result<Server> {
    let mut command = Command::new(release::path("scout")?);
    command.arg("serve").env_clear().envs([
        ("SCOUT_STORE", "embedded"),
        ("SCOUT_INTERVAL", interval),
        ("SCOUT_LISTEN", "127.0.0.1"),
        ("LOG_LEVEL", "error"),
    ]);
    command.env("SCOUT_DATA", folder.join("store"));
    Server::start_at_free_port(command)
}

fn await_snapshot(scout: &Server) -> io::Result<()> {
    let request = "GET /readyz HTTP/1.1\r\nhost: scout\r\n\r\n".to_owned();
    let mut client = Client::connect(scout.address(), 1)?;
    for _ in 0..500 {
        if client.one(&request)?.starts_with(b"HTTP/1.1 200") {
            return Ok(());
        }
        #[expect(clippy::disallowed_methods, reason = "nothing here is asynchronous")]
        thread::sleep(Duration::from_millis(20));
    }
    Err(io::Error::new(io::ErrorKind::TimedOut, "the service counts nothing"))
}

/// Asks both servers in turns.
fn measure(scout: &Server, case: &Case, requests: usize, folder: &Path) -> io::Result<Cost> {
    let mut client = Client::connect(scout.address(), case.at_once)?;
    let canned = folder.join("answer");
    fs::write(&canned, client.one(&case.request)?)?;
    let mut command = Command::new(release::path("examples/bare_hyper")?);
    command.arg(&canned);
    let bare = Server::start_that_says_where(command)?;
    let mut bare_client = Client::connect(bare.address(), case.at_once)?;
    let batch = vec![case.request.clone(); case.at_once];
    let rounds = (requests / TURNS / batch.len()).max(1);
    let asked = f64::from(u32::try_from(rounds * batch.len()).unwrap_or(u32::MAX));
    let micros = |time: Duration| time.as_secs_f64() * 1e6 / asked;
    let mut turns = Vec::with_capacity(TURNS);
    for turn in 0..=TURNS {
        let ours = scout.cpu_time_of(|| (0..rounds).try_for_each(|_| client.ask(&batch)))?;
        let theirs = bare.cpu_time_of(|| (0..rounds).try_for_each(|_| bare_client.ask(&batch)))?;
        // The first turn warms both up.
        if turn > 0 {
            turns.push((micros(ours), micros(theirs)));
        }
    }
    Ok(Cost {
        scout: median(turns.iter().map(|turn| turn.0)),
        bare: median(turns.iter().map(|turn| turn.1)),
        ratio: median(turns.iter().map(|turn| turn.0 / turn.1)),
    })
}

/// The middle one: a turn in which the machine had something else to do moves it little.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

fn bytes_to_mb(bytes: u64) -> f64 {
    Duration::from_micros(bytes).as_secs_f64()
}

/// A folder that goes when the measurement ends.
struct Folder(PathBuf);

impl Folder {
    fn new() -> io::Result<Self> {
        let folder = std::env::temp_dir().join(format!("scout-bench-http-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed is in the system's folder for such things.
        drop(fs::remove_dir_all(&self.0));
    }
}
