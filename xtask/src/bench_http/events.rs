//! Many who listen on `/events`, some of whom never read: what the service and the others notice of it.

use std::fmt::Write as _;
use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use super::client::Client;
use super::process::Server;
use super::{BODY, bytes_to_mb, median, pitch};

/// As many as may listen at the same time (the binary has no key for it), and how many of them never read.
const CLIENTS: usize = 1000;
const SILENT: usize = 100;

/// Severities with names so long that events are large. These fill what the system keeps for a client that never reads, and
/// then the service meets it.
pub(super) fn severities() -> Vec<String> {
    (0..50).map(|number| format!("severity-{number:02}-{}", "x".repeat(400))).collect()
}

/// How often those who read do so.
const READ_EVERY: Duration = Duration::from_millis(20);

/// How often a message is pitched: twice as often as a cycle may begin early, so that none has to wait for news.
const PITCH_EVERY: Duration = Duration::from_millis(125);

/// How often the service is asked how it does: as often as there is a cycle.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// How long all of the clients may take to be let in.
const PATIENCE: Duration = Duration::from_secs(10);

const CYCLES: &str = "homerun2_scout_aggregation_duration_seconds_count ";
const LISTENING: &str = "homerun2_scout_http_event_clients ";
const SUM: &str = "homerun2_scout_cycle_phase_seconds{phase=\"sum\"} ";
const PUBLISH: &str = "homerun2_scout_cycle_phase_seconds{phase=\"publish\"} ";

/// A client that reads.
struct Reader {
    stream: TcpStream,
    last: u8,
    events: u64,
    bytes: usize,
}

