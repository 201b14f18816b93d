//! What Redis and its modules say when something is wrong, and what it means.

use std::time::Duration;

use redis::{RedisError, ServerError, Value};
use scout_core::{StoreError, StoreErrorKind};

use crate::config::{Address, Password};
use crate::metrics::Command;

/// Where in an answer's text a phrase has to stand.
enum Phrase {
    /// The first word, which is the code of the server's own errors. Modules send none.
    Code(&'static str),
    /// Anywhere, in any case: texts and their case changed between versions. Written here in lower case.
    Holds(&'static str),
}

impl Phrase {
    fn fits(&self, text: &str, lower: &str) -> bool {
        match self {
            Code(word) => text.split(' ').next() == Some(word),
            Holds(words) => lower.contains(words),
        }
    }
}

use Phrase::{Code, Holds};

/// What texts mean; the first that fits counts.
const MEANINGS: &[(Phrase, StoreErrorKind)] = &[
    (Code("LOADING"), StoreErrorKind::NotReady),
    (Code("BUSY"), StoreErrorKind::NotReady),
    // Whoever waits on a stream while the server becomes a replica.
    (Code("UNBLOCKED"), StoreErrorKind::NotReady),
    (Code("MASTERDOWN"), StoreErrorKind::NotReady),
    (Code("NOAUTH"), StoreErrorKind::Authentication),
    (Code("WRONGPASS"), StoreErrorKind::Authentication),
    (Code("DENIED"), StoreErrorKind::Authentication),
    // Instead of NOAUTH for a command with more than ten arguments; the connection is closed.
    (Holds("unauthenticated multibulk length"), StoreErrorKind::Authentication),
    (Holds("unauthenticated bulk length"), StoreErrorKind::Authentication),
    (Holds("without any password configured"), StoreErrorKind::Authentication),
    (Holds("no password is set"), StoreErrorKind::Authentication),
    (Holds("invalid password"), StoreErrorKind::Authentication),
    // Servers before Redis 6 know no users.
    (Holds("wrong number of arguments for 'auth'"), StoreErrorKind::Authentication),
    (Code("NOPERM"), StoreErrorKind::Permission),
    // What a script may not run.
    (Holds("acl failure in script"), StoreErrorKind::Permission),
    (Code("READONLY"), StoreErrorKind::NotWritable),
    (Code("OOM"), StoreErrorKind::NotWritable),
    (Code("MISCONF"), StoreErrorKind::NotWritable),
    (Code("NOREPLICAS"), StoreErrorKind::NotWritable),
    (Code("MOVED"), StoreErrorKind::Clustered),
    (Code("ASK"), StoreErrorKind::Clustered),
    (Code("CROSSSLOT"), StoreErrorKind::Clustered),
    (Code("CLUSTERDOWN"), StoreErrorKind::Clustered),
    (Holds("max number of clients"), StoreErrorKind::Unreachable),
    (Holds("no such index"), StoreErrorKind::IndexMissing),
    (Holds("unknown index name"), StoreErrorKind::IndexMissing),
    (Holds("index not found"), StoreErrorKind::IndexMissing),
    (Holds("the index was dropped"), StoreErrorKind::IndexMissing),
    (Holds("unknown command"), StoreErrorKind::ModuleMissing),
    // FT.CREATE without RedisJSON.
    (Holds("invalid rule type"), StoreErrorKind::ModuleMissing),
    (Code("NOPROTO"), StoreErrorKind::ModuleMissing),
    (Holds("timeout limit was reached"), StoreErrorKind::Timeout),
    // The rest of the rows is lost with the cursor.
    (Holds("cursor not found"), StoreErrorKind::Partial),
    (Holds("cursor does not exist"), StoreErrorKind::Partial),
    // Others hold them; they pass.
    (Holds("too many cursors"), StoreErrorKind::NotReady),
];

/// What the text of an error answer means.
pub(crate) fn kind_of(text: &str) -> StoreErrorKind {
    // EXEC that was refused itself wraps the reason.
    let text = text.strip_prefix("EXECABORT Transaction discarded because of: ").unwrap_or(text);
    let lower = text.to_ascii_lowercase();
    MEANINGS
        .iter()
        .find(|(phrase, _)| phrase.fits(text, &lower))
        .map_or(StoreErrorKind::Refused, |(_, kind)| *kind)
}

/// Whether FT.CREATE lost a race against another creator.
pub(crate) fn says_index_exists(text: &str) -> bool {
    text.to_ascii_lowercase().contains("index already exists")
}

/// Whether AUTH failed since the server asks for no password.
pub(crate) fn says_no_password_needed(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    lower.contains("without any password configured") || lower.contains("no password is set")
}

/// The text as the server sent it. The client takes the first word for a code, which modules do not send.
///
/// What it repeats of a command's arguments is left out: it may be part of a message, or a password.
pub(crate) fn text_of(error: &ServerError) -> String {
    let mut text = error.code().to_owned();
    if let Some(details) = error.details() {
        text.push(' ');
        text.push_str(details);
    }
    if let Some(end) = text.find(", with args beginning") {
        text.truncate(end);
    }
    text
}

/// Makes errors that say which Redis and which command they are about.
#[derive(Clone, Debug)]
pub(crate) struct Faults {
    address: Address,
    password: Option<Password>,
}

impl Faults {
    pub(crate) fn new(address: Address, password: Option<Password>) -> Self {
        Self { address, password }
    }

    /// The server refused a command.
    pub(crate) fn refusal(&self, command: Command, error: &ServerError) -> StoreError {
        self.refusal_of(command.as_str(), error)
    }

    /// The server refused the command of that name, one of several that are measured together.
    pub(crate) fn refusal_of(&self, name: &str, error: &ServerError) -> StoreError {
        let text = self.without_password(&text_of(error));
        let kind = kind_of(&text);
        let mut sentence = format!("redis at {} answered {name} with: {text}", self.address);
        if let Some(hint) = hint(kind) {
            sentence.push_str("; ");
            sentence.push_str(hint);
        }
        StoreError::new(kind, sentence)
    }

    /// The connection could not be made, or broke.
    pub(crate) fn io(&self, error: &std::io::Error) -> StoreError {
        let kind = match error.kind() {
            std::io::ErrorKind::TimedOut => StoreErrorKind::Timeout,
            _ => StoreErrorKind::Unreachable,
        };
        StoreError::new(kind, format!("cannot reach redis at {}: {error}", self.address))
    }

    /// The client gave up on a connection, or could not read an answer.
    pub(crate) fn client(&self, command: Command, error: &RedisError) -> StoreError {
        if error.kind() == redis::ErrorKind::Parse {
            let text =
                format!("cannot read what redis at {} answered {} with", self.address, command.as_str());
            return StoreError::new(StoreErrorKind::Protocol, text);
        }
        let text =
            format!("lost redis at {} while {} was under way: {error}", self.address, command.as_str());
        StoreError::new(StoreErrorKind::Unreachable, self.without_password(&text))
    }

    /// No answer in time.
    pub(crate) fn silence(&self, command: Command, waited: Duration) -> StoreError {
        let text = format!("redis at {} did not answer {} within {waited:?}", self.address, command.as_str());
        StoreError::new(StoreErrorKind::Timeout, text)
    }

    /// An answer of another form than the command's.
    pub(crate) fn form(&self, command: Command, expected: &str) -> StoreError {
        let text = format!(
            "redis at {} answered {} in an unknown form: expected {expected}",
            self.address,
            command.as_str()
        );
        StoreError::new(StoreErrorKind::Protocol, text)
    }

    /// Something else that is wrong with this Redis.
    pub(crate) fn other(&self, kind: StoreErrorKind, text: &str) -> StoreError {
        StoreError::new(kind, format!("redis at {}: {text}", self.address))
    }

    /// The value, or the error that stands in its place.
    pub(crate) fn accept<'a>(&self, command: Command, value: &'a Value) -> Result<&'a Value, StoreError> {
        match value {
            Value::ServerError(error) => Err(self.refusal(command, error)),
            value => Ok(value),
        }
    }

    fn without_password(&self, text: &str) -> String {
        match &self.password {
            Some(password) if !password.expose().is_empty() => text.replace(password.expose(), "***"),
            _ => text.to_owned(),
        }
    }
}

/// What the operator can do about it.
fn hint(kind: StoreErrorKind) -> Option<&'static str> {
    match kind {
        StoreErrorKind::Authentication => Some("look at the user name and the password"),
        StoreErrorKind::Permission => Some("give the user this right with ACL SETUSER"),
        StoreErrorKind::ModuleMissing => {
            Some("scout needs the modules search and ReJSON, as Redis Stack or Redis 8 have them")
        }
        StoreErrorKind::Clustered => Some("scout does not know clusters: point it at a standalone Redis"),
        _ => None,
    }
}

#[cfg(test)]
mod provoked;
#[cfg(test)]
mod tests;
