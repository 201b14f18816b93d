//! A real RediSearch: found or fetched, started, handed out empty, and gone with the process that asked for it.

mod builder;
mod clock;
mod error;
mod external;
mod installation;
mod instance;
mod pool;
mod port;
mod process;
mod source;
mod surroundings;
mod wheels;

pub use builder::{Builder, Modules};
pub use error::{ServerError, Unavailable};
pub use external::External;
pub use installation::Installation;
pub use instance::RedisServer;
pub use pool::{Redis, redis};
pub(crate) use port::free as free_port;
pub use source::Source;
pub use surroundings::Surroundings;
