//! The store at one moment: what a scan is joined at, and what a look compares the count with.

use std::collections::BTreeMap;
use std::sync::Arc;

use redis::{Cmd, Value, cmd};
use scout_core::{EntryId, FeedMark, Finding, Moment, Offset, StoreError, WallTime};

use crate::config::{Alerts, RedisConfig};
use crate::connection::{Connection, Timed, Work, micros};
use crate::durability::alerts_not_durable;
use crate::error::text_of;
use crate::info::{IndexInfo, Progress};
use crate::metrics::Command;
use crate::replication::lost_master;
use crate::value::{count, field, list, text};

/// What was true of Redis and the index at one moment.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) moment: Moment,
    pub(crate) info: IndexInfo,
    /// Redis is a replica that does not hear of what is written.
    pub(crate) lost_master: Option<Finding>,
    /// Redis would lose alerts, which are kept there.
    pub(crate) not_durable: Option<Finding>,
}

/// The commands that ask for it, to be sent in one transaction.
pub(crate) fn questions(config: &RedisConfig) -> Vec<Cmd> {
    let mut questions =
        vec![cmd("TIME"), cmd("INFO").arg("server").take(), cmd("INFO").arg("replication").take()];
    questions.extend((config.alerts == Alerts::On).then(|| cmd("INFO").arg("persistence").take()));
    questions.extend(about_streams(config));
    questions.push(cmd("FT.INFO").arg(&config.index).take());
    questions
}

/// The commands that ask for what each stream says of itself.
pub(crate) fn about_streams(config: &RedisConfig) -> impl Iterator<Item = Cmd> {
    config.streams.iter().map(|stream| cmd("XINFO").arg("STREAM").arg(stream).take())
}

impl State {
    /// Reads the answers to [`questions`].
    pub(crate) fn read(
        connection: &Connection,
        config: &RedisConfig,
        command: Command,
        answers: &[Value],
    ) -> Result<Self, StoreError> {
        let form = || connection.faults().form(command, "the time, the server, streams and the index");
        let [time, server, replication, middle @ .., info] = answers else { return Err(form()) };
        let (persistence, streams) = match config.alerts {
            Alerts::Off => (None, middle),
            Alerts::On => middle.split_first().map(|(first, rest)| (Some(first), rest)).ok_or_else(form)?,
        };
        for (name, part) in [("time", time), ("info", server), ("info", replication), ("ft.info", info)] {
            connection.accept_of(name, part)?;
        }
        let micros = micros(time).ok_or_else(form)?;
        let mut moment =
            Moment::new(WallTime::from_unix_ms(i64::try_from(micros / 1000).unwrap_or(i64::MAX)));
        let mut feeds = BTreeMap::new();
        for (stream, answer) in config.streams.iter().zip(streams) {
            // Where there is no stream, one begins with what comes from now on: one that comes back with older entries holds
            // nothing that a scan at this moment has not found.
            let begins = || FeedMark::new(EntryId::before(moment.at).offset(), 0);
            let mark = mark(connection, stream, answer)?.unwrap_or_else(begins);
            feeds.insert(Arc::from(stream.as_str()), mark);
        }
        let info = IndexInfo::read(info)
            .ok_or_else(|| connection.faults().form(Command::Info, "a definition, attributes and counts"))?;
        moment.feeds = feeds;
        moment.documents = info.documents;
        moment.writes = info.last_number;
        let replication = text(replication).ok_or_else(form)?;
        let server = text(server).ok_or_else(form)?;
        let life = info_field(&server, "run_id");
        // A replica that follows another master has other documents in the same life.
        moment.server = format!("{life} {}", info_field(&replication, "master_replid")).into();
        moment.index = info.definition().into();
        let lost_master = lost_master(&replication);
        let not_durable = match persistence {
            Some(answer) => {
                let persistence = text(connection.accept_of("info", answer)?).ok_or_else(form)?;
                alerts_not_durable(&persistence, &replication)
            }
            None => None,
        };
        Ok(Self { moment, info, lost_master, not_durable })
    }

    /// Asks for it alone.
    pub(crate) async fn ask(
        connection: &Connection,
        config: &RedisConfig,
    ) -> Result<(Self, Work), StoreError> {
        let mut commands = vec![cmd("MULTI")];
        commands.extend(questions(config));
        commands.push(cmd("EXEC"));
        let Timed { mut answers, work } = connection.send_timed(Command::Look, commands).await?;
        let executed = answers.pop().unwrap_or(Value::Nil);
        // The first error is the cause; those after it only follow.
        for answer in &answers {
            connection.accept(Command::Look, answer)?;
        }
        let form = || connection.faults().form(Command::Look, "the answers of a transaction");
        let executed = list(connection.accept(Command::Look, &executed)?).ok_or_else(form)?;
        Ok((Self::read(connection, config, Command::Look, executed)?, work))
    }

    /// How far an index is that is being built; `None` if it is whole.
    pub(crate) fn built_part(&self) -> Option<f64> {
        match self.info.progress {
            Progress::Built => None,
            Progress::Building(part) => Some(part),
        }
    }
}

/// Reads the answer to XINFO STREAM; `None` where there is no stream, or a key that is none.
fn mark(connection: &Connection, stream: &str, answer: &Value) -> Result<Option<FeedMark>, StoreError> {
    if let Value::ServerError(error) = answer {
        let text = text_of(error);
        if text.starts_with("WRONGTYPE") || text.to_ascii_lowercase().contains("no such key") {
            return Ok(None);
        }
    }
    let answer = connection.accept_of(&format!("xinfo stream {stream}"), answer)?;
    let form = || connection.faults().form(Command::Look, "the last entry and the length of a stream");
    let last = field(answer, "last-generated-id").and_then(text).and_then(|id| EntryId::parse(&id));
    let length = field(answer, "length").and_then(count).ok_or_else(form)?;
    // Servers before Redis 7 do not count.
    let announced = field(answer, "entries-added").and_then(count).unwrap_or(length);
    let mut mark = FeedMark::new(last.ok_or_else(form)?.offset(), announced);
    if announced > length {
        let first = field(answer, "first-entry").and_then(list).and_then(<[Value]>::first).and_then(text);
        // Nothing is left: all that came until the last entry is lost.
        let first = first.and_then(|id| EntryId::parse(&id)).or(last);
        mark.lost_before = first.map(EntryId::arrived);
    }
    Ok(Some(mark))
}

/// The same of what is left of the stream: it ends with the last entry that can be read.
pub(crate) fn mark_of_what_is_left(
    connection: &Connection,
    stream: &str,
    answer: &Value,
) -> Result<Option<FeedMark>, StoreError> {
    let mut mark = mark(connection, stream, answer)?;
    if let Some(mark) = &mut mark {
        let last = field(answer, "last-entry").and_then(list).and_then(<[Value]>::first).and_then(text);
        mark.last = last.and_then(|id| EntryId::parse(&id)).map_or(Offset::START, EntryId::offset);
    }
    Ok(mark)
}

/// A field of what INFO says; empty where it has none of that name.
pub(crate) fn info_field<'a>(info: &'a str, name: &str) -> &'a str {
    let pairs = info.lines().filter_map(|line| line.trim_end().split_once(':'));
    pairs.into_iter().find(|(found, _)| *found == name).map_or("", |(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_life_of_a_server_is_read_from_its_info() {
        let info = "# Server\r\nredis_version:8.2.3\r\nrun_id:0af1\r\ntcp_port:1\r\n";
        assert_eq!(info_field(info, "run_id"), "0af1");
        assert_eq!(info_field("# Server\r\n", "run_id"), "");
    }
}
