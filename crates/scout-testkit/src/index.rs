//! Indexes as the platform's programs have made them.

use std::time::Duration;

use redis::aio::ConnectionLike;
use redis::{ErrorKind, RedisError, Value};

use crate::messages::Generation;

const FIELDS: [&str; 7] = ["severity", "system", "timestamp", "title", "message", "author", "tags"];
const TAGS_OF_B: [&str; 4] = ["severity", "system", "author", "tags"];
const HASH_FIELDS: [&str; 11] = [
    "title",
    "message",
    "severity",
    "author",
    "timestamp",
    "system",
    "tags",
    "assigneeaddress",
    "assigneename",
    "artifacts",
    "url",
];

/// Makes an index of this generation and does not wait until it is built.
pub async fn create_index(
    connection: &mut impl ConnectionLike,
    index: &str,
    generation: Generation,
) -> Result<(), RedisError> {
    let mut command = redis::cmd("FT.CREATE");
    command.arg(index);
    match generation {
        Generation::A | Generation::B | Generation::D => {
            command.arg("ON").arg("JSON").arg("SCHEMA");
            for field in FIELDS {
                let is_tag = generation == Generation::B && TAGS_OF_B.contains(&field);
                command.arg(format!("$.{field}")).arg("AS").arg(field).arg(if is_tag {
                    "TAG"
                } else {
                    "TEXT"
                });
            }
            if generation == Generation::D {
                command
                    .arg("$.timestamp_unix")
                    .arg("AS")
                    .arg("timestamp_unix")
                    .arg("NUMERIC")
                    .arg("SORTABLE");
            }
        }
        Generation::C3 | Generation::C4 => {
            command.arg("SCHEMA");
            for field in HASH_FIELDS {
                let is_number = generation == Generation::C4 && field == "timestamp";
                command.arg(field).arg(if is_number { "NUMERIC" } else { "TEXT" }).arg("SORTABLE");
            }
        }
    }
    command.query_async(connection).await
}

/// Waits until an index has taken in all documents that were there when it was made.
pub async fn wait_until_built(connection: &mut impl ConnectionLike, index: &str) -> Result<(), RedisError> {
    while index_info(connection, index, "indexing").await? != 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}

/// A count that FT.INFO tells, such as `num_docs` or `hash_indexing_failures`.
///
/// # Errors
/// Also where it tells none of this name.
pub async fn index_info(
    connection: &mut impl ConnectionLike,
    index: &str,
    name: &str,
) -> Result<u64, RedisError> {
    // A plain array over RESP2, a map over RESP3.
    let pairs: Vec<(Value, Value)> = match redis::cmd("FT.INFO").arg(index).query_async(connection).await? {
        Value::Map(pairs) => pairs,
        Value::Array(items) => items.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect(),
        _ => Vec::new(),
    };
    let is_named = |key: &Value| redis::from_redis_value_ref::<String>(key).is_ok_and(|key| key == name);
    match pairs.iter().find(|(key, _)| is_named(key)) {
        Some((_, value)) => Ok(redis::from_redis_value_ref(value)?),
        None => Err((ErrorKind::UnexpectedReturnType, "FT.INFO has no such field", name.to_owned()).into()),
    }
}
