//! What the store promises, with real files in folders of their own.
#![expect(clippy::expect_used, reason = "tests show behaviour by failing loudly")]

mod alerts;
mod behaviour;
mod damage;
mod disk;
mod gone;
mod kill;
mod process;
mod restart;
mod support;
mod tail;
