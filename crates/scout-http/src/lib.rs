//! Scout's HTTP server: the views of a snapshot from shared bytes, Prometheus metrics, and the intake of messages.
//!
//! What readers ask for most is rendered once for each publication and served from there, so that such a request
//! neither waits for the store nor takes a lock. Windows are summed up from the publication when they are asked for, and
//! kept for a second. The server runs on raw `hyper`, HTTP/1 only; TLS belongs in front of it.
//!
//! ```no_run
//! # use std::sync::Arc;
//! # use scout_core::{Board, Clock};
//! use scout_http::{HttpConfig, HttpError, Server, Telemetry};
//!
//! # async fn serve(clock: Arc<dyn Clock>) -> Result<(), HttpError> {
//! let config = HttpConfig::new(([127, 0, 0, 1], 8080).into());
//! let server = Server::bind(config, clock, None, Telemetry::new()).await?;
//! let board = Board::new(std::time::Duration::from_secs(60));
//! server.publisher().publish(board.publication());
//! let stop = std::future::pending();
//! server.run(stop).await;
//! # Ok(())
//! # }
//! ```
#![deny(missing_docs)]

mod alerting;
mod answer;
mod asking;
mod config;
mod connection;
mod encoding;
mod error;
mod events;
mod handler;
mod health;
mod json;
mod metrics;
mod openapi;
mod page;
mod parameters;
mod percent;
mod pitch;
mod progress;
mod question;
mod room;
mod route;
mod server;
mod shared;
mod signals;
mod tokens;
mod view;
mod windows;

pub use config::{BuildInfo, HttpConfig};
pub use error::HttpError;
pub use metrics::Telemetry;
pub use server::Server;
pub use shared::Publisher;
pub use tokens::Tokens;
