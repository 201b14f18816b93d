//! The join: one transaction that says what time it is, what the index holds, and opens a cursor over exactly that.

use std::time::Duration;

use redis::{Value, cmd};
use scout_core::{Clock, Finding, StoreError, WallTime};

use crate::connection::{Connection, Timed, Work, micros};
use crate::cursor::{Cursor, Leftovers, number_in, open};
use crate::info::{IndexInfo, KeyType};
use crate::metrics::Command;
use crate::replication::lost_master;
use crate::value::{list, text};

/// The state of the index at one moment, and the first rows of it.
#[derive(Debug)]
pub(crate) struct Join<'a> {
    /// The moment, on Redis' clock.
    pub(crate) at: WallTime,
    pub(crate) info: IndexInfo,
    /// The answer to FT.AGGREGATE.
    pub(crate) answer: Value,
    pub(crate) cursor: Cursor<'a>,
    pub(crate) work: Work,
    /// How far Redis' clock is from this machine's, beyond what the way there explains.
    pub(crate) skew: Duration,
    /// Redis is a replica that does not hear of what is written.
    pub(crate) lost_master: Option<Finding>,
}

impl<'a> Join<'a> {
    /// Opens a cursor over documents of that type, with so many rows and such a time limit for the first step.
    pub(crate) async fn make(
        connection: &Connection,
        clock: &dyn Clock,
        index: &'a str,
        leftovers: &'a Leftovers,
        (key_type, rows, limit): (KeyType, u32, Option<Duration>),
    ) -> Result<Self, StoreError> {
        let commands = vec![
            cmd("MULTI"),
            cmd("TIME"),
            cmd("INFO").arg("replication").take(),
            cmd("FT.INFO").arg(index).take(),
            open(index, key_type, rows, limit),
            cmd("EXEC"),
        ];
        let before = clock.now().wall;
        let Timed { mut answers, work } = connection.send_timed(Command::Aggregate, commands).await?;
        let after = clock.now().wall;
        let executed = answers.pop().unwrap_or(Value::Nil);
        // Without MULTI the commands ran one by one, and the cursor is open all the same.
        let alone = answers.last().and_then(number_in);
        let joined = list(&executed).and_then(<[Value]>::last).and_then(number_in);
        let cursor = Cursor::new(index, joined.or(alone).unwrap_or_default(), leftovers);
        // The first error is the cause; those after it only follow.
        for answer in &answers {
            connection.accept(Command::Aggregate, answer)?;
        }
        let form = || connection.faults().form(Command::Aggregate, "the time, the index and rows");
        let Value::Array(executed) = into_accepted(connection, executed)? else { return Err(form()) };
        let [time, replication, info, answer]: [Value; 4] = executed.try_into().map_err(|_| form())?;
        for part in [&time, &replication, &info, &answer] {
            connection.accept(Command::Aggregate, part)?;
        }
        let micros = micros(&time).ok_or_else(form)?;
        let at = WallTime::from_unix_ms(i64::try_from(micros / 1000).unwrap_or(i64::MAX));
        let info = IndexInfo::read(&info)
            .ok_or_else(|| connection.faults().form(Command::Info, "a definition, attributes and counts"))?;
        let lost_master = text(&replication).and_then(|info| lost_master(&info));
        Ok(Self { at, info, answer, cursor, work, skew: skew(at, before, after), lost_master })
    }
}

fn into_accepted(connection: &Connection, answer: Value) -> Result<Value, StoreError> {
    connection.accept(Command::Aggregate, &answer)?;
    Ok(answer)
}

/// How far a moment lies outside of the span in which it was asked for.
fn skew(at: WallTime, before: WallTime, after: WallTime) -> Duration {
    let early = before.unix_ms().saturating_sub(at.unix_ms());
    let late = at.unix_ms().saturating_sub(after.unix_ms());
    Duration::from_millis(early.max(late).try_into().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skew_is_what_the_way_to_redis_does_not_explain() {
        let at = |ms| WallTime::from_unix_ms(ms);
        let skew = |time, before, after| skew(at(time), at(before), at(after)).as_millis();
        assert_eq!(skew(1_000, 900, 1_100), 0);
        assert_eq!(skew(1_000, 6_500, 6_600), 5_500);
        assert_eq!(skew(9_000, 900, 1_100), 7_900);
    }
}
