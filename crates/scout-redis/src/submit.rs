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

/// Both writes or none, so that no message is stored of which nobody hears.
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
    for answer in &answers {
        connection.accept(Command::Submit, answer)?;
    }
    let form = || connection.faults().form(Command::Submit, "a document and an entry");
    let [stored, announced] = answers.last().and_then(list).ok_or_else(form)? else { return Err(form()) };
    connection.accept(Command::Submit, stored)?;
    if !matches!(stored, Value::Okay) {
        return Err(form());
    }
    let entry = text(connection.accept(Command::Submit, announced)?).ok_or_else(form)?.into_owned();
    Ok(Receipt { key, stream: config.stream.clone(), entry })
}
