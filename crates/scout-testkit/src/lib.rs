//! What Scout's tests stand on: a real RediSearch, a proxy with faults, and messages with every oddity of the field.
//!
//! ```no_run
//! # async fn example() -> Result<(), redis::RedisError> {
//! let redis = scout_testkit::redis().await; // empty, and this test's alone
//! let mut connection = redis.connection().await?;
//! let pong: String = redis::cmd("PING").query_async(&mut connection).await?;
//! # Ok(()) }
//! ```
#![warn(missing_docs)]

pub mod proxy;
pub mod server;

pub use proxy::{Direction, Fault, FaultProxy};
pub use server::{Modules, Redis, RedisServer, ServerError, redis};
