//! The command line: what was asked for, and the commands that need no service.

mod arguments;
mod completions;
mod config;
mod exit;
mod key_flags;
mod rules;

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::LazyLock;

use clap::Parser as _;

pub use arguments::{AlertTestArgs, Command, ConfigArgs, MessageArgs, PitchArgs, RulesArgs, RulesCommand};
pub use exit::Exit;

use crate::build_info::BUILD;
use crate::config::{ConfigError, Environment, Loaded, Overrides, Sources};

/// A command line that was understood.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Invocation {
    /// What to do.
    pub command: Command,
    /// `--config`.
    pub file: Option<PathBuf>,
    /// What a command wants in place of the defaults.
    pub defaults: Overrides,
    /// What the flags say.
    pub overrides: Overrides,
    /// What a command insists on, whatever the flags say.
    pub fixed: Overrides,
}

impl Invocation {
    /// Reads a command line; the first argument is the program's name.
    ///
    /// # Errors
    /// A usage error, or a request for help or the version, which clap treats alike.
    pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let parsed = arguments::Arguments::try_parse_from(arguments)?;
        Ok(Self {
            command: parsed.command.unwrap_or_default(),
            file: parsed.config,
            defaults: Overrides::default(),
            overrides: parsed.keys.0,
            fixed: Overrides::default(),
        })
    }

    /// Loads the settings that hold for this command line in this environment.
    ///
    /// # Errors
    /// Every problem of the configuration at once.
    pub fn load(&self, environment: Environment) -> Result<Loaded, ConfigError> {
        crate::config::load(&Sources {
            file: self.file.clone(),
            environment,
            defaults: self.defaults.clone(),
            overrides: self.overrides.clone(),
            fixed: self.fixed.clone(),
        })
    }
}

/// What remains to be done once the command line has been read.
#[derive(Debug)]
pub enum Dispatch {
    /// Nothing: the answer has been given.
    Done(Exit),
    /// A command that needs settings, a log and a runtime.
    Run(Invocation),
}

/// Reads the command line, and answers at once what needs no service: help, the version, `config`, `rules`,
/// `completions`, and a usage error.
pub fn dispatch(arguments: impl IntoIterator<Item = OsString>, environment: &Environment) -> Dispatch {
    let invocation = match Invocation::parse(arguments) {
        Ok(invocation) => invocation,
        Err(error) => return Dispatch::Done(answer(&error)),
    };
    Dispatch::Done(match &invocation.command {
        Command::Config(arguments) => config::run(arguments, &invocation, environment),
        Command::Rules(arguments) => rules::run(arguments, &invocation, environment),
        Command::Completions { shell } => completions::run(*shell),
        Command::Version => print(&format!("scout {BUILD}\n")),
        _ => return Dispatch::Run(invocation),
    })
}

/// Help and version go to standard output, a usage error to standard error.
fn answer(error: &clap::Error) -> Exit {
    // Nobody is left to tell when the terminal is gone.
    drop(error.print());
    if error.use_stderr() { Exit::Usage } else { Exit::Ok }
}

/// Tells a person what is wrong with the configuration, one line a problem: a log waits for a configuration.
pub fn refuse(error: &ConfigError) -> Exit {
    drop(writeln!(io::stderr().lock(), "{error}"));
    Exit::Usage
}

/// The build as clap shows it.
fn version() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| BUILD.to_string());
    &TEXT
}

/// Writes to standard output. A reader that has seen enough, such as `head`, is no failure.
pub(crate) fn print(text: &str) -> Exit {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            drop(writeln!(io::stderr().lock(), "cannot write to standard output: {error}"));
            Exit::Internal
        }
        _ => Exit::Ok,
    }
}
