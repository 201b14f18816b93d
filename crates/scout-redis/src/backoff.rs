//! How long to leave a Redis alone that could not be reached.

use std::time::Duration;

use scout_core::MonoTime;

/// The pause after the first failure, before jitter.
const FIRST: Duration = Duration::from_millis(50);

/// The longest pause, so that a service which asks once a second or less often is never turned away twice in a row.
pub(crate) const LONGEST: Duration = Duration::from_secs(1);

/// Pauses between attempts: twice as long after each failure, and any part of that (full jitter), so that processes
/// which lost the same Redis at one moment do not come back at one moment.
#[derive(Debug)]
pub(crate) struct Backoff {
    seed: u64,
    failures: u32,
    until: MonoTime,
}

impl Backoff {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, failures: 0, until: MonoTime::default() }
    }

    /// How long to wait before the next attempt.
    pub(crate) fn remaining(&self, now: MonoTime) -> Duration {
        self.until.since(now)
    }

    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }

    pub(crate) fn failed(&mut self, now: MonoTime) {
        let ceiling = FIRST.saturating_mul(1 << self.failures.min(16)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        // The moment of the failure differs between processes even where the seed does not.
        self.seed = mixed(self.seed ^ u64::from(now.since(MonoTime::default()).subsec_nanos()));
        let part = self.seed as f64 / u64::MAX as f64;
        self.until = now.plus(ceiling.mul_f64(part));
    }
}

/// One step of splitmix64.
fn mixed(state: u64) -> u64 {
    let state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pauses(seed: u64, count: usize) -> Vec<Duration> {
        let mut backoff = Backoff::new(seed);
        let mut now = MonoTime::default();
        let pause = |_| {
            backoff.failed(now);
            let pause = backoff.remaining(now);
            now = now.plus(pause);
            pause
        };
        (0..count).map(pause).collect()
    }

    #[test]
    fn nothing_waits_before_the_first_failure() {
        assert_eq!(Backoff::new(1).remaining(MonoTime::default()), Duration::ZERO);
    }

    #[test]
    fn pauses_grow_and_are_bounded() {
        for seed in 0..100 {
            let pauses = pauses(seed, 200);
            for (number, pause) in pauses.iter().enumerate() {
                let ceiling = FIRST.saturating_mul(1 << number.min(10)).min(LONGEST);
                assert!(*pause <= ceiling, "pause {number} of seed {seed} is {pause:?}");
            }
            let late = pauses[100..].iter().sum::<Duration>() / 100;
            assert!(late > LONGEST / 3 && late < LONGEST * 2 / 3, "{late:?} is no half of the longest");
        }
    }

    #[test]
    fn seeds_spread_the_attempts() {
        let mut first: Vec<Duration> = (0..100).map(|seed| pauses(seed, 5)[4]).collect();
        first.sort_unstable();
        first.dedup();
        assert!(first.len() > 95, "{} different pauses", first.len());
    }

    #[test]
    fn after_a_reset_pauses_are_short_again() {
        let mut backoff = Backoff::new(7);
        let now = MonoTime::default();
        (0..20).for_each(|_| backoff.failed(now));
        backoff.reset();
        backoff.failed(now);
        assert!(backoff.remaining(now) <= FIRST);
    }
}
