//! How soon a message is counted.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::{Duration, Instant};

use crate::Failure;
use crate::latency::Latency;
use crate::producer::Producer;
use crate::scout::Scout;

/// The longest wait before the next message: longer than the least time between two early cycles, so that messages
/// meet every part of it.
const LONGEST_PAUSE_MS: u64 = 300;

/// How often the summary is asked for.
const POLL: Duration = Duration::from_millis(2);

/// After this long, a message is lost.
const PATIENCE: Duration = Duration::from_secs(60);

/// Pitches messages one after the other at random moments: from before JSON.SET until the summary counts it.
pub(crate) async fn follow(
    scout: &mut Scout,
    producer: &mut Producer,
    messages: u32,
    before: u64,
) -> Result<Latency, Failure> {
    let mut took = Vec::new();
    for _ in 0..messages {
        let pause = RandomState::new().build_hasher().finish() % LONGEST_PAUSE_MS;
        tokio::time::sleep(Duration::from_millis(pause)).await;
        let begin = Instant::now();
        producer.write(1).await?;
        let wanted = before + producer.sent;
        while scout.web.total().await?.is_none_or(|total| total < wanted) {
            if begin.elapsed() > PATIENCE {
                return Err("a message is not counted".into());
            }
            tokio::time::sleep(POLL).await;
        }
        took.push(begin.elapsed());
    }
    Ok(Latency::of(took))
}
