//! One connection to Scout's port.

use std::io;
use std::net::Ipv4Addr;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::Failure;

/// The metric of the entries that were read, before its value.
const ENTRIES: &str = "homerun2_scout_tail_entries_total ";

/// What asks Scout for something again and again.
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
        let summary: Value = serde_json::from_slice(self.get("/analytics/summary").await?)?;
        let is_fresh = summary.get("stale").is_none();
        Ok(summary["totalMessages"].as_u64().filter(|_| is_fresh))
    }

    /// How many entries of the streams it has read so far.
    pub(crate) async fn entries(&mut self) -> Result<u64, Failure> {
        let metrics = std::str::from_utf8(self.get("/metrics").await?)?;
        let value = metrics.lines().find_map(|line| line.strip_prefix(ENTRIES)?.trim().parse().ok());
        Ok(value.ok_or("scout does not tell how many entries it has read")?)
    }

    /// The body of an answer.
    async fn get(&mut self, path: &str) -> Result<&[u8], Failure> {
        let request = format!("GET {path} HTTP/1.1\r\nhost: scout\r\n\r\n");
        self.stream.write_all(request.as_bytes()).await?;
        self.buffer.clear();
        while body(&self.buffer).is_none() {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err("scout closed the connection".into());
            }
        }
        Ok(body(&self.buffer).unwrap_or_default())
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
