//! One connection to Scout's port.

use std::io;
use std::net::Ipv4Addr;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::Failure;

/// What asks for the summary, again and again.
pub(crate) struct Web {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Web {
    pub(crate) async fn connect(port: u16) -> io::Result<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::new() })
    }

    /// How many messages the summary counts; `None` while there is no number, or while it is marked as an old one.
    pub(crate) async fn total(&mut self) -> Result<Option<u64>, Failure> {
        self.stream.write_all(b"GET /analytics/summary HTTP/1.1\r\nhost: scout\r\n\r\n").await?;
        self.buffer.clear();
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err("scout closed the connection".into());
            }
            if let Some(body) = body(&self.buffer) {
                let summary: Value = serde_json::from_slice(body)?;
                let is_fresh = summary.get("stale").is_none();
                return Ok(summary["totalMessages"].as_u64().filter(|_| is_fresh));
            }
        }
    }
}

/// The body of an answer, once it is whole.
fn body(answer: &[u8]) -> Option<&[u8]> {
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
    let (head, body) = (std::str::from_utf8(&answer[..end]).ok()?, &answer[end + 4..]);
    let length =
        head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok())?;
    (body.len() >= length).then_some(body)
}
