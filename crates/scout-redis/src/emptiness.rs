//! Whether an index that gives nothing may be believed: zero is a number only where nothing contradicts it.

use redis::{Value, cmd};
use scout_core::{Finding, FindingKind, StoreError, StoreErrorKind};
use uuid::Uuid;

use crate::connection::Connection;
use crate::error::text_of;
use crate::index::Index;
use crate::info::IndexInfo;
use crate::metrics::Command;
use crate::plan;
use crate::value::{bytes, count, list, text};

/// Keys that one step looks at, which takes some ten microseconds.
const KEYS: u32 = 100;

/// How many steps are taken at most. Where messages were left out there are mostly nothing but messages, so that the
/// first step shows one.
const STEPS: u32 = 50;

/// What the keys say.
#[derive(Debug, PartialEq, Eq)]
enum Keys {
    /// There are no documents that could be missing.
    NoDocuments,
    /// There is at least this message.
    Message(String),
    /// There are so many keys, and what they are was not looked at to the end.
    Unknown(u64),
    /// As before, and the user may not look.
    NotPermitted(u64),
}

/// Zero, if it can be believed, with what remains doubtful about it.
///
/// # Errors
/// With a sentence that says what contradicts it, and what to run.
pub(crate) async fn believe(
    connection: &Connection,
    name: &str,
    info: &IndexInfo,
) -> Result<Option<Finding>, StoreError> {
    let refuse = |text: &str| {
        let text =
            format!("the index {name} gives no documents, which does not mean that there are none: {text}");
        connection.faults().other(StoreErrorKind::Refused, &text)
    };
    if let Some(finding) = plan::obstacle(name, info) {
        return Err(refuse(&finding.text));
    }
    // A document that was refused can have any key.
    let is_sign = if info.refused > 0 { |_: &str| true } else { is_message };
    let keys = look(connection, is_sign).await?;
    if info.refused > 0 && keys != Keys::NoDocuments {
        let refused = plan::refused(info).map(|finding| finding.text).unwrap_or_default();
        return Err(refuse(&format!("{refused}; if none of them is left, {}", plan::anew(name))));
    }
    match keys {
        // It may have come after the scan.
        Keys::Message(key) if Index::new(connection, name).info().await?.documents == 0 => {
            Err(refuse(&format!(
                "{key} is one and is not in it, as if it had been made with SKIPINITIALSCAN; {}",
                plan::anew(name)
            )))
        }
        Keys::Message(_) | Keys::NoDocuments | Keys::Unknown(_) => Ok(None),
        // One may be the stream.
        Keys::NotPermitted(keys) if keys <= 1 => Ok(None),
        Keys::NotPermitted(keys) => {
            let text = format!(
                "the index {name} is empty, and the user may not look whether there are messages among the {keys} \
                 keys of redis; run `ACL SETUSER <user> +scan`"
            );
            Ok(Some(Finding::new(FindingKind::Server, keys, text)))
        }
    }
}

async fn look(connection: &Connection, is_sign: fn(&str) -> bool) -> Result<Keys, StoreError> {
    let keys = number_of_keys(connection).await?;
    if keys == 0 {
        return Ok(Keys::NoDocuments);
    }
    let mut cursor = b"0".to_vec();
    for _ in 0..STEPS {
        let scan = cmd("SCAN").arg(&cursor).arg("COUNT").arg(KEYS).arg("TYPE").arg("ReJSON-RL").take();
        let answers = connection.send(Command::Scan, vec![scan]).await?;
        let form = || connection.faults().form(Command::Scan, "a cursor and keys");
        let answer = answers.first().ok_or_else(form)?;
        if matches!(answer, Value::ServerError(error) if text_of(error).starts_with("NOPERM")) {
            return Ok(Keys::NotPermitted(keys));
        }
        let [next, found] = list(connection.accept(Command::Scan, answer)?).ok_or_else(form)? else {
            return Err(form());
        };
        let mut found = list(found).ok_or_else(form)?.iter().filter_map(text);
        if let Some(key) = found.find(|key| is_sign(key)) {
            return Ok(Keys::Message(key.into_owned()));
        }
        bytes(next).ok_or_else(form)?.clone_into(&mut cursor);
        if cursor == b"0" {
            return Ok(Keys::NoDocuments);
        }
    }
    Ok(Keys::Unknown(keys))
}

/// Keys of database 0. `DBSIZE` would be a right of its own.
async fn number_of_keys(connection: &Connection) -> Result<u64, StoreError> {
    let answers = connection.send(Command::Server, vec![cmd("INFO").arg("keyspace").take()]).await?;
    let form = || connection.faults().form(Command::Server, "the text of INFO");
    let answer = connection.accept(Command::Server, answers.first().ok_or_else(form)?)?;
    Ok(keys_in(&text(answer).ok_or_else(form)?))
}

/// A database without keys is not listed.
fn keys_in(keyspace: &str) -> u64 {
    let database = keyspace.lines().find_map(|line| line.strip_prefix("db0:keys="));
    let number = database.and_then(|rest| rest.split(',').next()).unwrap_or("0");
    count(&Value::BulkString(number.trim().as_bytes().to_vec())).unwrap_or_default()
}

/// Whether it is a key as the platform makes them: `<uuid>-<system>`.
fn is_message(key: &str) -> bool {
    key.split_at_checked(36).is_some_and(|(id, rest)| rest.starts_with('-') && Uuid::try_parse(id).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_the_first_database_are_counted() {
        assert_eq!(keys_in("# Keyspace\r\ndb0:keys=20000,expires=0,avg_ttl=0\r\ndb1:keys=7\r\n"), 20_000);
        assert_eq!(keys_in("# Keyspace\r\ndb1:keys=7,expires=0\r\n"), 0);
        assert_eq!(keys_in("# Keyspace\r\n"), 0);
    }

    #[test]
    fn a_message_is_told_by_its_key() {
        let id = "6f6fbd8a-3a14-4d43-8c43-0f7f5d0b2c11";
        assert!(is_message(&format!("{id}-flux")));
        assert!(is_message(&format!("{id}-")));
        for other in [id, "messages", "scout:messages:state", "", "ümlaut-ümlaut-ümlaut-ümlaut-ümlaut-üm"]
        {
            assert!(!is_message(other), "{other}");
        }
    }
}
