//! The store at one moment: what a scan is joined at, and what a look compares the count with.

use std::collections::BTreeMap;
use std::sync::Arc;

use redis::{Cmd, Value, cmd};
use scout_core::{EntryId, FeedMark, Finding, Moment, StoreError, WallTime};

use crate::config::RedisConfig;
use crate::connection::{Connection, Timed, Work, micros};
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
}

/// The commands that ask for it, to be sent in one transaction.
pub(crate) fn questions(config: &RedisConfig) -> Vec<Cmd> {
    let mut questions =
        vec![cmd("TIME"), cmd("INFO").arg("server").take(), cmd("INFO").arg("replication").take()];
    questions.extend(config.streams.iter().map(|stream| cmd("XINFO").arg("STREAM").arg(stream).take()));
    questions.push(cmd("FT.INFO").arg(&config.index).take());
    questions
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
        let [time, server, replication, streams @ .., info] = answers else { return Err(form()) };
        for part in [time, server, replication, info] {
            connection.accept(command, part)?;
        }
        let micros = micros(time).ok_or_else(form)?;
        let mut moment =
            Moment::new(WallTime::from_unix_ms(i64::try_from(micros / 1000).unwrap_or(i64::MAX)));
        let mut feeds = BTreeMap::new();
        for (stream, answer) in config.streams.iter().zip(streams) {
            feeds.insert(Arc::from(stream.as_str()), mark(connection, stream, answer)?);
        }
        let info = IndexInfo::read(info)
            .ok_or_else(|| connection.faults().form(Command::Info, "a definition, attributes and counts"))?;
        moment.feeds = feeds;
        moment.documents = info.documents;
        moment.writes = info.last_number;
        moment.server = run_id(&text(server).ok_or_else(form)?).into();
        let lost_master = text(replication).and_then(|info| lost_master(&info));
        Ok(Self { moment, info, lost_master })
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

/// Reads the answer to XINFO STREAM. A stream that does not exist is at its start, and so is a key that is none: what
/// follows it will say so, and a scan does not depend on it.
fn mark(connection: &Connection, stream: &str, answer: &Value) -> Result<FeedMark, StoreError> {
    if let Value::ServerError(error) = answer {
        let text = text_of(error);
        if text.starts_with("WRONGTYPE") || text.to_ascii_lowercase().contains("no such key") {
            return Ok(FeedMark::default());
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
    Ok(mark)
}

/// What tells one life of a server from another.
fn run_id(info: &str) -> String {
    let line = info.lines().find_map(|line| line.trim_end().strip_prefix("run_id:"));
    line.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_life_of_a_server_is_read_from_its_info() {
        assert_eq!(run_id("# Server\r\nredis_version:8.2.3\r\nrun_id:0af1\r\ntcp_port:1\r\n"), "0af1");
        assert_eq!(run_id("# Server\r\n"), "");
    }
}
