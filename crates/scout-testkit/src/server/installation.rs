//! A RediSearch on this machine that can be started as often as needed.

use std::fmt;
use std::path::{Path, PathBuf};

use tokio::sync::OnceCell;

use super::source::find_installation;
use super::{Modules, ServerError, Surroundings, Unavailable};

/// A server program with its modules.
#[derive(Clone, Debug)]
pub struct Installation {
    /// Where it was found, for people.
    pub(super) name: String,
    pub(super) program: PathBuf,
    /// `None` where the module is part of the program.
    pub(super) search: Option<PathBuf>,
    pub(super) json: Option<PathBuf>,
}

impl Installation {
    /// The one that this process uses; looked for once.
    pub async fn of_this_machine() -> Result<Self, Unavailable> {
        static FOUND: OnceCell<Result<Installation, Unavailable>> = OnceCell::const_new();
        FOUND.get_or_init(async || find_installation(&Surroundings::of_this_process()).await).await.clone()
    }

    /// The server program.
    pub fn program(&self) -> &Path {
        &self.program
    }

    pub(super) fn module_files(&self, modules: Modules) -> impl Iterator<Item = &Path> {
        let (search, json) = match modules {
            Modules::SearchAndJson => (self.search.as_deref(), self.json.as_deref()),
            Modules::SearchOnly => (self.search.as_deref(), None),
            Modules::None => (None, None),
        };
        search.into_iter().chain(json)
    }

    /// Whether it can be started with these modules and no others.
    pub(super) fn allows(&self, modules: Modules) -> Result<(), ServerError> {
        let kept_out = match modules {
            Modules::SearchAndJson => true,
            Modules::SearchOnly => self.json.is_some(),
            Modules::None => self.json.is_some() && self.search.is_some(),
        };
        if kept_out { Ok(()) } else { Err(ServerError::BuiltIn(self.name.clone())) }
    }
}

impl fmt::Display for Installation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} ({})", self.name, self.program.display())
    }
}
