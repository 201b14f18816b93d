//! What else the machine did: a latency that somebody else's build has made is none of Redis'.

use std::fs;
use std::time::Instant;

use crate::Failure;

/// How many ticks `/proc` counts in a second, on every Linux that we know.
pub(crate) const TICKS: f64 = 100.0;

/// Processor time up to a moment, in ticks.
pub(crate) struct Machine {
    all: u64,
    /// Of this process and those that it has started.
    ours: u64,
    at: Instant,
}

impl Machine {
    pub(crate) fn now() -> Result<Self, Failure> {
        let stat = fs::read_to_string("/proc/stat")?;
        let line =
            stat.lines().next().and_then(|line| line.strip_prefix("cpu ")).ok_or("no processor time")?;
        let ticks: Vec<u64> = line.split_whitespace().map_while(|word| word.parse().ok()).collect();
        // Without idling and waiting for disks, and without guests, who are part of the first two.
        let all =
            ticks.iter().take(8).enumerate().filter(|(at, _)| ![3, 4].contains(at)).map(|(_, n)| n).sum();
        let this = u64::from(std::process::id());
        let ours = fs::read_dir("/proc")?
            // A process may end while the list is read.
            .filter_map(|entry| fs::read_to_string(entry.ok()?.path().join("stat")).ok())
            .filter_map(|stat| ticks_of(&stat, this))
            .sum();
        Ok(Self { all, ours, at: Instant::now() })
    }

    /// How many processors others have used since then, on average.
    pub(crate) fn others_since(&self, before: &Self) -> f64 {
        let ours = self.ours.saturating_sub(before.ours);
        let others = self.all.saturating_sub(before.all).saturating_sub(ours);
        others as f64 / TICKS / (self.at - before.at).as_secs_f64()
    }
}

/// The time of a process that is this one or a child of it, with that of its own children that have ended.
pub(crate) fn ticks_of(stat: &str, this: u64) -> Option<u64> {
    let id: u64 = stat.split(' ').next()?.parse().ok()?;
    // The name may hold anything, a blank or a bracket too.
    let (_, rest) = stat.rsplit_once(") ")?;
    let field = |at: usize| rest.split(' ').nth(at)?.parse::<u64>().ok();
    let is_ours = id == this || field(1)? == this;
    is_ours.then(|| (11..15).filter_map(field).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "42 (a) b) S 7 42 42 0 -1 4194560 100 200 0 0 30 4 500 6000 20 0 1 0 1 2 3";

    #[test]
    fn a_process_counts_with_its_children_that_have_ended() {
        assert_eq!(ticks_of(STAT, 42), Some(6534));
        assert_eq!(ticks_of(STAT, 7), Some(6534));
    }

    #[test]
    fn a_process_of_somebody_else_counts_not() {
        assert_eq!(ticks_of(STAT, 1), None);
    }
}
