//! The real binary, as its operator meets it.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests show behaviour by failing loudly, their helpers too"
)]

mod alerts;
mod commands;
mod crash;
mod endless;
mod faults;
mod lifecycle;
mod live;
mod logging;
mod meters;
mod metrics;
mod numbers;
mod pitch;
mod random;
mod replaced;
mod scene;
mod scout;
mod truth;
mod watch;
