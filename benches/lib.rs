//! Criterion benchmarks of Scout; run them with `cargo bench --package scout-benches`.
//!
//! Here stands what several of them, and `cargo xtask bench-http`, measure against and with.

pub mod bare;
pub mod clock;
pub mod sample;
pub mod wire;
