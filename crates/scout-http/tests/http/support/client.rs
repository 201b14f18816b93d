//! A client that sends bytes as given and shows what came back.

use std::io::Read as _;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Longer than anything here takes; reached only by a test that fails.
const NEVER: Duration = Duration::from_secs(20);

/// A plain GET.
pub(crate) fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: scout\r\n\r\n")
}

/// One connection.
pub(crate) struct Client {
    stream: TcpStream,
    unread: Vec<u8>,
}

/// An answer, its date masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self { stream: TcpStream::connect(address).await.unwrap(), unread: Vec::new() }
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.unwrap();
    }

    /// Whether anybody listens at the address.
    pub(crate) async fn can_connect(address: SocketAddr) -> bool {
        TcpStream::connect(address).await.is_ok()
    }

    /// Sends what the server takes; false once it has closed.
    pub(crate) async fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).await.is_ok()
    }

    /// Sends a request and reads the answer to it.
    pub(crate) async fn ask(&mut self, request: &str) -> Reply {
        self.send(request).await;
        self.reply(request.starts_with("HEAD ")).await
    }

    /// Reads one answer.
    pub(crate) async fn reply(&mut self, to_head: bool) -> Reply {
        let end = loop {
            if let Some(end) = self.unread.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break end + 4;
            }
            assert!(self.read_more().await, "closed before the answer: {:?}", self.unread);
        };
        let head = String::from_utf8(self.unread.drain(..end).collect()).unwrap();
        let mut reply = Reply { head: masked(&head), body: Vec::new() };
        let length =
            if to_head { 0 } else { reply.header("content-length").map_or(0, |text| text.parse().unwrap()) };
        while self.unread.len() < length {
            assert!(self.read_more().await, "closed within the body");
        }
        reply.body = self.unread.drain(..length).collect();
        reply
    }

    /// Reads until what has come ends with that text; everything that came.
    pub(crate) async fn until(&mut self, end: &str) -> String {
        while !self.unread.ends_with(end.as_bytes()) {
            assert!(self.read_more().await, "closed before {end:?}: {:?}", self.unread);
        }
        masked(&String::from_utf8(std::mem::take(&mut self.unread)).unwrap())
    }

    /// Waits until the server closes; what it sent until then.
    pub(crate) async fn until_closed(&mut self) -> String {
        while self.read_more().await {}
        masked(&String::from_utf8_lossy(&self.unread))
    }

    /// Whether there was more; a reset counts as an end.
    async fn read_more(&mut self) -> bool {
        let mut chunk = vec![0; 64 << 10];
        let read = timeout(NEVER, self.stream.read(&mut chunk)).await.expect("the server answers or closes");
        let read = read.unwrap_or(0);
        self.unread.extend_from_slice(&chunk[..read]);
        read > 0
    }
}

fn masked(head: &str) -> String {
    let lines = head.split_inclusive("\r\n");
    lines.map(|line| if line.starts_with("date: ") { "date: *\r\n" } else { line }).collect()
}

impl Reply {
    pub(crate) fn status(&self) -> u16 {
        self.head.split(' ').nth(1).unwrap().parse().unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.split("\r\n").find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    pub(crate) fn text(&self) -> &str {
        str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The whole answer.
    pub(crate) fn raw(&self) -> String {
        format!("{}{}", self.head, self.text())
    }

    /// The body, decompressed.
    pub(crate) fn gunzipped(&self) -> String {
        let mut text = String::new();
        flate2::read::GzDecoder::new(&*self.body).read_to_string(&mut text).unwrap();
        text
    }
}
