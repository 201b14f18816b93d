//! What Scout's tests stand on: a real RediSearch, a proxy with faults, a server that records what it is sent, and messages
//! with every oddity of the field.
//!
//! ```no_run
//! # async fn example() -> Result<(), redis::RedisError> {
//! use scout_testkit::{Announce, Generation, Generator, Tally, create_index, load};
//!
//! let redis = scout_testkit::redis().await; // empty, and this test's alone
//! let mut connection = redis.connection().await?;
//! create_index(&mut connection, "messages", Generation::D).await?;
//! let documents: Vec<_> = Generator::new(7, 1_789_196_834_000).take(10_000).collect();
//! load(&mut connection, &documents, Announce::On("messages")).await?;
//! let expected = Tally::of(&documents, Generation::D);
//! # Ok(()) }
//! ```
#![warn(missing_docs)]

pub mod alerts;
mod index;
mod load;
mod messages;
pub mod proxy;
pub mod recorder;
pub mod server;

pub use index::{create_index, index_info, wait_until_built};
pub use load::{Announce, load};
pub use messages::{Document, Expectation, Generation, Generator, Tally};
pub use proxy::{Direction, Fault, FaultProxy};
pub use recorder::{Certificates, Recorded, Recorder, Reply};
pub use server::{Modules, Redis, RedisServer, ServerError, redis};
