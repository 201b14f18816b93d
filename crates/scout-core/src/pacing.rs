//! How large a step may be, and how long to pause after it, so that nobody else feels the work.

use std::ops::Range;
use std::time::Duration;

/// The part of the stall budget that a step aims at; the rest is for steps that turn out dearer than expected.
const AIM: f64 = 0.4;

/// How much of a lower cost is believed at once. A higher one is believed at once and whole.
const DECAY: f64 = 0.125;

/// How much larger than the one before a step may be.
const GROWTH: u32 = 2;

/// The least and the largest part of the store's time.
const SHARE: Range<f64> = 0.001..0.5;

/// What a step must keep to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PacePolicy {
    stall_budget: Duration,
    share: f64,
    max_rows: u32,
}

impl PacePolicy {
    /// Steps within `stall_budget`, in at most `share` of the store's time, of at most `max_rows` rows.
    ///
    /// The share is brought between 0.1 % and one half: never more than half, so that a pause is at least as long as
    /// the step before it. At least one row is allowed.
    pub fn new(stall_budget: Duration, share: f64, max_rows: u32) -> Self {
        // What is no number would come through `clamp`.
        let share = if share.is_nan() { SHARE.start } else { share.clamp(SHARE.start, SHARE.end) };
        Self { stall_budget, share, max_rows: max_rows.max(1) }
    }

    /// The longest that one command may occupy the store.
    pub fn stall_budget(&self) -> Duration {
        self.stall_budget
    }
}

/// Adapts the size of steps to what they are measured to cost.
///
/// ```
/// use scout_core::{PacePolicy, Pacer};
/// use std::time::Duration;
///
/// let policy = PacePolicy::new(Duration::from_millis(5), 0.5, 10_000);
/// let mut pacer = Pacer::new(policy);
/// let rows = pacer.rows();
/// let pause = pacer.observe(rows, Duration::from_millis(1));
/// assert_eq!(pause, Duration::from_millis(1));
/// assert!(pacer.rows() > rows);
/// ```
#[derive(Clone, Debug)]
pub struct Pacer {
    policy: PacePolicy,
    rows: u32,
    row_nanos: f64,
}

impl Pacer {
    /// The first step, before anything is known about the cost: small enough for the dearest index measured.
    const FIRST_ROWS: u32 = 50;

    /// A pacer that knows nothing yet.
    pub fn new(policy: PacePolicy) -> Self {
        Self { policy, rows: Self::FIRST_ROWS.min(policy.max_rows), row_nanos: 0.0 }
    }

    /// A pacer that knows nothing yet, and begins with so many rows at most.
    pub fn beginning_with(policy: PacePolicy, rows: u32) -> Self {
        Self { rows: rows.clamp(1, policy.max_rows), ..Self::new(policy) }
    }

    /// Steps may take that part of the store's time from now on; bounded as by [`PacePolicy::new`].
    pub fn set_share(&mut self, share: f64) {
        let PacePolicy { stall_budget, max_rows, .. } = self.policy;
        self.policy = PacePolicy::new(stall_budget, share, max_rows);
    }

    /// How long to pause after work that took the store so long.
    pub fn pause_after(&self, busy: Duration) -> Duration {
        let pause = busy.as_secs_f64() * (1.0 - self.policy.share) / self.policy.share;
        Duration::try_from_secs_f64(pause).unwrap_or(Duration::MAX)
    }

    /// How many rows the next step may take.
    pub fn rows(&self) -> u32 {
        self.rows
    }

    /// Takes in what a step of `rows` cost the store (its duration less the round trip), and says how long to pause.
    pub fn observe(&mut self, rows: u32, busy: Duration) -> Duration {
        let measured = busy.as_nanos() as f64 / f64::from(rows.max(1));
        self.row_nanos = if measured > self.row_nanos {
            measured
        } else {
            self.row_nanos + (measured - self.row_nanos) * DECAY
        };
        let aim = self.policy.stall_budget.as_nanos() as f64 * AIM;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "saturates; both are positive"
        )]
        let affordable = (aim / self.row_nanos.max(1.0)) as u32;
        self.rows = affordable.min(self.rows.saturating_mul(GROWTH)).clamp(1, self.policy.max_rows);
        self.pause_after(busy)
    }
}
