//! A server as a process: started, watched through `/proc`, stopped.

use std::fs;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How long a server may take to listen.
const PATIENCE: Duration = Duration::from_secs(10);

/// A server at work; asked to end when dropped.
pub(super) struct Server {
    child: Child,
    address: SocketAddr,
    first_answer: Duration,
}

impl Server {
    /// Starts a server that takes its port from `PORT`, and waits for its first answer.
    pub(super) fn start_at_free_port(mut command: Command) -> io::Result<Self> {
        // Free a moment ago, and the system gives no port twice in a row.
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let (child, first_answer) =
            started(command.env("PORT", address.port().to_string()).stdout(Stdio::null()), |_| {
                answers(address)
            })?;
        Ok(Self { child, address, first_answer })
    }

    /// Starts a server that writes its address to its output.
    pub(super) fn start_that_says_where(mut command: Command) -> io::Result<Self> {
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        if let Some(output) = child.stdout.take() {
            BufReader::new(output).read_line(&mut line)?;
        }
        let address = line.trim().trim_start_matches("http://").parse().map_err(io::Error::other)?;
        Ok(Self { child, address, first_answer: Duration::ZERO })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// How long after its start it gave its first answer.
    pub(super) fn first_answer(&self) -> Duration {
        self.first_answer
    }

    /// The CPU time that the server spends on what is done.
    pub(super) fn cpu_time_of(&self, act: impl FnOnce() -> io::Result<()>) -> io::Result<Duration> {
        let before = self.cpu_time()?;
        act()?;
        Ok(self.cpu_time()?.saturating_sub(before))
    }

    /// User and system time of all threads, to the nanosecond.
    fn cpu_time(&self) -> io::Result<Duration> {
        let mut nanos = 0;
        for thread in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let on_cpu = fs::read_to_string(thread?.path().join("schedstat"))?;
            let on_cpu = on_cpu.split(' ').next().unwrap_or_default();
            nanos += on_cpu.parse::<u64>().map_err(io::Error::other)?;
        }
        Ok(Duration::from_nanos(nanos))
    }

    /// Memory that is in use.
    pub(super) fn resident_bytes(&self) -> io::Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
        let kilobytes = line.trim().trim_end_matches(" kB").parse::<u64>().map_err(io::Error::other)?;
        Ok(kilobytes * 1024)
    }
}

/// Starts a process and waits until `ready`; how long that took.
#[expect(clippy::disallowed_methods, reason = "a measurement of time")]
fn started(command: &mut Command, ready: impl Fn(&Child) -> bool) -> io::Result<(Child, Duration)> {
    let start = Instant::now();
    let mut child = command.spawn()?;
    while !ready(&child) {
        if start.elapsed() > PATIENCE || child.try_wait()?.is_some() {
            return Err(io::Error::other("the server did not start; is it built?"));
        }
        thread::sleep(Duration::from_micros(200));
    }
    Ok((child, start.elapsed()))
}

fn answers(address: SocketAddr) -> bool {
    let asked = TcpStream::connect(address).and_then(|mut stream| {
        stream.write_all(b"GET /health HTTP/1.1\r\nhost: scout\r\nconnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).map(|_| answer)
    });
    asked.is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
}

impl Drop for Server {
    /// Asks the process to end and waits for it, so that its store is closed.
    fn drop(&mut self) {
        let asked = Command::new("kill").arg(self.child.id().to_string()).status();
        if !asked.is_ok_and(|status| status.success()) {
            drop(self.child.kill());
        }
        drop(self.child.wait());
    }
}
