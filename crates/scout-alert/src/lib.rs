//! Receivers of Scout's alerts, and the client that reaches them.
//!
//! A receiver is handed a [`scout_core::alerting::Notification`]. When it returns, the other side has accepted it; otherwise it says
//! why not, and whether to try again soon. It neither retries nor remembers: that is for who calls it.
//!
//! ```
//! use std::sync::Arc;
//!
//! use scout_alert::{Client, ClientSettings, Pitcher, Secret, Templates};
//! use scout_core::alerting::{AlertState, Notification, Receiver};
//! use scout_core::WallTime;
//!
//! # async fn example(now: WallTime) -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::new(ClientSettings::default());
//! let templates = Arc::new(Templates::new(["Scout: {{ rule }} exceeded"]));
//! let url = Secret::new("https://pitcher.example.com");
//! let receiver = Pitcher::new(&url, Some(&Secret::new("a token")), client, templates)?;
//! receiver.deliver(&Notification::example("ops", AlertState::Firing, now)).await?;
//! # Ok(()) }
//! ```
#![deny(missing_docs)]

mod error;
mod heartbeat;
mod http;
mod idempotency;
mod log;
mod number;
mod pitcher;
mod secret;
mod templates;
mod webhook;
mod wording;

pub use error::SetupError;
pub use heartbeat::{Heartbeat, HeartbeatMethod};
pub use http::{AllowList, Answer, Client, ClientSettings, Endpoint, Outgoing, Proxies, Trust};
pub use log::Log;
pub use pitcher::{LocalPitcher, Pitcher};
pub use secret::Secret;
pub use templates::Templates;
pub use webhook::{Webhook, WebhookSettings};
