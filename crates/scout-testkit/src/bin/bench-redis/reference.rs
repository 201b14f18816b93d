//! What the Go service asks, once a minute.

use redis::aio::MultiplexedConnection;
use redis::{Value, cmd};

use crate::Failure;
use crate::producer::INDEX;

/// Its five queries, in its order. It waits for each before it sends the next.
const QUERIES: [&str; 5] = [
    "* GROUPBY 1 @severity REDUCE COUNT 0 AS count",
    "* GROUPBY 1 @system REDUCE COUNT 0 AS count SORTBY 2 @count DESC MAX 20",
    "@severity:(ERROR) GROUPBY 0 REDUCE COUNT 0 AS count",
    "@severity:(CRITICAL) GROUPBY 0 REDUCE COUNT 0 AS count",
    "@severity:(ERROR|CRITICAL) GROUPBY 1 @system REDUCE COUNT 0 AS count SORTBY 2 @count DESC MAX 10",
];

/// One cycle, over RESP2 as it speaks it.
///
/// Over an index whose severity is a TAG the queries for one severity are refused or find nothing, as they would be
/// there; the cycle goes on.
pub(crate) async fn cycle(connection: &mut MultiplexedConnection) -> Result<(), Failure> {
    for query in QUERIES {
        let mut command = cmd("FT.AGGREGATE");
        command.arg(INDEX).arg(query.split(' ').collect::<Vec<_>>()).arg("TIMEOUT").arg(30_000);
        let answer: Result<Value, _> = command.query_async(connection).await;
        if let Err(error) = answer
            && error.is_unrecoverable_error()
        {
            return Err(error.into());
        }
    }
    Ok(())
}
