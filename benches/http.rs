//! Requests over loopback: the service beside a bare hyper that answers the same bytes, in one run.
//!
//! One element is one request. Times include the client's half, so that ratios are nearer to one than those of the
//! servers alone; `cargo xtask bench-http` measures these.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run ends")]

use std::future::{Future, pending};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, mpsc};
use std::thread;

use async_trait::async_trait;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use scout_benches::bare::{self, Canned};
use scout_benches::clock::MachineClock;
use scout_benches::sample;
use scout_core::{Clock as _, Message, MessageIntake, Receipt, StoreError};
use scout_http::{HttpConfig, Server, Telemetry};
use tokio::net::TcpListener;
use tokio::runtime::Builder;

/// Requests under way at the same time, each on its connection.
const CONNECTIONS: usize = 16;

/// Runs a server on a thread of its own for the rest of the process; it sends its address.
fn background<F>(server: impl FnOnce(mpsc::Sender<SocketAddr>) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = ()>,
{
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        Builder::new_current_thread().enable_all().build().unwrap().block_on(server(sender));
    });
    receiver.recv().unwrap()
}

/// A store that takes every message at once and forgets it, so that what is left is the server's part.
#[derive(Debug)]
struct Forgetful;

#[async_trait]
impl MessageIntake for Forgetful {
    async fn submit(&self, message: &Message) -> Result<Receipt, StoreError> {
        let key = format!("00000000-0000-4000-8000-000000000000-{}", message.system);
        Ok(Receipt { key, stream: "messages".to_owned(), entry: "1-0".to_owned() })
    }
}

fn scout() -> SocketAddr {
    background(async |address| {
        let clock = Arc::new(MachineClock::start());
        let mut config = HttpConfig::new(([127, 0, 0, 1], 0).into());
        "60s".clone_into(&mut config.time_window);
        let server =
            Server::bind(config, clock.clone(), Some(Arc::new(Forgetful)), Telemetry::new()).await.unwrap();
        server.publisher().publish(&sample::publication(clock.now()).unwrap());
        address.send(server.local_addr()).unwrap();
        server.run(pending()).await;
    })
}

fn bare(answer: Vec<u8>) -> SocketAddr {
    background(async move |address| {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        address.send(listener.local_addr().unwrap()).unwrap();
        bare::serve(listener, Canned::parse(&answer).unwrap()).await.unwrap();
    })
}

/// Connections over which the same request goes again and again.
struct Client {
    connections: Vec<TcpStream>,
    request: String,
    answer_bytes: usize,
    buffer: Vec<u8>,
}

impl Client {
    fn new(address: SocketAddr, request: &str) -> Self {
        let connections = (0..CONNECTIONS).map(|_| TcpStream::connect(address).unwrap()).collect();
        let request = request.to_owned();
        let mut client = Self { connections, request, answer_bytes: 0, buffer: vec![0; 64 << 10] };
        client.answer_bytes = client.one().len();
        client
    }

    /// One answer, whatever its length.
    fn one(&mut self) -> Vec<u8> {
        let connection = &mut self.connections[0];
        connection.write_all(self.request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        loop {
            let read = connection.read(&mut self.buffer).unwrap();
            answer.extend_from_slice(&self.buffer[..read]);
            let Some(end) = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { continue };
            let head = str::from_utf8(&answer[..end]).unwrap();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if answer.len() == end + 4 + length.map_or(0, |length| length.parse().unwrap()) {
                return answer;
            }
        }
    }

    /// One request on each connection, all at once.
    fn round(&mut self) {
        for connection in &mut self.connections {
            connection.write_all(self.request.as_bytes()).unwrap();
        }
        for connection in &mut self.connections {
            connection.read_exact(&mut self.buffer[..self.answer_bytes]).unwrap();
        }
    }
}

fn get(path: &str, headers: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: scout\r\n{headers}\r\n")
}

fn pitch() -> String {
    let body = "{\"title\":\"Deployment finished\",\"message\":\"payments is healthy\",\"severity\":\"success\",\
                \"author\":\"bench\",\"system\":\"flux\",\"tags\":\"bench,deployment\"}";
    format!("POST /pitch HTTP/1.1\r\nhost: scout\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

fn beside_bare_hyper(criterion: &mut Criterion) {
    let scout = scout();
    for (name, request) in [
        ("summary", get("/analytics/summary", "")),
        ("systems", get("/analytics/systems", "")),
        ("systems, gzip", get("/analytics/systems", "accept-encoding: gzip\r\n")),
        ("health", get("/health", "")),
        ("pitch without a store", pitch()),
    ] {
        let mut client = Client::new(scout, &request);
        let mut bare = Client::new(bare(client.one()), &request);
        let mut group = criterion.benchmark_group(format!("http/{name}"));
        group.throughput(Throughput::Elements(CONNECTIONS as u64));
        group.bench_function("scout", |bencher| bencher.iter(|| client.round()));
        group.bench_function("bare hyper", |bencher| bencher.iter(|| bare.round()));
    }
}

/// A scrape's text changes its length, so it goes over one connection.
fn scrape(criterion: &mut Criterion) {
    let scout = scout();
    let mut group = criterion.benchmark_group("http/metrics");
    group.throughput(Throughput::Elements(1));
    for (name, headers) in [("plain", ""), ("gzip", "accept-encoding: gzip\r\n")] {
        let mut client = Client::new(scout, &get("/metrics", headers));
        group.bench_function(name, |bencher| bencher.iter(|| client.one()));
    }
}

criterion_group!(benches, beside_bare_hyper, scrape);
criterion_main!(benches);
