//! A server that speaks just enough of Redis' protocol to announce the same messages for ever.
//!
//! It takes no time over anything, by its own clock, so whoever reads from it is never asked to pause: what is measured
//! is the reader alone.

use std::fmt::Write as _;
use std::io::{self, BufRead as _, BufReader, BufWriter, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread;

/// A message, as it is announced and as the index has it.
#[derive(Clone, Debug)]
pub struct Wired {
    /// The document's key.
    pub key: String,
    /// The fields that count, under the names that an answer gives them.
    pub fields: Vec<(&'static str, String)>,
}

/// Answers that are written already, each without the number of its elements.
struct Canned {
    entries: Vec<String>,
    documents: Vec<String>,
}

impl Canned {
    fn new(messages: &[Wired]) -> Self {
        let entries = messages.iter().enumerate().map(|(number, message)| {
            let fields = format!("*2\r\n{}{}", bulk("messageID"), bulk(&message.key));
            format!("*2\r\n{}{fields}", bulk(&format!("1775030400000-{}", number + 1)))
        });
        let documents = messages.iter().map(|message| {
            let mut fields = format!("%{}\r\n", message.fields.len());
            for (name, value) in &message.fields {
                fields += &(bulk(name) + &bulk(value));
            }
            format!(
                "%3\r\n{}{}{}{fields}{}*0\r\n",
                bulk("id"),
                bulk(&message.key),
                bulk("extra_attributes"),
                bulk("values")
            )
        });
        Self { entries: entries.collect(), documents: documents.collect() }
    }

    /// The answer to a command.
    fn answer(&self, command: &[String]) -> String {
        match command.first().map(String::as_str) {
            Some("HELLO") => format!("%1\r\n{}:3\r\n", bulk("proto")),
            Some("INFO") => bulk("redis_version:8.2.3\r\nredis_mode:standalone\r\n"),
            Some("TIME") => format!("*2\r\n{}{}", bulk("1775030500"), bulk("0")),
            Some("XREAD") => {
                let entries = &self.entries[..number(command, 2).min(self.entries.len())];
                format!("%1\r\n{}*{}\r\n{}", bulk("messages"), entries.len(), entries.concat())
            }
            Some("FT.SEARCH") => {
                let documents = &self.documents[..number(command, 4).min(self.documents.len())];
                let count = documents.len();
                format!(
                    "%5\r\n{}*0\r\n{}{}{}*{count}\r\n{}{}:{count}\r\n{}*0\r\n",
                    bulk("attributes"),
                    bulk("format"),
                    bulk("STRING"),
                    bulk("results"),
                    documents.concat(),
                    bulk("total_results"),
                    bulk("warning")
                )
            }
            _ => "-ERR unknown command\r\n".to_owned(),
        }
    }
}

/// Serves connections at a free port until the process ends.
///
/// # Errors
/// If there is no such port.
pub fn serve(messages: &[Wired]) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let canned = Canned::new(messages);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A connection ends when its client does.
            drop(converse(&stream, &canned));
        }
    });
    Ok(address)
}

fn converse(stream: &TcpStream, canned: &Canned) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let (mut input, mut output) =
        (BufReader::with_capacity(1 << 20, stream), BufWriter::with_capacity(1 << 20, stream));
    loop {
        let command = command(&mut input)?;
        output.write_all(canned.answer(&command).as_bytes())?;
        if input.buffer().is_empty() {
            output.flush()?;
        }
    }
}

/// The words of a command.
fn command(input: &mut BufReader<&TcpStream>) -> io::Result<Vec<String>> {
    (0..length(input)?)
        .map(|_| {
            let mut word = vec![0; length(input)? + "\r\n".len()];
            input.read_exact(&mut word)?;
            word.truncate(word.len() - "\r\n".len());
            String::from_utf8(word).map_err(io::Error::other)
        })
        .collect()
}

/// A number after the byte that says of what.
fn length(input: &mut BufReader<&TcpStream>) -> io::Result<usize> {
    let mut line = String::new();
    input.read_line(&mut line)?;
    line.trim_end().get(1..).unwrap_or_default().parse().map_err(io::Error::other)
}

fn number(command: &[String], at: usize) -> usize {
    command.get(at).and_then(|word| word.parse().ok()).unwrap_or(0)
}

fn bulk(text: &str) -> String {
    let mut bulk = String::with_capacity(text.len() + 16);
    // Writing to a string cannot fail.
    let _ = write!(bulk, "${}\r\n{text}\r\n", text.len());
    bulk
}
