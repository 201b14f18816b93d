//! The join: one transaction that says what the store is like, and opens a cursor over exactly that.

use std::time::Duration;

use redis::{Value, cmd};
use scout_core::{Clock, StoreError, WallTime};

use crate::config::RedisConfig;
use crate::connection::{Connection, Timed, Work};
use crate::cursor::{Cursor, Leftovers, Step, number_in, open};
use crate::metrics::Command;
use crate::moment::{State, questions};
use crate::value::list;

/// The state of the store at one moment, and the first rows of it.
#[derive(Debug)]
pub(crate) struct Join<'a> {
    pub(crate) state: State,
    /// The answer to FT.AGGREGATE.
    pub(crate) answer: Value,
    pub(crate) cursor: Cursor<'a>,
    pub(crate) work: Work,
    /// How far Redis' clock is from this machine's, beyond what the way there explains.
    pub(crate) skew: Duration,
}

impl<'a> Join<'a> {
    /// Opens a cursor with that first step.
    pub(crate) async fn make(
        connection: &Connection,
        clock: &dyn Clock,
        config: &'a RedisConfig,
        leftovers: &'a Leftovers,
        step: &Step<'_>,
    ) -> Result<Self, StoreError> {
        let mut commands = vec![cmd("MULTI")];
        commands.extend(questions(config));
        commands.push(open(&config.index, step));
        commands.push(cmd("EXEC"));
        let before = clock.now().wall;
        let Timed { mut answers, work } = connection.send_timed(Command::Aggregate, commands).await?;
        let after = clock.now().wall;
        let executed = answers.pop().unwrap_or(Value::Nil);
        // Without MULTI the commands ran one by one, and the cursor is open all the same.
        let alone = answers.last().and_then(number_in);
        let joined = list(&executed).and_then(<[Value]>::last).and_then(number_in);
        let cursor = Cursor::new(&config.index, joined.or(alone).unwrap_or_default(), leftovers);
        // The first error is the cause; those after it only follow.
        for answer in &answers {
            connection.accept(Command::Aggregate, answer)?;
        }
        connection.accept(Command::Aggregate, &executed)?;
        let form = || connection.faults().form(Command::Aggregate, "the state of the store, and rows");
        let Value::Array(mut executed) = executed else { return Err(form()) };
        let answer = executed.pop().ok_or_else(form)?;
        let state = State::read(connection, config, Command::Aggregate, &executed)?;
        connection.accept(Command::Aggregate, &answer)?;
        let skew = skew(state.moment.at, before, after);
        Ok(Self { state, answer, cursor, work, skew })
    }
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
