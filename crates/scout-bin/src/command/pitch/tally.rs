//! What became of the messages.

use std::collections::BTreeSet;
use std::io::Write as _;

use indicatif::ProgressBar;

use super::client::PitchError;
use crate::cli::Exit;

/// Refusals told one by one; more of them are only counted.
const TOLD_REFUSALS: u64 = 20;

#[derive(Default)]
pub(super) struct Tally {
    sent: u64,
    refused: u64,
    /// Lines that were begun and neither sent nor refused.
    open: BTreeSet<u64>,
    /// The last line that was begun.
    last_begun: u64,
    /// The last line that was sent or refused; earlier ones may be open still.
    last_settled: u64,
    /// Why sending ended early.
    pub(super) failure: Option<PitchError>,
    /// How the process ends since a signal stopped it.
    pub(super) stopped: Option<Exit>,
}

impl Tally {
    pub(super) fn begin(&mut self, number: u64) {
        self.open.insert(number);
        self.last_begun = number;
    }

    pub(super) fn end(&mut self, number: u64, outcome: Result<(), PitchError>, bar: &ProgressBar) {
        match outcome {
            Ok(()) => self.sent += 1,
            Err(why @ (PitchError::Refused { .. } | PitchError::TooLong)) => {
                self.refused += 1;
                if self.refused <= TOLD_REFUSALS {
                    bar.suspend(|| drop(writeln!(std::io::stderr().lock(), "line {number}: {why}")));
                }
            }
            Err(error) => return self.fail(error),
        }
        self.open.remove(&number);
        self.last_settled = self.last_settled.max(number);
    }

    /// Notes why nothing more is sent; the first reason is the one that is told.
    pub(super) fn fail(&mut self, error: PitchError) {
        self.failure.get_or_insert(error);
    }

    /// Whether every line that was begun is sent or refused.
    pub(super) fn is_settled(&self) -> bool {
        self.open.is_empty()
    }

    /// Refusals that were not told, if any, and the numbers; of a file also where to go on.
    pub(super) fn summary(&self, is_file: bool) -> String {
        let Self { sent, refused, .. } = self;
        let untold = match refused.saturating_sub(TOLD_REFUSALS) {
            0 => String::new(),
            more => format!("… and {more} more\n"),
        };
        let stopped = if self.stopped.is_some() { ", stopped by a signal" } else { "" };
        let ended_early = self.stopped.is_some() || self.failure.is_some();
        let onward = if is_file && ended_early { self.onward() } else { String::new() };
        format!("{untold}{sent} sent, {refused} refused{stopped}{onward}")
    }

    fn onward(&self) -> String {
        let next = self.open.first().copied().unwrap_or(self.last_begun + 1);
        let beyond = if self.last_settled > next { " (some after it are done already)" } else { "" };
        format!("; go on from line {next}{beyond}")
    }

    pub(super) fn exit(&self) -> Exit {
        match (&self.failure, self.stopped) {
            (Some(error), _) => error.exit(),
            (None, Some(exit)) => exit,
            (None, None) if self.refused > 0 => Exit::Data,
            (None, None) => Exit::Ok,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begun(lines: u64) -> Tally {
        let mut tally = Tally::default();
        (1..=lines).for_each(|number| tally.begin(number));
        tally
    }

    #[test]
    fn a_stop_names_the_line_after_the_last_one_that_was_sent() {
        let mut tally = begun(2);
        (1..=2).for_each(|number| tally.end(number, Ok(()), &ProgressBar::hidden()));
        tally.stopped = Some(Exit::Terminated);
        assert_eq!(tally.summary(true), "2 sent, 0 refused, stopped by a signal; go on from line 3");
        assert_eq!(tally.summary(false), "2 sent, 0 refused, stopped by a signal");
        assert_eq!(tally.exit().code(), 143);
    }

    #[test]
    fn the_line_to_go_on_from_is_the_first_that_is_not_done() {
        let mut tally = begun(3);
        for (number, outcome) in [(1, Ok(())), (2, Err(PitchError::NoPort)), (3, Err(PitchError::TooLong))] {
            tally.end(number, outcome, &ProgressBar::hidden());
        }
        let expected = "1 sent, 1 refused; go on from line 2 (some after it are done already)";
        assert_eq!(tally.summary(true), expected);
    }

    #[test]
    fn a_run_to_the_end_names_no_line() {
        let mut tally = begun(25);
        (1..=25).for_each(|number| tally.end(number, Err(PitchError::TooLong), &ProgressBar::hidden()));
        assert_eq!(tally.summary(true), "… and 5 more\n0 sent, 25 refused");
        assert_eq!(tally.exit(), Exit::Data);
    }
}
