//! Storing a message and announcing it, as the platform's intake does.

use redis::{Value, cmd};
use scout_core::{Message, Receipt, StoreError, StoreErrorKind};
use uuid::Uuid;

use crate::config::RedisConfig;
use crate::connection::Connection;
use crate::metrics::Command;
use crate::value::{list, text};

/// How many entries a stream keeps; exactly, since readers count on it.
const ENTRIES: u32 = 10_000;

/// The key of a new message: `<uuid>-<system>`, which ends in `-` where there is no system.
///
/// The randomness comes from the operating system and not from an argument: two writers that were given the same seed
/// would overwrite each other's messages.
fn key(system: &str) -> String {
    format!("{}-{system}", Uuid::new_v4())
}

/// The commands, in the order in which they are sent.
const NAMES: [&str; 4] = ["multi", "json.set", "xadd", "exec"];

/// Both writes at one moment, so that nobody hears of a message that is not there.
///
/// Redis refuses both where it can tell beforehand. It undoes nothing if the second fails when its turn comes, as on a
/// stream's key that is no stream: the document is deleted again, or retries would multiply it.
pub(crate) async fn submit(
    connection: &Connection,
    config: &RedisConfig,
    message: &Message,
) -> Result<Receipt, StoreError> {
    let document = serde_json::to_vec(message).map_err(|error| {
        StoreError::new(StoreErrorKind::Refused, "the message cannot be written as JSON").with_source(error)
    })?;
    let key = key(&message.system);
    let commands = vec![
        cmd("MULTI"),
        cmd("JSON.SET").arg(&key).arg(".").arg(document).take(),
        cmd("XADD").arg(&config.stream).arg("MAXLEN").arg(ENTRIES).arg("*").arg("messageID").arg(&key).take(),
        cmd("EXEC"),
    ];
    let answers = connection.send(Command::Submit, commands).await?;
    for (name, answer) in NAMES.iter().zip(&answers) {
        connection.accept_of(name, answer)?;
    }
    let form = || connection.faults().form(Command::Submit, "a document and an entry");
    let [stored, announced] = answers.last().and_then(list).ok_or_else(form)? else { return Err(form()) };
    connection.accept_of("json.set", stored)?;
    if !matches!(stored, Value::Okay) {
        return Err(form());
    }
    match connection.accept_of("xadd", announced) {
        Ok(entry) => {
            let entry = text(entry).ok_or_else(form)?.into_owned();
            Ok(Receipt { key, stream: config.stream.clone(), entry })
        }
        Err(error) => Err(undone(connection, &key, error).await),
    }
}

/// Deletes a document that nobody was told of, and says so if that fails as well.
async fn undone(connection: &Connection, key: &str, cause: StoreError) -> StoreError {
    let unlink = cmd("UNLINK").arg(key).take();
    let undone = match connection.send(Command::Submit, vec![unlink]).await {
        Ok(answers) => answers.iter().try_for_each(|answer| connection.accept_of("unlink", answer).map(drop)),
        Err(error) => Err(error),
    };
    match undone {
        Ok(()) => cause,
        Err(error) => {
            let text =
                format!("{cause}; its document {key} is stored all the same and is counted, since {error}");
            StoreError::new(cause.kind(), text).with_source(cause)
        }
    }
}
