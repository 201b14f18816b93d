//! A client that sends one thing, reads the whole answer, and says what came of it.

mod allow;
mod answer;
mod client;
mod connector;
mod endpoint;
mod exchange;
mod failure;
mod hidden;
mod proxies;
mod redirect;
mod resolver;
mod retry_after;
mod settings;
mod stream;
mod tls;

pub use allow::AllowList;
pub use client::Client;
pub use endpoint::Endpoint;
pub use exchange::{Answer, Outgoing};
pub use proxies::Proxies;
pub use settings::{ClientSettings, Trust};
