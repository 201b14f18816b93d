//! What both feeds count together is what is there, whatever happens between the two.
#![expect(clippy::expect_used, reason = "tests show behaviour by failing loudly")]

mod arrivals;
mod budget;
mod checks;
mod counting;
mod random;
mod world;
