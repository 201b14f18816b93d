//! Alerting, stage by stage.
#![expect(clippy::expect_used, clippy::panic, reason = "tests show behaviour by failing loudly")]

mod clocks;
mod deliveries;
mod handover;
mod kinds;
mod outbox;
mod scene;
mod source;
mod states;
#[path = "../alerting_simulation/store.rs"]
mod store;
