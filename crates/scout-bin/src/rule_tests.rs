//! Tests of rules: messages at times, and the alerts that they are to lead to.
//!
//! They drive the machine that the service runs, over a store that is always there and receivers that accept everything.

mod alerts;
mod counts;
mod expectation;
mod suite;
mod world;

pub(crate) use suite::Suite;
use suite::Test;
use world::World;

/// Runs one test. Returns in which sentences it differs from what was expected: none if it passed.
pub(crate) fn run(suite: &Suite, test: &Test) -> Vec<String> {
    let mut world = World::new(suite.rules(), suite.live_config());
    let mut messages = test.messages().iter().peekable();
    let mut differences = Vec::new();
    for expectation in test.expectations() {
        world.go_on(&mut messages, suite.step(), expectation.at);
        differences.extend(expectation.differences(&world.alerts()));
    }
    differences
}
