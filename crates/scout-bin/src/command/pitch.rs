//! `scout pitch`: sends messages to a running Scout or omni-pitcher.

mod client;
mod source;

use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::task::JoinSet;

use crate::cli::{Exit, PitchArgs};
use crate::config::Settings;
use client::{Client, PitchError};
use source::{Body, Line, Source};

/// Messages under way at once: enough that they share the store's commits.
const IN_FLIGHT: usize = 64;

/// Refusals told one by one; more of them are only counted.
const TOLD_REFUSALS: u64 = 20;

/// Files longer than this get a progress bar on a terminal.
const LONG_BYTES: u64 = 256 << 10;

/// Sends what the arguments name, and tells on standard error what was refused.
pub(super) async fn run(arguments: &PitchArgs, settings: &Settings) -> Exit {
    let client = match Client::new(arguments, settings) {
        Ok(client) => Arc::new(client),
        Err(error) => return told(error.exit(), &error),
    };
    let (source, length) = match Source::open(arguments) {
        Ok(opened) => opened,
        Err(error) => return told(error.exit(), &error),
    };
    let bar = bar(length);
    let tally = send(&client, source, &bar).await;
    bar.finish_and_clear();
    let Tally { sent, refused, failure } = tally;
    let mut err = std::io::stderr().lock();
    if refused > TOLD_REFUSALS {
        drop(writeln!(err, "… and {} more", refused - TOLD_REFUSALS));
    }
    // Nobody is left to tell when the terminal is gone.
    drop(writeln!(err, "{sent} sent, {refused} refused"));
    match failure {
        Some(error) => told(error.exit(), &error),
        None if refused > 0 => Exit::Data,
        None => Exit::Ok,
    }
}

#[derive(Default)]
struct Tally {
    sent: u64,
    refused: u64,
    /// Why sending ended early.
    failure: Option<PitchError>,
}

impl Tally {
    fn count(&mut self, number: u64, outcome: Result<(), PitchError>, bar: &ProgressBar) {
        match outcome {
            Ok(()) => self.sent += 1,
            Err(why @ (PitchError::Refused { .. } | PitchError::TooLong)) => {
                self.refused += 1;
                if self.refused <= TOLD_REFUSALS {
                    bar.suspend(|| drop(writeln!(std::io::stderr().lock(), "line {number}: {why}")));
                }
            }
            Err(error) => {
                self.failure.get_or_insert(error);
            }
        }
    }
}

async fn send(client: &Arc<Client>, mut source: Source, bar: &ProgressBar) -> Tally {
    let mut tally = Tally::default();
    let mut under_way = JoinSet::new();
    while tally.failure.is_none() {
        let line = match source.next().await {
            Some(Ok(line)) => line,
            Some(Err(error)) => {
                tally.failure = Some(error);
                break;
            }
            None => break,
        };
        bar.inc(line.bytes);
        while under_way.len() >= IN_FLIGHT {
            finish_one(&mut under_way, &mut tally, bar).await;
        }
        let Line { number, body, .. } = line;
        let Body::Message(body) = body else {
            tally.count(number, Err(PitchError::TooLong), bar);
            continue;
        };
        let client = Arc::clone(client);
        under_way.spawn(async move { (number, client.send(body).await) });
    }
    while !under_way.is_empty() {
        finish_one(&mut under_way, &mut tally, bar).await;
    }
    tally
}

async fn finish_one(
    under_way: &mut JoinSet<(u64, Result<(), PitchError>)>,
    tally: &mut Tally,
    bar: &ProgressBar,
) {
    match under_way.join_next().await {
        Some(Ok((number, outcome))) => tally.count(number, outcome, bar),
        Some(Err(panicked)) => {
            tally.failure.get_or_insert(PitchError::Panicked(panicked));
        }
        None => {}
    }
}

fn bar(length: Option<u64>) -> ProgressBar {
    if !std::io::stderr().is_terminal() || length.is_some_and(|length| length < LONG_BYTES) {
        return ProgressBar::hidden();
    }
    let template = if length.is_some() {
        "{wide_bar} {bytes}/{total_bytes} {eta}"
    } else {
        "{spinner} {bytes} {elapsed}"
    };
    let bar = ProgressBar::with_draw_target(length, ProgressDrawTarget::stderr());
    // The template is one of the two above; were it wrong, the default style would do.
    bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

fn told(exit: Exit, error: &PitchError) -> Exit {
    drop(writeln!(std::io::stderr().lock(), "{error}"));
    exit
}
