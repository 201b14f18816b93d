//! What tests begin with: a server with an index, and Scout over it.

use redis::ToRedisArgs;
use redis::aio::MultiplexedConnection;
use scout_testkit::{Generation, RedisServer, create_index};

use crate::scout::Scout;

/// A server with an index as the newest platform makes it.
pub(crate) async fn indexed() -> (RedisServer, MultiplexedConnection) {
    let redis = RedisServer::start().await.unwrap();
    let mut connection = redis.connection().await.unwrap();
    create_index(&mut connection, "messages", Generation::D).await.unwrap();
    (redis, connection)
}

/// Scout over that server; it checks every second, and waits as long for an answer.
pub(crate) async fn start(url: &str) -> Scout {
    Scout::start(&[("REDIS_URL", url), ("SCOUT_INTERVAL", "1s"), ("SCOUT_REDIS_RESPONSE_TIMEOUT", "1s")])
        .await
}

/// Sends a command that has to succeed.
pub(crate) async fn run<T: ToRedisArgs>(connection: &mut MultiplexedConnection, words: &[T]) {
    let mut command = redis::Cmd::new();
    for word in words {
        command.arg(word);
    }
    command.exec_async(connection).await.unwrap();
}
