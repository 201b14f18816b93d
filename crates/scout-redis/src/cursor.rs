//! Cursors: numbers that hold a query's place in Redis, and have to be given back.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use redis::{Cmd, Value, cmd};
use scout_core::StoreError;

use crate::connection::{Connection, Timed, Work};
use crate::info::KeyType;
use crate::metrics::Command;
use crate::rows::load;
use crate::value::list;

/// How long Redis keeps a cursor that nobody reads, beyond the longest pause between steps. Short, since an index has
/// room for 128.
const IDLE: Duration = Duration::from_secs(10);

/// How many cursors are remembered for deletion; Redis forgets the others by itself.
const REMEMBERED: usize = 64;

/// The first step of a scan.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step<'a> {
    /// Which documents: `*` for all.
    pub(crate) query: &'a str,
    pub(crate) key_type: KeyType,
    pub(crate) rows: u32,
    /// When Redis ends a step by itself.
    pub(crate) limit: Option<Duration>,
    /// How long the cursor may have to wait to be read on.
    pub(crate) longest_pause: Duration,
}

/// Opens a cursor. With `limit` a step ends about then with the rows that it has.
pub(crate) fn open(index: &str, step: &Step<'_>) -> Cmd {
    let Step { query, key_type, rows, limit, longest_pause } = *step;
    let load = load(key_type);
    let mut command = cmd("FT.AGGREGATE");
    command.arg(index).arg(query).arg("LOAD").arg(load.len());
    for word in load {
        command.arg(*word);
    }
    command.arg("WITHCURSOR").arg("COUNT").arg(rows).arg("MAXIDLE").arg(millis(IDLE + longest_pause));
    // Zero means no limit: without the word, the server's own limit would hold.
    command.arg("TIMEOUT").arg(limit.map_or(0, |limit| millis(limit).max(1)));
    // Under a later one, which a server may have for its default, values come as JSON arrays.
    command.arg("DIALECT").arg(2);
    command
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// The cursor in an answer to FT.AGGREGATE or FT.CURSOR READ, even one that is not understood otherwise.
pub(crate) fn number_in(answer: &Value) -> Option<i64> {
    match list(answer)? {
        [_, Value::Int(number)] if *number != 0 => Some(*number),
        _ => None,
    }
}

/// Cursors that nobody will read any more, to be deleted before the next scan.
#[derive(Debug, Default)]
pub(crate) struct Leftovers(Mutex<Vec<i64>>);

impl Leftovers {
    pub(crate) fn add(&self, number: i64) {
        let mut numbers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if numbers.len() < REMEMBERED {
            numbers.push(number);
        }
    }

    /// Deletes them. That one is gone already is as good.
    pub(crate) async fn sweep(&self, connection: &Connection, index: &str) -> Result<(), StoreError> {
        let numbers = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        for number in numbers {
            delete(connection, index, number).await?;
        }
        Ok(())
    }
}

async fn delete(connection: &Connection, index: &str, number: i64) -> Result<(), StoreError> {
    let delete = cmd("FT.CURSOR").arg("DEL").arg(index).arg(number).take();
    connection.send(Command::Cursor, vec![delete]).await.map(drop)
}

/// An open cursor. One that is dropped before it is drained is left over, whatever ended the scan.
#[derive(Debug)]
pub(crate) struct Cursor<'a> {
    index: &'a str,
    number: i64,
    leftovers: &'a Leftovers,
}

impl<'a> Cursor<'a> {
    /// Takes charge of a cursor; zero stands for none.
    pub(crate) fn new(index: &'a str, number: i64, leftovers: &'a Leftovers) -> Self {
        Self { index, number, leftovers }
    }

    /// Whether all rows have been read.
    pub(crate) fn is_drained(&self) -> bool {
        self.number == 0
    }

    /// Reads on.
    pub(crate) async fn read(
        &mut self,
        connection: &Connection,
        rows: u32,
    ) -> Result<(Value, Work), StoreError> {
        let read =
            cmd("FT.CURSOR").arg("READ").arg(self.index).arg(self.number).arg("COUNT").arg(rows).take();
        let Timed { mut answers, work } = connection.send_timed(Command::Cursor, vec![read]).await?;
        let answer = answers.pop().unwrap_or(Value::Nil);
        // Whether an error has closed it depends on the version; deleting it once more does no harm.
        if !matches!(answer, Value::ServerError(_)) {
            self.number = number_in(&answer).unwrap_or_default();
        }
        Ok((answer, work))
    }

    /// Gives it back now.
    pub(crate) async fn close(mut self, connection: &Connection) -> Result<(), StoreError> {
        let number = std::mem::take(&mut self.number);
        if number == 0 { Ok(()) } else { delete(connection, self.index, number).await }
    }
}

impl Drop for Cursor<'_> {
    fn drop(&mut self) {
        if self.number != 0 {
            self.leftovers.add(self.number);
        }
    }
}

#[cfg(test)]
mod tests;
