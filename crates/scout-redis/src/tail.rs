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
use crate::moment::{about_streams, mark_of_what_is_left};
use crate::pause::pause_until;
use crate::rows::{Found, returned, returned_first, returned_tags};
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
pub(crate) const KEY_FIELD: &str = "messageID";

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
    /// What was read beyond that look.
    ahead: Option<Ahead>,
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
            ahead: None,
            wants_unix: false,
        }
    }

    /// How many entries the next look may take.
    fn entries(&self) -> u32 {
        self.reading.rows().min(self.fetching.rows())
    }
}

/// Entries that were read while documents of those before them were fetched.
#[derive(Debug)]
struct Ahead {
    from: Position,
    batch: Batch,
}

/// Entries of the streams.
#[derive(Debug)]
struct Batch {
    entries: Vec<Entry>,
    /// Whether there may be more.
    is_full: bool,
}

/// An entry of a stream, before its document is known.
#[derive(Debug)]
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
        let mut report = TailReport::default();
        report.position = from.clone();
        let ahead = self.memory.ahead.take().filter(|ahead| ahead.from == *from);
        let (Batch { entries, is_full }, mut pause) = match ahead {
            // It is from before this look, so it cannot say where the streams end now: not caught up.
            Some(ahead) => (ahead.batch, Duration::ZERO),
            None => self.read(from, &mut report).await?,
        };
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
            pause_until(self.clock.now().mono.plus(pause), self.clock).await;
            return Ok(report);
        }
        let has_unix = self.memory.wants_unix;
        let fields = if has_unix { returned(self.key_type) } else { returned_first(self.key_type) };
        let tags = if sink.wants_tags() { returned_tags(self.key_type) } else { &[] };
        let search = search(&self.config.index, &keys, [fields, tags]);
        let (answer, mut work, mut busy) = if is_full {
            self.search_and_read_ahead(search, &entries, &mut pause, &mut report).await?
        } else {
            let (answer, work) = self.search(search, &mut report).await?;
            (answer, work, work.busy)
        };
        let (found_again, again);
        let found = Found::read(&answer, self.connection.faults())?;
        let mut rows = found.rows();
        let lacking: Vec<&str> =
            rows.iter().filter(|(_, row)| needs_unix(row)).map(|(key, _)| *key).collect();
        self.memory.wants_unix = lacking.len() * MANY > rows.len();
        if !has_unix && !lacking.is_empty() {
            // All of it once more, since a document may have been rewritten meanwhile.
            let more = self::search(&self.config.index, &lacking, [returned(self.key_type), tags]);
            (again, work) = self.search(more, &mut report).await?;
            busy += work.busy;
            for key in &lacking {
                rows.remove(key);
            }
            found_again = Found::read(&again, self.connection.faults())?;
            rows.extend(found_again.rows());
        }
        pause += self.memory.fetching.observe(count(keys.len()), busy);
        self.deliver(&entries, &rows, work.at, &mut report, sink);
        pause_until(work.sent.plus(work.busy).plus(pause), self.clock).await;
        Ok(report)
    }

    /// Sends a search for documents. The index refuses to it what it refuses to a scan.
    async fn search(&self, search: Cmd, report: &mut TailReport) -> Result<(Value, Work), StoreError> {
        let Timed { mut answers, work } = self.connection.send_timed(Command::Search, vec![search]).await?;
        let answer = answers.pop().unwrap_or(Value::Nil);
        self.connection.accept(Command::Search, &answer)?;
        note(report, work);
        Ok((answer, work))
    }

    /// The same, and behind it on the wire the read of what follows these entries. Returns the last work of the two, and how
    /// long the search alone took.
    async fn search_and_read_ahead(
        &mut self,
        search: Cmd,
        entries: &[Entry],
        pause: &mut Duration,
        report: &mut TailReport,
    ) -> Result<(Value, Work, Duration), StoreError> {
        let mut from = report.position.clone();
        for entry in entries {
            from.set(&self.config.streams[entry.stream], entry.id.offset());
        }
        let each = self.each();
        let commands = [(Command::Search, search), (Command::Tail, read(self.config, &from, each, None))];
        let mut timed = self.connection.send_each_timed(commands).await?.into_iter();
        let form = || self.connection.faults().form(Command::Search, "an answer for each command");
        let (Some((answer, searched)), Some((ahead, work))) = (timed.next(), timed.next()) else {
            return Err(form());
        };
        self.connection.accept(Command::Search, &answer)?;
        note(report, searched);
        note(report, work);
        // Where it is an error, the next look meets that.
        if let Ok(ahead) = self.connection.accept(Command::Tail, &ahead) {
            let batch = self.batch(ahead, each)?;
            *pause += self.memory.reading.observe(count(batch.entries.len()), work.busy);
            self.memory.ahead = (!batch.entries.is_empty()).then_some(Ahead { from, batch });
        }
        Ok((answer, work, searched.busy))
    }

    /// How many entries of each stream to ask for.
    fn each(&self) -> usize {
        (self.memory.entries() as usize / self.config.streams.len().max(1)).max(1)
    }

    /// Reads on where there is more, measured; else waits for news, whose beginning nobody can measure, and asks behind that
    /// what the streams say of themselves. Returns how long to pause, too.
    async fn read(
        &mut self,
        from: &Position,
        report: &mut TailReport,
    ) -> Result<(Batch, Duration), StoreError> {
        let each = self.each();
        let (answers, work) = if self.memory.is_behind {
            let read = read(self.config, from, each, None);
            let Timed { answers, work } = self.connection.send_timed(Command::Tail, vec![read]).await?;
            note(report, work);
            (answers, Some(work))
        } else {
            // A way that ends well before the connection's patience does.
            let wait = WAIT.min(self.config.response_timeout / 2);
            let mut commands = vec![read(self.config, from, each, Some(wait))];
            commands.extend(about_streams(self.config));
            report.commands += commands.len() as u64;
            (self.connection.send(Command::Tail, commands).await?, None)
        };
        let form = || self.connection.faults().form(Command::Tail, "streams with entries");
        let (answer, about) = answers.split_first().ok_or_else(form)?;
        let answer = self.connection.accept(Command::Tail, answer)?;
        let batch = self.batch(answer, each)?;
        for (stream, answer) in self.config.streams.iter().zip(about) {
            // One that does not exist has announced nothing.
            let mark = mark_of_what_is_left(self.connection, stream, answer)?.unwrap_or_default();
            report.feeds.insert(stream.as_str().into(), mark);
        }
        report.caught_up = !batch.is_full;
        let read = count(batch.entries.len());
        let pause = work.map_or(Duration::ZERO, |work| self.memory.reading.observe(read, work.busy));
        Ok((batch, pause))
    }

    /// The entries of an answer to XREAD that asked for so many of each stream.
    fn batch(&self, answer: &Value, each: usize) -> Result<Batch, StoreError> {
        let entries = self.entries(answer)?;
        let is_full = (0..self.config.streams.len())
            .any(|stream| entries.iter().filter(|entry| entry.stream == stream).count() >= each);
        Ok(Batch { entries, is_full })
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

fn note(report: &mut TailReport, work: Work) {
    report.commands += 1;
    report.busy += work.busy;
    report.longest = report.longest.max(work.busy);
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
fn search(index: &str, keys: &[&str], fields: [&[&str]; 2]) -> Cmd {
    let mut command = cmd("FT.SEARCH");
    command.arg(index).arg("*").arg("INKEYS").arg(keys.len());
    for key in keys {
        command.arg(*key);
    }
    let words = fields.concat();
    command.arg("RETURN").arg(words.len());
    for word in words {
        command.arg(word);
    }
    command.arg("LIMIT").arg(0).arg(keys.len()).arg("TIMEOUT").arg(0).arg("DIALECT").arg(2);
    command
}
