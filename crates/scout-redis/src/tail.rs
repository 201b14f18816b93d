//! The tail: what streams announce, with the fields that count of each document.

use std::collections::HashMap;
use std::time::Duration;

use redis::{Cmd, Value, cmd};
use scout_core::{
    Announced, Clock, EntryId, PacePolicy, Pacer, Position, Row, StoreError, TailReport, TailSink, WallTime,
};

use crate::config::RedisConfig;
use crate::connection::{Connection, Timed, Work};
use crate::info::KeyType;
use crate::metrics::Command;
use crate::pause::pause_until;
use crate::rows::{Found, returned, returned_first};
use crate::value::{entries, list, text};

/// How long to wait for news.
const WAIT: Duration = Duration::from_secs(1);

/// The most entries that one step takes; their documents are fetched by one command.
const MAX_ENTRIES: u32 = 1_000;

/// How many entries are taken at first after waiting for news: what has come meanwhile may be large.
const FIRST_ENTRIES: u32 = 32;

/// From one in how many documents on `timestamp_unix` is asked for with the rest: each path is a fifth of what a document
/// costs, and a second look at it more than all of that.
const MANY: usize = 4;

/// The field of an entry that holds the document's key.
const KEY_FIELD: &str = "messageID";

/// One look at the streams.
pub(crate) struct Tail<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) config: &'a RedisConfig,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) key_type: KeyType,
    pub(crate) memory: &'a mut TailMemory,
}

/// What one look teaches the next.
#[derive(Debug)]
pub(crate) struct TailMemory {
    policy: PacePolicy,
    /// Paces reading entries, which may be of any size.
    reading: Pacer,
    /// Paces fetching what counts of their documents.
    fetching: Pacer,
    /// Whether more was there than the last look has read.
    is_behind: bool,
    /// Whether many documents have no time but `timestamp_unix`, so that it is asked for with the rest.
    wants_unix: bool,
}

impl TailMemory {
    pub(crate) fn new(stall_budget: Duration, share: f64) -> Self {
        let policy = PacePolicy::new(stall_budget, share, MAX_ENTRIES);
        Self {
            policy,
            reading: Pacer::beginning_with(policy, FIRST_ENTRIES),
            fetching: Pacer::new(policy),
            is_behind: false,
            wants_unix: false,
        }
    }

    /// How many entries the next look may take.
    fn entries(&self) -> u32 {
        self.reading.rows().min(self.fetching.rows())
    }
}

/// An entry of a stream, before its document is known.
struct Entry {
    stream: usize,
    id: EntryId,
    /// `None` for an entry that announces nothing.
    key: Option<String>,
}

