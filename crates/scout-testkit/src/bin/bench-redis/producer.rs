//! Messages written as producers write them.

use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use redis::pipe;
use scout_testkit::{Announce, Document, Generator, load};

use crate::Failure;

/// The stream on which messages are announced, and the name of the index.
pub(crate) const INDEX: &str = "messages";

/// The shortest time between two writes: timers are no finer. Above a thousand messages a second, one write has several.
const TICK: Duration = Duration::from_millis(1);

/// How many go in one round trip where nobody is looking.
const BATCH: usize = 10_000;

/// A source of new messages that keeps to a rate.
pub(crate) struct Producer {
    pub(crate) connection: MultiplexedConnection,
    pub(crate) generator: Generator,
    /// How many were written.
    pub(crate) sent: u64,
}

impl Producer {
    /// Writes so many messages a second for so long, whatever the store takes for it.
    pub(crate) async fn keep_up(&mut self, rate: u32, time: Duration) -> Result<(), Failure> {
        let begin = Instant::now();
        if rate == 0 {
            tokio::time::sleep(time).await;
            return Ok(());
        }
        let (mut sent, tick) = (0, TICK.max(Duration::from_secs(1) / rate));
        for round in 1.. {
            let due = tick * round;
            if due > time {
                break;
            }
            tokio::time::sleep_until((begin + due).into()).await;
            let wanted = begin.elapsed().min(time).as_micros() * u128::from(rate) / 1_000_000;
            let count = usize::try_from(wanted).unwrap_or(usize::MAX).saturating_sub(sent);
            self.write(count).await?;
            sent += count;
        }
        Ok(())
    }

    /// Writes so many messages and announces none; their keys.
    pub(crate) async fn write_silently(&mut self, count: usize) -> Result<Vec<String>, Failure> {
        let mut keys = Vec::with_capacity(count);
        while keys.len() < count {
            let documents: Vec<Document> =
                self.generator.by_ref().take(BATCH.min(count - keys.len())).collect();
            load(&mut self.connection, &documents, Announce::Silently).await?;
            keys.extend(documents.into_iter().map(|document| document.key));
        }
        self.sent += keys.len() as u64;
        Ok(keys)
    }

    /// Announces documents on a stream that from then on holds more than producers let it keep.
    pub(crate) async fn announce(&mut self, keys: &[String]) -> Result<(), Failure> {
        for batch in keys.chunks(BATCH) {
            let mut entries = pipe();
            for key in batch {
                entries.cmd("XADD").arg(INDEX).arg("*").arg("messageID").arg(key).ignore();
            }
            let () = entries.query_async(&mut self.connection).await?;
        }
        Ok(())
    }

    /// Writes and announces so many messages.
    pub(crate) async fn write(&mut self, count: usize) -> Result<(), Failure> {
        let documents: Vec<Document> = self.generator.by_ref().take(count).collect();
        load(&mut self.connection, &documents, Announce::On(INDEX)).await?;
        self.sent += documents.len() as u64;
        Ok(())
    }
}
