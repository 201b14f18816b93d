//! Who goes where there are too many connections: those whose clients have been waited for the longest.

use std::cmp::Reverse;
use std::time::Duration;

use scout_core::MonoTime;

use crate::progress::{Phase, Progress};

/// How long a new client may say nothing while others wait for its place; its request may be on the way.
const PATIENCE: Duration = Duration::from_millis(100);

/// Asks the connections that wait for a request to go, the longest waiting first and no more than `number`; how many
/// were asked.
pub(crate) fn make<'a>(
    connections: impl Iterator<Item = &'a Progress>,
    number: usize,
    now: MonoTime,
) -> usize {
    let waits = |progress: &'a Progress| {
        let waited = progress.waited(now);
        let may_go = match progress.mark().phase() {
            Phase::Silent => waited >= PATIENCE,
            Phase::Idle => true,
            Phase::Header | Phase::Handling | Phase::Answering | Phase::Streaming => false,
        };
        may_go.then_some((waited, progress))
    };
    let mut waiting: Vec<(Duration, &Progress)> = connections.filter_map(waits).collect();
    waiting.sort_unstable_by_key(|(waited, _)| Reverse(*waited));
    waiting.truncate(number);
    for (_, progress) in &waiting {
        progress.ask_to_go();
    }
    waiting.len()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn at(ms: u64) -> MonoTime {
        MonoTime::from_start(Duration::from_millis(ms))
    }

    fn idle_since(ms: u64) -> Arc<Progress> {
        let progress = Progress::new(at(0));
        progress.handling(false);
        progress.answering(at(ms));
        progress.flushed();
        progress
    }

    /// Which of them are asked at that time.
    fn asked(connections: &[Arc<Progress>], number: usize, ms: u64) -> Vec<bool> {
        let asked = make(connections.iter().map(AsRef::as_ref), number, at(ms));
        let heard: Vec<bool> = connections.iter().map(|progress| progress.hears_to_go()).collect();
        assert_eq!(heard.iter().filter(|heard| **heard).count(), asked);
        heard
    }

    #[test]
    fn those_go_first_that_have_been_waited_for_the_longest_silent_or_idle() {
        let connections = [Progress::new(at(300)), idle_since(100), Progress::new(at(200)), idle_since(400)];
        assert_eq!(asked(&connections, 1, 1000), [false, true, false, false]);
        assert_eq!(asked(&connections, 3, 1000), [true, true, true, false]);
        assert_eq!(asked(&connections, 9, 1000), [true; 4]);
    }

    #[test]
    fn who_has_just_connected_may_stay_and_who_has_just_been_answered_may_not() {
        let connections = [Progress::new(at(950)), idle_since(950)];
        assert_eq!(asked(&connections, 9, 1000), [false, true]);
        assert_eq!(asked(&connections, 9, 1050), [true, true]);
    }

    #[test]
    fn who_is_within_a_request_stays() {
        let handling = Progress::new(at(0));
        handling.handling(false);
        let answering = Progress::new(at(0));
        answering.handling(false);
        answering.answering(at(1));
        let sending = Progress::new(at(0));
        sending.bytes_came();
        assert_eq!(asked(&[handling, answering, sending], 9, 1000), [false; 3]);
    }
}
