//! What may stand on the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::key_flags::{self, KeyFlags};
use crate::config::Secret;

const EXAMPLES: &str = "\
Examples:
  scout demo                                 see it work, with nothing else installed
  REDIS_ADDR=redis.example scout             serve the messages of a Redis
  scout --store embedded --data ./data       serve the messages of a local file
  scout --config scout.toml check            try a configuration and the Redis it names
  scout config --sample > scout.toml         begin a configuration
  scout pitch --title Backup --message done  send one message

Exit codes: 0 done or stopped as asked, 1 tests of rules failed, 64 command line or configuration,
65 messages refused or unreadable, 69 a peer is not there, 70 a failure of Scout's own; of pitch 130 or 143, stopped by
Ctrl-C or SIGTERM.";

const SERVE_EXAMPLES: &str = "\
Examples:
  REDIS_ADDR=redis.example scout serve
  scout serve --store embedded --data ./data
  scout serve --config scout.toml --port 0   on any free port, which the log names";

const DEMO_EXAMPLES: &str = "\
Listens on 127.0.0.1 unless SCOUT_LISTEN says otherwise.

Examples:
  scout demo
  scout demo --port 0 --log-level info       on any free port, and with a log
  SCOUT_LISTEN=0.0.0.0 scout demo            for others to see";

const CHECK_EXAMPLES: &str = "\
Examples:
  REDIS_ADDR=redis.example scout check
  scout check --config scout.toml
  scout check --store embedded --data ./data";

const ALERT_TEST_EXAMPLES: &str = "\
Examples:
  ALERT_PITCHER_URL=http://pitcher.example scout alert-test pitcher
  scout --config scout.toml alert-test oncall";

const PITCH_EXAMPLES: &str = "\
Examples:
  scout pitch --title Backup --message done --severity success --system backup
  scout pitch messages.jsonl                 one JSON object a line
  jq -c '.[]' messages.json | scout pitch - --to https://scout.example";

const CONFIG_EXAMPLES: &str = "\
Examples:
  scout config                               what holds for each key, and where it comes from
  scout --config scout.toml config
  scout config --sample > scout.toml         a file with every key, to be edited";

const RULES_EXAMPLES: &str = "\
Examples:
  scout rules check --config scout.toml      what each rule means, in words
  scout rules test rules-test.toml           docs/alerting.md says what stands in such a file
  scout rules test tests/*.toml";

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  scout completions bash > /etc/bash_completion.d/scout
  scout completions zsh > ~/.zfunc/_scout
  scout completions fish > ~/.config/fish/completions/scout.fish";

/// Watches the messages that a platform keeps in Redis, and serves true numbers about them.
#[derive(Debug, Parser)]
#[command(name = "scout", version = super::version(), after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[arg(
        long,
        global = true,
        value_name = "PATH",
        help = "Read this file [env: SCOUT_CONFIG]",
        help_heading = "Settings"
    )]
    pub(super) config: Option<PathBuf>,

    #[command(flatten)]
    pub(super) keys: KeyFlags,

    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

/// What to do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Subcommand)]
#[non_exhaustive]
pub enum Command {
    /// Serve; the same as no command at all
    #[default]
    #[command(after_help = SERVE_EXAMPLES)]
    Serve,
    /// Serve lively messages of its own from a temporary folder
    #[command(after_help = DEMO_EXAMPLES, args = key_flags::of_demo())]
    Demo,
    /// Try the configuration, Redis, its modules and the index, and say what was found
    #[command(after_help = CHECK_EXAMPLES)]
    Check,
    /// Send a receiver an alert that means nothing, and its end, and say what came of it
    #[command(after_help = ALERT_TEST_EXAMPLES)]
    AlertTest(AlertTestArgs),
    /// Send a message, or a file of them, to a running Scout or omni-pitcher
    #[command(after_help = PITCH_EXAMPLES)]
    Pitch(Box<PitchArgs>),
    /// Show what holds for each key, and where it comes from
    #[command(after_help = CONFIG_EXAMPLES)]
    Config(ConfigArgs),
    /// Check rules for alerts, or test them on messages that you make up
    #[command(after_help = RULES_EXAMPLES)]
    Rules(RulesArgs),
    /// Write a completion script for a shell
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Show version, commit and date of this build
    Version,
}

/// `scout alert-test`.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AlertTestArgs {
    /// The receiver's name
    #[arg(value_name = "RECEIVER")]
    pub receiver: String,
}

/// `scout pitch`.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PitchArgs {
    /// Messages as JSON, one a line; `-` is standard input
    #[arg(value_name = "FILE", required_unless_present = "title", conflicts_with_all = MESSAGE_FLAGS)]
    pub file: Option<PathBuf>,

    /// Where to send to, without `/pitch` [default: this machine, at the configured address and port]
    #[arg(long, value_name = "URL")]
    pub to: Option<String>,

    /// Bearer token; others on this machine can see it, unlike the environment [default: the first configured one]
    #[arg(long, value_parser = |text: &str| Ok::<_, std::convert::Infallible>(Secret::new(text)))]
    pub token: Option<Secret>,

    /// The one message to send.
    #[command(flatten)]
    pub message: MessageArgs,
}

const MESSAGE_FLAGS: [&str; 7] = ["title", "message", "severity", "system", "author", "tags", "url"];

/// The parts of one message.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
#[command(next_help_heading = "Message")]
#[non_exhaustive]
pub struct MessageArgs {
    /// What happened, in a few words
    #[arg(long, requires = "message")]
    pub title: Option<String>,
    /// What happened, in full
    #[arg(long, requires = "title")]
    pub message: Option<String>,
    /// Such as debug, info, success, warning, error, critical
    #[arg(long, requires = "title")]
    pub severity: Option<String>,
    /// Where it happened
    #[arg(long, requires = "title")]
    pub system: Option<String>,
    /// Who says so
    #[arg(long, requires = "title")]
    pub author: Option<String>,
    /// Words between commas
    #[arg(long, requires = "title")]
    pub tags: Option<String>,
    /// Where to read more
    #[arg(long, requires = "title")]
    pub url: Option<String>,
}

/// `scout config`.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConfigArgs {
    /// Write a file with every key and its default instead
    #[arg(long)]
    pub sample: bool,
}

/// `scout rules`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RulesArgs {
    /// What to do with them.
    #[command(subcommand)]
    pub command: RulesCommand,
}

/// What to do with rules.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
#[non_exhaustive]
pub enum RulesCommand {
    /// Read the configuration, and say in words what each rule means
    Check,
    /// Run tests of rules: messages at times, and the alerts that they are to lead to
    Test {
        /// Files of tests
        #[arg(value_name = "FILE", required = true)]
        files: Vec<PathBuf>,
    },
}
