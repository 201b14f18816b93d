//! Criterion benchmarks of Scout; run them with `cargo bench --package scout-benches`.
