//! What is wrong with a configuration, and what is merely worth a word.

use std::fmt;
use std::path::PathBuf;

use super::layer::Layer;

/// Where a value stands: the layer, and the file if it is one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Origin {
    /// The layer.
    pub layer: Layer,
    /// The file's path, for [`Layer::File`].
    pub file: Option<PathBuf>,
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.file {
            Some(path) => write!(out, "{} {}", self.layer, path.display()),
            None => write!(out, "{}", self.layer),
        }
    }
}

/// One reason not to start.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// A value that its key does not accept.
    #[error("invalid {name}{}: {reason} ({origin})", Quoted(.value.as_ref()))]
    Invalid {
        /// The key as its author wrote it: a variable, a flag, or a key of the file.
        name: String,
        /// The value, fit to be seen; `None` for secrets.
        value: Option<String>,
        /// Where it stands.
        origin: Origin,
        /// What is wrong with it.
        reason: String,
    },
    /// A key that another one needs.
    #[error("missing {name}: {reason}")]
    Missing {
        /// All names of the key.
        name: String,
        /// Who needs it.
        reason: String,
    },
    /// A key that does not exist.
    #[error("unknown key {name}{} ({origin})", Suggestion(*.nearest))]
    UnknownKey {
        /// The key as written.
        name: String,
        /// A known key that looks like it.
        nearest: Option<&'static str>,
        /// Where it stands.
        origin: Origin,
    },
    /// A file that cannot be read, or is no TOML.
    #[error("cannot use {}: {reason}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why not; never a line of the file, which may hold a secret.
        reason: String,
    },
}

/// Everything that is wrong with a configuration, at once.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct ConfigError(Vec<Problem>);

impl ConfigError {
    /// `None` when there is nothing wrong.
    pub(crate) fn of(problems: Vec<Problem>) -> Option<Self> {
        (!problems.is_empty()).then_some(Self(problems))
    }

    /// What is wrong, which is something.
    pub(crate) fn all(problems: Vec<Problem>) -> Self {
        Self(problems)
    }

    /// The problems, to be told among others.
    pub(crate) fn into_problems(self) -> Vec<Problem> {
        self.0
    }

    /// The problems, each a sentence of its own.
    pub fn problems(&self) -> &[Problem] {
        &self.0
    }
}

/// Something that works, though perhaps not as its author believes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Warning {
    /// The key as its author wrote it.
    pub name: String,
    /// The value, fit to be seen; `None` for secrets and unset keys.
    pub value: Option<String>,
    /// Where it stands.
    pub origin: Origin,
    /// What the reader should know.
    pub text: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}{}: {} ({})", self.name, Quoted(self.value.as_ref()), self.text, self.origin)
    }
}

/// A blank and the value in quotes, or nothing.
struct Quoted<'a>(Option<&'a String>);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(value) => write!(out, " {value:?}"),
            None => Ok(()),
        }
    }
}

/// A question that names a likely key, or nothing.
pub(crate) struct Suggestion<'a>(pub(crate) Option<&'a str>);

impl fmt::Display for Suggestion<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(name) => write!(out, "; did you mean {name}?"),
            None => Ok(()),
        }
    }
}

/// The longest part of a value that a message repeats, in characters.
const SHOWN_CHARS: usize = 120;

/// A value as a message may repeat it: cut to a readable length, and without what stands before an `@`, since
/// people paste URLs with passwords into keys that are no secrets.
pub(crate) fn masked(text: &str) -> String {
    let without_user = match text.rsplit_once('@') {
        Some((before, host)) => {
            let scheme = before.find("://").map_or("", |at| &before[..at + 3]);
            format!("{scheme}{}@{host}", super::secret::HIDDEN)
        }
        None => text.to_owned(),
    };
    match without_user.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{}…", &without_user[..end]),
        None => without_user,
    }
}
