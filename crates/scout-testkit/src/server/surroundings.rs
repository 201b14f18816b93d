//! What of the machine decides which RediSearch is used.

use std::path::{Path, PathBuf};

/// The environment and folders that the search for a RediSearch looks at; tests pass their own.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// `SCOUT_TEST_REDIS_URL`: a server that tests may empty.
    pub url: Option<String>,
    /// `SCOUT_TEST_REDIS_MAY_FLUSH=true`: it may be emptied though it is not on this machine.
    pub may_flush: bool,
    /// The folders of `PATH`.
    pub search_path: Vec<PathBuf>,
    /// Where a fetched server is unpacked, and where locks between processes lie.
    pub folder: PathBuf,
}

impl Surroundings {
    /// Those of this process.
    #[expect(
        clippy::disallowed_methods,
        reason = "a developer chooses the server for a test run, which has no configuration of its own"
    )]
    pub fn of_this_process() -> Self {
        let text = |key| std::env::var(key).ok().filter(|value| !value.is_empty());
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(
            || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target"),
            |folder| Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder),
        );
        Self {
            url: text("SCOUT_TEST_REDIS_URL"),
            may_flush: text("SCOUT_TEST_REDIS_MAY_FLUSH").as_deref() == Some("true"),
            search_path: std::env::var_os("PATH")
                .map(|folders| std::env::split_paths(&folders).collect())
                .unwrap_or_default(),
            folder: target.join("redis"),
        }
    }

    /// The first program of this name on the search path.
    pub(super) fn program(&self, name: &str) -> Option<PathBuf> {
        self.search_path.iter().map(|folder| folder.join(name)).find(|path| path.is_file())
    }
}