impl Reader {
    /// Reads what there is, and counts the events that end in it.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        loop {
            match self.stream.read(buffer) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(read) => {
                    self.bytes += read;
                    for byte in &buffer[..read] {
                        // An event ends in an empty line, and its data has none.
                        self.events += u64::from([self.last, *byte] == *b"\n\n");
                        self.last = *byte;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }
}

/// What was seen in a stretch of time.
struct Seen {
    cycles: f64,
    sums: Vec<f64>,
    publishes: Vec<f64>,
    cpu: Duration,
    resident: u64,
    listening: f64,
    /// Events that each reader got.
    events: Vec<u64>,
    /// How much all of them got.
    bytes: usize,
}

/// Measures one after the other, for so long each: nobody listens; all do.
pub(super) fn measure(scout: &Server, time: Duration) -> io::Result<String> {
    let alone = watch(scout, &mut [], time)?;
    let (mut readers, silent) = listen(scout)?;
    let beside = watch(scout, &mut readers, time)?;
    drop(silent);
    let mut table = format!(
        "{:<42} {:>12} {:>12}\n",
        format!("/events, {:.0} s each", time.as_secs_f64()),
        "no client",
        format!("{CLIENTS} clients")
    );
    let mut row = |name: &str, value: &dyn Fn(&Seen) -> String| {
        // Writing to a string cannot fail.
        let _ = writeln!(table, "{name:<42} {:>12} {:>12}", value(&alone), value(&beside));
    };
    row("cycles a second", &|seen| format!("{:.2}", seen.cycles / time.as_secs_f64()));
    row("summing up, ms, median / longest", &|seen| points(&seen.sums));
    row("publishing, ms, median / longest", &|seen| points(&seen.publishes));
    row("CPU, ms a second", &|seen| format!("{:.1}", seen.cpu.as_secs_f64() * 1e3 / time.as_secs_f64()));
    row("resident, MB, most", &|seen| format!("{:.1}", bytes_to_mb(seen.resident)));
    row("clients that listen at the end", &|seen| format!("{:.0}", seen.listening));
    let least = beside.events.iter().min().copied().unwrap_or(0);
    let middle = median(beside.events.iter().map(|events| *events as f64));
    let size = beside.bytes as f64 / beside.events.iter().sum::<u64>().max(1) as f64;
    let _ = writeln!(
        table,
        "\nan event has {:.1} kB\n{SILENT} of the clients never read. Of {:.0} publications the others got: the least {least}, the middle one {middle:.0}",
        size / 1e3,
        beside.cycles
    );
    Ok(table)
}

fn points(seconds: &[f64]) -> String {
    let longest = seconds.iter().copied().fold(0.0, f64::max);
    format!("{:.2} / {:.2}", median(seconds.iter().copied()) * 1e3, longest * 1e3)
}

/// Connects those who read, and those who never will.
fn listen(scout: &Server) -> io::Result<(Vec<Reader>, Vec<TcpStream>)> {
    let connect = || {
        let mut stream = TcpStream::connect(scout.address())?;
        stream.write_all(b"GET /events HTTP/1.1\r\nhost: scout\r\n\r\n")?;
        Ok::<_, io::Error>(stream)
    };
    let silent = (0..SILENT).map(|_| connect()).collect::<io::Result<Vec<_>>>()?;
    let reader = |_| {
        let stream = connect()?;
        stream.set_nonblocking(true)?;
        Ok(Reader { stream, last: 0, events: 0, bytes: 0 })
    };
    let mut readers = (SILENT..CLIENTS).map(reader).collect::<io::Result<Vec<_>>>()?;
    let mut client = Client::connect(scout.address(), 1)?;
    let begin = now();
    while value(&metrics(&mut client)?, LISTENING) < CLIENTS as f64 {
        if begin.elapsed() > PATIENCE {
            return Err(io::Error::other("not all of the clients are let in"));
        }
        sleep(READ_EVERY);
    }
    // What they are told first is none of the publications to come.
    let mut buffer = vec![0; 64 << 10];
    for reader in &mut readers {
        reader.read(&mut buffer)?;
        (reader.events, reader.bytes) = (0, 0);
    }
    Ok((readers, silent))
}

/// Pitches messages, reads, and looks at the service.
fn watch(scout: &Server, readers: &mut [Reader], time: Duration) -> io::Result<Seen> {
    let mut client = Client::connect(scout.address(), 1)?;
    let mut buffer = vec![0; 64 << 10];
    let cycles_before = value(&metrics(&mut client)?, CYCLES);
    let mut seen = Seen {
        cycles: 0.0,
        sums: Vec::new(),
        publishes: Vec::new(),
        cpu: Duration::ZERO,
        resident: 0,
        listening: 0.0,
        events: Vec::new(),
        bytes: 0,
    };
    let begin = now();
    let (mut next_pitch, mut next_look) = (Duration::ZERO, Duration::ZERO);
    seen.cpu = scout.cpu_time_of(|| {
        while begin.elapsed() < time {
            if begin.elapsed() >= next_pitch {
                client.ask(&[pitch(BODY)])?;
                next_pitch += PITCH_EVERY;
            }
            if begin.elapsed() >= next_look {
                let metrics = metrics(&mut client)?;
                seen.sums.push(value(&metrics, SUM));
                seen.publishes.push(value(&metrics, PUBLISH));
                seen.resident = seen.resident.max(scout.resident_bytes()?);
                next_look += LOOK_EVERY;
            }
            readers.iter_mut().try_for_each(|reader| reader.read(&mut buffer))?;
            sleep(READ_EVERY);
        }
        Ok(())
    })?;
    let metrics = metrics(&mut client)?;
    seen.cycles = value(&metrics, CYCLES) - cycles_before;
    seen.listening = value(&metrics, LISTENING);
    readers.iter_mut().try_for_each(|reader| reader.read(&mut buffer))?;
    seen.events = readers.iter().map(|reader| reader.events).collect();
    seen.bytes = readers.iter().map(|reader| reader.bytes).sum();
    Ok(seen)
}

fn metrics(client: &mut Client) -> io::Result<String> {
    let answer = client.one("GET /metrics HTTP/1.1\r\nhost: scout\r\n\r\n")?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// The value of a series.
fn value(metrics: &str, series: &str) -> f64 {
    metrics.lines().find_map(|line| line.strip_prefix(series)?.parse().ok()).unwrap_or(0.0)
}

#[expect(clippy::disallowed_methods, reason = "a measurement of time")]
fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "nothing here is asynchronous")]
fn sleep(time: Duration) {
    thread::sleep(time);
}
