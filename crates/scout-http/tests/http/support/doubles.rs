//! Stand-ins for the clock and the store.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use scout_core::{
    Clock, Message, MessageIntake, MonoTime, Now, Receipt, StoreError, StoreErrorKind, WallTime,
};
use tokio::sync::Notify;

/// A clock that stands still until it is moved. It begins at 2026-03-01T12:00:00Z.
#[derive(Debug)]
pub(crate) struct TestClock(Mutex<Duration>);

impl TestClock {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Duration::ZERO))
    }

    pub(crate) fn advance(&self, span: Duration) {
        *self.0.lock().unwrap() += span;
    }
}

impl Clock for TestClock {
    fn now(&self) -> Now {
        let passed = *self.0.lock().unwrap();
        let start = WallTime::parse_rfc3339("2026-03-01T12:00:00Z").unwrap();
        Now { wall: start.plus(passed), mono: MonoTime::from_start(Duration::from_secs(1000) + passed) }
    }
}

/// What the store does with a message.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reaction {
    Accept,
    /// Refuse it, with this sentence for the operator.
    Refuse(&'static str),
    Panic,
    NeverAnswer,
    /// Accept it once [`StoreDouble::release`] says so.
    Wait,
}

/// A store that takes messages as it is told, accepting by default.
#[derive(Debug, Default)]
pub(crate) struct StoreDouble {
    reactions: Mutex<VecDeque<Reaction>>,
    taken: Mutex<Vec<Message>>,
    pub(crate) arrived: Notify,
    released: Notify,
}

impl StoreDouble {
    pub(crate) fn react(&self, reaction: Reaction) {
        self.reactions.lock().unwrap().push_back(reaction);
    }

    pub(crate) fn taken(&self) -> Vec<Message> {
        self.taken.lock().unwrap().clone()
    }

    pub(crate) fn release(&self) {
        self.released.notify_one();
    }
}

#[async_trait]
impl MessageIntake for StoreDouble {
    async fn submit(&self, message: &Message) -> Result<Receipt, StoreError> {
        let reaction = self.reactions.lock().unwrap().pop_front().unwrap_or(Reaction::Accept);
        self.arrived.notify_one();
        match reaction {
            Reaction::Accept => {}
            Reaction::Refuse(why) => {
                return Err(StoreError::new(StoreErrorKind::NotWritable, why));
            }
            Reaction::Panic => panic!("the store has a bug"),
            Reaction::NeverAnswer => std::future::pending().await,
            Reaction::Wait => self.released.notified().await,
        }
        self.taken.lock().unwrap().push(message.clone());
        Ok(Receipt { key: "uuid-a<b".to_owned(), stream: "messages".to_owned(), entry: "1-0".to_owned() })
    }
}
