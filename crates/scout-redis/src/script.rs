//! Scripts, which Redis remembers by their hash and may forget at any time.

use redis::{Cmd, Value, cmd};
use scout_core::StoreError;

use crate::connection::Connection;
use crate::metrics::Command;

/// A script that runs in Redis.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    code: &'static str,
    hash: String,
}

impl Script {
    pub(crate) fn new(code: &'static str) -> Self {
        Self { code, hash: redis::Script::new(code).get_hash().to_owned() }
    }

    /// Runs it, by its hash if Redis knows that.
    pub(crate) async fn run(
        &self,
        connection: &Connection,
        command: Command,
        keys: &[impl AsRef<[u8]>],
        arguments: &[impl AsRef<[u8]>],
    ) -> Result<Value, StoreError> {
        let by_hash = call("EVALSHA", &self.hash, keys, arguments);
        let answer = connection.send_timed(command, vec![by_hash]).await?.answers.pop();
        match answer {
            Some(Value::ServerError(error)) if error.code() == "NOSCRIPT" => {}
            answer => return accept(connection, "evalsha", answer),
        }
        let in_full = call("EVAL", self.code, keys, arguments);
        let answer = connection.send_timed(command, vec![in_full]).await?.answers.pop();
        accept(connection, "eval", answer)
    }
}

fn accept(connection: &Connection, name: &str, answer: Option<Value>) -> Result<Value, StoreError> {
    let answer = answer.unwrap_or(Value::Nil);
    connection.accept_of(name, &answer)?;
    Ok(answer)
}

fn call(name: &str, script: &str, keys: &[impl AsRef<[u8]>], arguments: &[impl AsRef<[u8]>]) -> Cmd {
    let mut call = cmd(name);
    call.arg(script).arg(keys.len());
    for part in keys {
        call.arg(part.as_ref());
    }
    for part in arguments {
        call.arg(part.as_ref());
    }
    call
}
