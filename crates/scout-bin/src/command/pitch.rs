//! `scout pitch`: sends messages to a running Scout or omni-pitcher.

mod client;
mod signals;
mod source;
mod tally;

use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::task::{JoinError, JoinSet};

use crate::cli::{Exit, PitchArgs};
use crate::config::Settings;
use client::{Client, PitchError};
use signals::Signals;
use source::{Body, Line, Source};
use tally::Tally;

/// Messages under way at once: enough that they share the store's commits.
const IN_FLIGHT: usize = 64;

/// Files longer than this get a progress bar on a terminal.
const LONG_BYTES: u64 = 256 << 10;

/// Sends what the arguments name, and tells on standard error what was refused.
pub(super) async fn run(arguments: &PitchArgs, settings: &Settings) -> Exit {
    let client = match Client::new(arguments, settings) {
        Ok(client) => Arc::new(client),
        Err(error) => return told(error.exit(), &error),
    };
    let (mut source, length) = match Source::open(arguments) {
        Ok(opened) => opened,
        Err(error) => return told(error.exit(), &error),
    };
    // Not before the file is open: opening a pipe may wait for its other side, which a signal then has to end.
    let mut signals = match Signals::listen().map_err(PitchError::Signals) {
        Ok(signals) => signals,
        Err(error) => return told(error.exit(), &error),
    };
    let bar = bar(length);
    let tally = send(&client, &mut source, &mut signals, &bar).await;
    bar.finish_and_clear();
    // Nobody is left to tell when the terminal is gone.
    drop(writeln!(std::io::stderr().lock(), "{}", tally.summary(arguments.file.is_some())));
    match &tally.failure {
        Some(error) => told(error.exit(), error),
        None => tally.exit(),
    }
}

/// Sends until the messages or the receiver end, or a signal comes; then waits for what is under way.
async fn send(client: &Arc<Client>, source: &mut Source, signals: &mut Signals, bar: &ProgressBar) -> Tally {
    let mut tally = Tally::default();
    let mut under_way = JoinSet::new();
    while tally.failure.is_none() {
        tokio::select! {
            biased;
            exit = signals.next() => {
                stop(&mut tally, exit, bar);
                break;
            }
            Some(ended) = under_way.join_next() => end(&mut tally, ended, bar),
            line = source.next(), if under_way.len() < IN_FLIGHT => match line {
                Some(Ok(line)) => begin(&mut tally, line, client, &mut under_way, bar),
                Some(Err(error)) => tally.fail(error),
                None => break,
            },
        }
    }
    loop {
        tokio::select! {
            biased;
            ended = under_way.join_next() => match ended {
                Some(ended) => end(&mut tally, ended, bar),
                None => break,
            },
            exit = signals.next() => {
                if tally.stopped.is_some() {
                    break;
                }
                stop(&mut tally, exit, bar);
            }
        }
    }
    if tally.is_settled() && source.is_at_its_end() {
        // The signal came too late to keep anything from being sent.
        tally.stopped = None;
    }
    tally
}

/// A message under way, with the number of its line.
type UnderWay = JoinSet<(u64, Result<(), PitchError>)>;

fn begin(tally: &mut Tally, line: Line, client: &Arc<Client>, under_way: &mut UnderWay, bar: &ProgressBar) {
    let Line { number, bytes, body } = line;
    bar.inc(bytes);
    tally.begin(number);
    match body {
        Body::TooLong => tally.end(number, Err(PitchError::TooLong), bar),
        Body::Message(body) => {
            let client = Arc::clone(client);
            under_way.spawn(async move { (number, client.send(body).await) });
        }
    }
}

fn end(tally: &mut Tally, ended: Result<(u64, Result<(), PitchError>), JoinError>, bar: &ProgressBar) {
    match ended {
        Ok((number, outcome)) => tally.end(number, outcome, bar),
        Err(panicked) => tally.fail(PitchError::Panicked(panicked)),
    }
}

fn stop(tally: &mut Tally, exit: Exit, bar: &ProgressBar) {
    tally.stopped = Some(exit);
    if !tally.is_settled() {
        let text = "stopping once what is under way is answered; a second signal stops at once";
        bar.suspend(|| drop(writeln!(std::io::stderr().lock(), "{text}")));
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
