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
    /// In RESP2, then in RESP3; without the last field, then with it.
    documents: [[Vec<String>; 2]; 2],
}

impl Canned {
    fn new(messages: &[Wired]) -> Self {
        let entries = messages.iter().enumerate().map(|(number, message)| {
            let fields = format!("*2\r\n{}{}", bulk("messageID"), bulk(&message.key));
            format!("*2\r\n{}{fields}", bulk(&format!("1775030400000-{}", number + 1)))
        });
        let documents = |is_map: bool| {
            [1, 0]
                .map(|left_out| messages.iter().map(|message| document(message, left_out, is_map)).collect())
        };
        Self { entries: entries.collect(), documents: [false, true].map(documents) }
    }

    /// The answer to a command.
    fn answer(&self, command: &[String], is_map: &mut bool) -> String {
        match command.first().map(String::as_str) {
            Some("HELLO") => {
                *is_map = number(command, 1) == 3;
                let (sign, length) = if *is_map { ('%', 1) } else { ('*', 2) };
                format!("{sign}{length}\r\n{}:{}\r\n", bulk("proto"), number(command, 1))
            }
            Some("INFO") => bulk("redis_version:8.2.3\r\nredis_mode:standalone\r\n"),
            Some("TIME") => format!("*2\r\n{}{}", bulk("1775030500"), bulk("0")),
            Some("XREAD") => {
                let entries = &self.entries[..number(command, 2).min(self.entries.len())];
                let head = if *is_map { "%1\r\n" } else { "*1\r\n*2\r\n" };
                format!("{head}{}*{}\r\n{}", bulk("messages"), entries.len(), entries.concat())
            }
            // What the stream says of itself is of no use here.
            Some("XINFO") => "-ERR no such key\r\n".to_owned(),
            Some("FT.SEARCH") => self.found(command, *is_map),
            _ => "-ERR unknown command\r\n".to_owned(),
        }
    }

    fn found(&self, command: &[String], is_map: bool) -> String {
        let keys = number(command, 4);
        // Behind the keys: RETURN, and how many words say what.
        let has_all = number(command, 4 + keys + 2) >= FIELDS * WORDS;
        let documents = &self.documents[usize::from(is_map)][usize::from(has_all)];
        let documents = &documents[..keys.min(documents.len())];
        let count = documents.len();
        if !is_map {
            return format!("*{}\r\n:{count}\r\n{}", 1 + 2 * count, documents.concat());
        }
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
}

/// Fields that count, and how many words ask for one.
const FIELDS: usize = 4;
const WORDS: usize = 3;

fn document(message: &Wired, left_out: usize, is_map: bool) -> String {
    let given = &message.fields[..message.fields.len().saturating_sub(left_out)];
    let fields: String = given.iter().map(|(name, value)| bulk(name) + &bulk(value)).collect();
    let (key, count) = (bulk(&message.key), given.len());
    if !is_map {
        return format!("{key}*{}\r\n{fields}", 2 * count);
    }
    let (id, attributes, values) = (bulk("id"), bulk("extra_attributes"), bulk("values"));
    format!("%3\r\n{id}{key}{attributes}%{count}\r\n{fields}{values}*0\r\n")
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
    let mut is_map = false;
    loop {
        let command = command(&mut input)?;
        output.write_all(canned.answer(&command, &mut is_map).as_bytes())?;
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