impl Tail<'_> {
    pub(crate) async fn run(
        mut self,
        from: &Position,
        sink: &mut dyn TailSink,
    ) -> Result<TailReport, StoreError> {
        let each = (self.memory.entries() as usize / self.config.streams.len().max(1)).max(1);
        let (answers, read) = self.read(from, each).await?;
        let form = || self.connection.faults().form(Command::Tail, "streams with entries");
        let answer = self.connection.accept(Command::Tail, answers.first().ok_or_else(form)?)?;
        let entries = self.entries(answer)?;
        let mut report = TailReport::default();
        report.position = from.clone();
        report.commands = 1;
        report.caught_up = (0..self.config.streams.len())
            .all(|stream| entries.iter().filter(|entry| entry.stream == stream).count() < each);
        let mut read_pause = Duration::ZERO;
        if let Some(work) = read {
            report.busy = work.busy;
            report.longest = work.busy;
            read_pause = self.memory.reading.observe(count(entries.len()), work.busy);
        }
        self.memory.is_behind = !report.caught_up;
        if report.caught_up {
            // The next read waits for news, and nobody knows yet how large those are.
            self.memory.reading = Pacer::beginning_with(self.memory.policy, FIRST_ENTRIES);
        }
        if entries.is_empty() {
            return Ok(report);
        }
        report.entries = entries.len() as u64;
        let keys: Vec<&str> = entries.iter().filter_map(|entry| entry.key.as_deref()).collect();
        if keys.is_empty() {
            self.deliver(&entries, &HashMap::new(), WallTime::from_unix_ms(i64::MAX), &mut report, sink);
            tokio::time::sleep(read_pause).await;
            return Ok(report);
        }
        let has_unix = self.memory.wants_unix;
        let fields = if has_unix { returned(self.key_type) } else { returned_first(self.key_type) };
        let (answer, mut work) = self.search(&keys, fields, &mut report).await?;
        let (found_again, again);
        let found = Found::read(&answer, self.connection.faults())?;
        let mut rows = found.rows();
        let lacking: Vec<&str> =
            rows.iter().filter(|(_, row)| needs_unix(row)).map(|(key, _)| *key).collect();
        self.memory.wants_unix = lacking.len() * MANY > rows.len();
        let mut busy = work.busy;
        if !has_unix && !lacking.is_empty() {
            // All of it once more, since a document may have been rewritten meanwhile.
            (again, work) = self.search(&lacking, returned(self.key_type), &mut report).await?;
            busy += work.busy;
            for key in &lacking {
                rows.remove(key);
            }
            found_again = Found::read(&again, self.connection.faults())?;
            rows.extend(found_again.rows());
        }
        let pause = self.memory.fetching.observe(count(keys.len()), busy);
        self.deliver(&entries, &rows, work.at, &mut report, sink);
        pause_until(work.sent.plus(work.busy).plus(pause + read_pause), self.clock).await;
        Ok(report)
    }

    /// Fetches fields of documents through the index, so that it refuses here what it refuses to a scan.
    async fn search(
        &self,
        keys: &[&str],
        fields: &[&str],
        report: &mut TailReport,
    ) -> Result<(Value, Work), StoreError> {
        let search = search(&self.config.index, keys, fields);
        let Timed { mut answers, work } = self.connection.send_timed(Command::Search, vec![search]).await?;
        let answer = answers.pop().unwrap_or(Value::Nil);
        self.connection.accept(Command::Search, &answer)?;
        report.commands += 1;
        report.busy += work.busy;
        report.longest = report.longest.max(work.busy);
        Ok((answer, work))
    }

    /// Reads on where there is more, measured; else waits for news, whose beginning nobody can measure.
    async fn read(&mut self, from: &Position, each: usize) -> Result<(Vec<Value>, Option<Work>), StoreError> {
        if self.memory.is_behind {
            let read = read(self.config, from, each, None);
            let Timed { answers, work } = self.connection.send_timed(Command::Tail, vec![read]).await?;
            return Ok((answers, Some(work)));
        }
        // A way that ends well before the connection's patience does.
        let wait = WAIT.min(self.config.response_timeout / 2);
        let read = read(self.config, from, each, Some(wait));
        Ok((self.connection.send(Command::Tail, vec![read]).await?, None))
    }

    fn deliver(
        &self,
        entries: &[Entry],
        rows: &HashMap<&str, Row<'_>>,
        now: WallTime,
        report: &mut TailReport,
        sink: &mut dyn TailSink,
    ) {
        // The last entry of each stream.
        let mut read_to = vec![None; self.config.streams.len()];
        for entry in entries {
            let stream = self.config.streams[entry.stream].as_str();
            report.position.set(stream, entry.id.offset());
            let key = entry.key.as_deref().unwrap_or_default();
            let row = rows.get(key).copied();
            let arrived = entry.id.arrived().min(now);
            read_to[entry.stream] = Some(arrived);
            sink.entry(&Announced::new((stream, entry.id.offset()), arrived, key, row));
        }
        report.read_to = read_to.into_iter().flatten().min();
    }

    /// Reads the answer to XREAD: nothing, or streams with their entries.
    fn entries(&self, answer: &Value) -> Result<Vec<Entry>, StoreError> {
        let form = || self.connection.faults().form(Command::Tail, "streams with entries");
        let mut all = Vec::new();
        // RESP2 has a list of pairs where RESP3 has a map.
        let pairs: Vec<(&Value, &Value)> = match answer {
            Value::Nil => return Ok(all),
            Value::Map(_) => entries(answer).collect(),
            answer => list(answer)
                .ok_or_else(form)?
                .iter()
                .map(|pair| match list(pair) {
                    Some([stream, entries]) => Ok((stream, entries)),
                    _ => Err(form()),
                })
                .collect::<Result<_, _>>()?,
        };
        for (stream, entries) in pairs {
            let name = text(stream).ok_or_else(form)?;
            let stream = self.config.streams.iter().position(|known| *known == name).ok_or_else(form)?;
            for entry in list(entries).ok_or_else(form)? {
                let Some([id, fields]) = list(entry) else { return Err(form()) };
                let id = text(id).and_then(|id| EntryId::parse(&id)).ok_or_else(form)?;
                let key = crate::value::field(fields, KEY_FIELD).and_then(text);
                all.push(Entry { stream, id, key: key.map(std::borrow::Cow::into_owned) });
            }
        }
        Ok(all)
    }
}

/// Whether it is a message that has no time but what `timestamp_unix` may say.
fn needs_unix(row: &Row<'_>) -> bool {
    let is_message = row.severity.is_some() || row.system.is_some() || row.timestamp.is_some();
    is_message && row.timestamp.and_then(WallTime::parse_rfc3339).is_none()
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// What came after a position; waits for it if told how long.
fn read(config: &RedisConfig, from: &Position, each: usize, wait: Option<Duration>) -> Cmd {
    let mut command = cmd("XREAD");
    command.arg("COUNT").arg(each);
    if let Some(wait) = wait {
        command.arg("BLOCK").arg(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1));
    }
    command.arg("STREAMS");
    for stream in &config.streams {
        command.arg(stream);
    }
    for stream in &config.streams {
        command.arg(EntryId::at(from.of(stream)).to_string());
    }
    command
}

/// Asks for fields of these documents.
fn search(index: &str, keys: &[&str], fields: &[&str]) -> Cmd {
    let mut command = cmd("FT.SEARCH");
    command.arg(index).arg("*").arg("INKEYS").arg(keys.len());
    for key in keys {
        command.arg(*key);
    }
    command.arg("RETURN").arg(fields.len());
    for word in fields {
        command.arg(*word);
    }
    command.arg("LIMIT").arg(0).arg(keys.len()).arg("TIMEOUT").arg(0).arg("DIALECT").arg(2);
    command
}
