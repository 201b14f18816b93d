//! What is asked of a snapshot.
#![expect(clippy::expect_used, clippy::panic, reason = "tests show behaviour by failing loudly")]

mod arrivals;
mod asked;
mod random;
mod series;
mod windows;
