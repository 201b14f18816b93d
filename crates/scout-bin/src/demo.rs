//! `scout demo`: the service over a store in a temporary folder, with messages coming in.

mod folder;
mod scene;

use std::sync::Arc;
use std::time::Duration;

use scout_core::{Clock, MessageIntake};
use tokio::time::MissedTickBehavior;
use tracing::warn;

pub(crate) use folder::DemoFolder;
use scene::{PAST_MESSAGES, Scene};

/// What holds in the demo unless somebody says otherwise, by path of key.
pub(crate) const DEFAULTS: [(&str, &str); 4] =
    [("interval", "1s"), ("http.listen", "127.0.0.1"), ("log.level", "error"), ("log.format", "text")];

/// What holds in the demo whatever anybody says, by path of key, in words.
pub(crate) const FIXED: [(&str, &str); 2] =
    [("store.kind", "embedded"), ("store.data", "a temporary folder")];

/// The time between two messages.
const PERIOD: Duration = Duration::from_millis(200);

/// Writes messages until it is dropped: first a day's worth of the past, then a few each second.
///
/// A message that the store refuses is said and passed over.
pub(crate) async fn write_messages(store: Arc<dyn MessageIntake>, clock: Arc<dyn Clock>) {
    let mut scene = Scene::new(clock.now().wall.unix_ms().unsigned_abs());
    for _ in 0..PAST_MESSAGES {
        let message = scene.past(clock.now());
        submit(&*store, &message).await;
    }
    let mut ticks = tokio::time::interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        let message = scene.next(clock.now());
        submit(&*store, &message).await;
    }
}

async fn submit(store: &dyn MessageIntake, message: &scout_core::Message) {
    if let Err(error) = store.submit(message).await {
        warn!(error = %error, "the store refused a message of the demo");
    }
}
