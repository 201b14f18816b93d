//! How a server is to be started.

use std::fmt::Write;
use std::path::Path;

use super::{Installation, RedisServer, ServerError};

/// Which modules a server loads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Modules {
    /// RediSearch and RedisJSON, as production has them.
    #[default]
    SearchAndJson,
    /// RediSearch alone: documents cannot be written or indexed.
    SearchOnly,
    /// Neither: a plain Redis.
    None,
}

/// A server that is yet to be started. Listens on loopback, keeps nothing on disk, and has a folder of its own.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    pub(super) password: Option<String>,
    pub(super) modules: Modules,
    pub(super) own_clock: bool,
    append_only: bool,
    lines: Vec<String>,
}

impl Builder {
    /// Asks clients for this password (`requirepass`).
    pub fn password(mut self, password: &str) -> Self {
        self.password = Some(password.to_owned());
        self
    }

    /// Asks clients for no password.
    pub fn no_password(mut self) -> Self {
        self.password = None;
        self
    }

    /// Loads these modules.
    pub fn modules(mut self, modules: Modules) -> Self {
        self.modules = modules;
        self
    }

    /// Puts every write on disk before it is answered, so that the data survive [`RedisServer::kill`].
    pub fn append_only(mut self) -> Self {
        self.append_only = true;
        self
    }

    /// Gives it a wall clock that [`RedisServer::set_clock`] sets. Only on Linux, and with a C compiler.
    pub fn own_clock(mut self) -> Self {
        self.own_clock = true;
        self
    }

    /// Adds a line to `redis.conf`, such as `maxmemory 10mb` or `rename-command HELLO ""`; the last line of a name wins.
    pub fn config(mut self, line: &str) -> Self {
        self.lines.push(line.to_owned());
        self
    }

    /// Starts it and waits until it answers.
    pub async fn start(self) -> Result<RedisServer, ServerError> {
        self.start_on(Installation::of_this_machine().await?).await
    }

    /// As [`Self::start`], with an installation that was found already.
    pub async fn start_on(self, installation: Installation) -> Result<RedisServer, ServerError> {
        RedisServer::launch(installation, self).await
    }

    /// The text of its `redis.conf`.
    pub(super) fn configuration(&self, installation: &Installation, port: u16, folder: &Path) -> String {
        let append_only = if self.append_only { "yes" } else { "no" };
        let mut text = format!(
            "bind 127.0.0.1\nport {port}\ndir {}\ndaemonize no\nsave \"\"\nappendonly {append_only}\n\
             appendfsync always\nenable-debug-command local\n",
            quoted(&folder.to_string_lossy()),
        );
        for module in installation.module_files(self.modules) {
            let _ = writeln!(text, "loadmodule {}", quoted(&module.to_string_lossy()));
        }
        if let Some(password) = &self.password {
            let _ = writeln!(text, "requirepass {}", quoted(password));
        }
        for line in &self.lines {
            let _ = writeln!(text, "{line}");
        }
        text
    }
}

/// A value in the quotes of `redis.conf`.
fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}
