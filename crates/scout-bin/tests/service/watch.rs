//! Reads the summary all the time, as dashboards do.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::task::JoinHandle;

use crate::scout::{Answer, Scout, request};

/// What a reader was shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// A total that nothing is said against.
    Plain(u64),
    /// A total with a mark: stale, a difference, that it is not of all messages, or that it is being counted.
    Marked(u64),
    /// An error, with its status.
    Refused(u16),
}

impl Shown {
    pub(crate) fn now(scout: &Scout) -> Self {
        Self::of(&scout.get("/analytics/summary"))
    }

    fn of(answer: &Answer) -> Self {
        if answer.status != 200 {
            return Self::Refused(answer.status);
        }
        let summary = answer.json();
        let total = summary["totalMessages"].as_u64().unwrap();
        let is_marked =
            ["stale", "difference", "incomplete", "counting"].iter().any(|mark| summary.get(mark).is_some());
        if is_marked { Self::Marked(total) } else { Self::Plain(total) }
    }
}

/// A reader that asks again and again.
pub(crate) struct Watch {
    stop: Arc<AtomicBool>,
    reading: JoinHandle<Vec<Shown>>,
}

impl Watch {
    pub(crate) fn over(scout: &Scout) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, port) = (Arc::clone(&stop), scout.port);
        let reading = tokio::task::spawn_blocking(move || {
            let mut all = Vec::new();
            while !stopped.load(Ordering::Relaxed) {
                let shown = Shown::of(&request(port, "GET", "/analytics/summary", &[], ""));
                if all.last() != Some(&shown) {
                    all.push(shown);
                }
            }
            all
        });
        Self { stop, reading }
    }

    /// What it was shown, each time that it was something else than before.
    pub(crate) async fn shown(self) -> Vec<Shown> {
        self.stop.store(true, Ordering::Relaxed);
        self.reading.await.unwrap()
    }
}
