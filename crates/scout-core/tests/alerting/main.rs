//! Alerting, stage by stage.
#![expect(clippy::expect_used, reason = "tests show behaviour by failing loudly")]

mod clocks;
mod handover;
mod outbox;
mod scene;
mod source;
mod states;
#[path = "../alerting_simulation/store.rs"]
mod store;
