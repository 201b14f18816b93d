//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use scout_testkit::Generation;

/// Measures what counting costs a Redis and those who write to it.
///
/// Starts a RediSearch of its own on loopback, fills it, and lets the queries of the Go service and Scout count it in
/// turns, while a producer in a process of its own sends PING and JSON.SET every 5 ms and tells what it waits for them.
#[derive(Debug, Parser)]
#[command(
    name = "bench-redis",
    bin_name = "cargo xtask bench-redis",
    override_usage = "cargo xtask bench-redis [OPTIONS]",
    subcommand_negates_reqs = true,
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) measure: Option<Measure>,
    #[command(subcommand)]
    pub(crate) part: Option<Part>,
}

/// What runs as a process of its own.
#[derive(Debug, Subcommand)]
pub(crate) enum Part {
    /// Writes to a Redis as a producer does, and tells how long that took.
    #[command(hide = true)]
    Probe {
        #[arg(long)]
        url: String,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct Measure {
    /// The release build of `scout`, which `cargo xtask` names.
    #[arg(long, hide = true, required = true)]
    pub(crate) scout: PathBuf,
    /// Messages in the store.
    #[arg(long, default_value_t = 100_000)]
    pub(crate) messages: u64,
    /// How the index is made: by earlier platforms (A), omni-pitcher 1.6.0 (B), or the newest platform (D).
    #[arg(long, value_enum, ignore_case = true, default_value_t = Index::D)]
    pub(crate) generation: Index,
    /// Messages that are followed one by one until the summary counts them.
    #[arg(long, default_value_t = 1_000)]
    pub(crate) followed: u32,
    /// Messages that come while Scout is held, to see how fast it reads them.
    #[arg(long, value_name = "MESSAGES")]
    pub(crate) backlog: Option<usize>,
    /// Where to write the numbers as JSON.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Short windows: shows that it works, and nothing more.
    #[arg(long)]
    pub(crate) quick: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "UPPER")]
pub(crate) enum Index {
    A,
    B,
    D,
}

impl Index {
    pub(crate) fn generation(self) -> Generation {
        match self {
            Self::A => Generation::A,
            Self::B => Generation::B,
            Self::D => Generation::D,
        }
    }
}
