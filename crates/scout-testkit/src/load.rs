//! Documents written as producers write them.

use redis::RedisError;
use redis::aio::ConnectionLike;

use crate::messages::Document;

/// How many documents go in one round trip.
const BATCH: usize = 1000;

/// Whether consumers get to hear of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Announce<'a> {
    /// The document alone is written.
    Silently,
    /// Its key goes to this stream right after it, as the platform's library does it.
    On(&'a str),
}

/// Writes these documents in their order.
pub async fn load<'a>(
    connection: &mut impl ConnectionLike,
    documents: impl IntoIterator<Item = &'a Document>,
    announce: Announce<'_>,
) -> Result<(), RedisError> {
    let mut documents = documents.into_iter().peekable();
    while documents.peek().is_some() {
        let mut batch = redis::pipe();
        for document in documents.by_ref().take(BATCH) {
            batch.cmd("JSON.SET").arg(&document.key).arg(".").arg(document.value.to_string()).ignore();
            if let Announce::On(stream) = announce {
                batch.cmd("XADD").arg(stream).arg("MAXLEN").arg(10_000).arg("*");
                batch.arg("messageID").arg(&document.key).ignore();
            }
        }
        let _: () = batch.query_async(connection).await?;
    }
    Ok(())
}
