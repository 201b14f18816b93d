//! Streams on which messages are announced, and which are not followed.

use redis::{Value, cmd};
use scout_core::{Clock, PacePolicy, Pacer, StoreError};

use crate::config::RedisConfig;
use crate::connection::{Connection, Timed};
use crate::error::text_of;
use crate::metrics::Command;
use crate::pause::pause_until;
use crate::tail::KEY_FIELD;
use crate::value::{bytes, field, list, text};

/// Keys that are looked at, at most: one and a half seconds of Redis' time, about a millisecond each step.
const KEYS: u32 = 2_000_000;

/// Keys of one step, at most.
const MAX_KEYS: u32 = 1_000;

/// Streams that are looked into, at most.
const STREAMS: usize = 100;

/// The part of Redis' time that looking may take.
const HALF: f64 = 0.5;

/// What was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Unfollowed {
    /// Sorted.
    pub(crate) streams: Vec<String>,
    /// Whether there are keys that were not looked at.
    pub(crate) is_cut: bool,
}

/// Looks for streams whose last entry is as the platform's are. `None` where the user may not look; a stream that the user
/// may not read is none that is found.
pub(crate) async fn unfollowed(
    connection: &Connection,
    config: &RedisConfig,
    clock: &dyn Clock,
) -> Result<Option<Unfollowed>, StoreError> {
    let Some(Unfollowed { streams, is_cut }) = all_streams(connection, config, clock).await? else {
        return Ok(None);
    };
    let mut found = Unfollowed { streams: Vec::new(), is_cut: is_cut || streams.len() > STREAMS };
    for stream in streams.into_iter().take(STREAMS) {
        if announces(connection, &stream).await? {
            found.streams.push(stream);
        }
    }
    Ok(Some(found))
}

/// Every stream that is not followed, whatever it holds.
async fn all_streams(
    connection: &Connection,
    config: &RedisConfig,
    clock: &dyn Clock,
) -> Result<Option<Unfollowed>, StoreError> {
    let mut pacer = Pacer::new(PacePolicy::new(config.stall_budget, HALF, MAX_KEYS));
    let mut found = Unfollowed::default();
    let (mut cursor, mut left) = (b"0".to_vec(), KEYS);
    loop {
        let keys = pacer.rows();
        let scan = cmd("SCAN").arg(&cursor).arg("COUNT").arg(keys).arg("TYPE").arg("stream").take();
        let Timed { answers, work } = connection.send_timed(Command::Scan, vec![scan]).await?;
        let form = || connection.faults().form(Command::Scan, "a cursor and keys");
        let answer = answers.first().ok_or_else(form)?;
        if matches!(answer, Value::ServerError(error) if text_of(error).starts_with("NOPERM")) {
            return Ok(None);
        }
        let [next, names] = list(connection.accept(Command::Scan, answer)?).ok_or_else(form)? else {
            return Err(form());
        };
        let names = list(names).ok_or_else(form)?.iter().filter_map(text);
        found.streams.extend(names.map(Into::into).filter(|name| !config.streams.contains(name)));
        bytes(next).ok_or_else(form)?.clone_into(&mut cursor);
        left = left.saturating_sub(keys);
        if cursor == b"0" || left == 0 {
            found.is_cut = cursor != b"0";
            break;
        }
        let pause = pacer.observe(keys, work.busy);
        pause_until(work.sent.plus(work.busy).plus(pause), clock).await;
    }
    // While keys come and go, some are given twice.
    found.streams.sort_unstable();
    found.streams.dedup();
    Ok(Some(found))
}

/// Whether the last entry has the field that announces a message, and no other.
async fn announces(connection: &Connection, stream: &str) -> Result<bool, StoreError> {
    let about = cmd("XINFO").arg("STREAM").arg(stream).take();
    let answers = connection.send(Command::Look, vec![about]).await?;
    let form = || connection.faults().form(Command::Look, "what a stream is like");
    let answer = answers.first().ok_or_else(form)?;
    if matches!(answer, Value::ServerError(_)) {
        // It may not be read, or is gone.
        return Ok(false);
    }
    let last = field(answer, "last-entry").and_then(list);
    let fields = last.and_then(|entry| list(entry.get(1)?));
    Ok(matches!(fields, Some([name, _]) if bytes(name) == Some(KEY_FIELD.as_bytes())))
}
