//! Pauses that end when they should.

use std::time::Duration;

use scout_core::{Clock, MonoTime};

/// The runtime's timers wake up to two milliseconds late.
const LATE: Duration = Duration::from_millis(2);

/// A pause that is left to them but for its end.
const LONG: Duration = Duration::from_millis(8);

/// Waits for that moment and hardly beyond it.
///
/// A pause after a step is about two milliseconds long, which the runtime's timers would double: its end is slept through
/// on a thread that may block.
pub(crate) async fn pause_until(due: MonoTime, clock: &dyn Clock) {
    let left = due.since(clock.now().mono);
    if left > LONG {
        tokio::time::sleep(left.saturating_sub(LATE)).await;
    }
    let left = due.since(clock.now().mono);
    if left.is_zero() {
        return;
    }
    #[expect(clippy::disallowed_methods, reason = "on a thread for what blocks")]
    let sleeping = tokio::task::spawn_blocking(move || std::thread::sleep(left));
    // It cannot fail but while the runtime shuts down.
    drop(sleeping.await);
}
