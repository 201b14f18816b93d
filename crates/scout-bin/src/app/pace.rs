//! How often things happen, from the settings.

use std::time::Duration;

use scout_core::RescanPolicy;

use crate::config::Settings;

/// How often the count is compared with what the store says of itself, however long the interval is: what is wrong is not
/// to stay unmarked for long, and it costs Redis less than a millisecond.
const CHECKED_EVERY: Duration = Duration::from_secs(10);

/// How often things happen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    pub(super) interval: Duration,
    /// From one cycle to an early one.
    pub(super) early: Duration,
    /// From one check to the next.
    pub(super) check: Duration,
    pub(super) rescan: RescanPolicy,
}

impl Pace {
    pub(super) fn new(settings: &Settings) -> Self {
        let interval = settings.interval.period;
        let mut rescan = RescanPolicy::default();
        rescan.rotation = settings.rescan_interval;
        rescan.blind = interval.max(CHECKED_EVERY);
        rescan.difference = rescan.difference.min(settings.rescan_interval);
        rescan.longest_retry = interval.clamp(rescan.first_retry, rescan.longest_retry);
        Self {
            interval,
            early: Duration::from_secs(1) / settings.max_cycles_per_second.max(1),
            check: CHECKED_EVERY,
            rescan,
        }
    }
}
