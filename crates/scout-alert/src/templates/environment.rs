//! What templates can do.

use minijinja::{AutoEscape, Environment, UndefinedBehavior};

/// The work that one text may take: bounds time and memory (about 64 bytes each), so that no template can loop for ever.
const FUEL: u64 = 50_000;

/// Filters and tests of Jinja; nothing from outside, and nothing escaped, since texts are no HTML.
pub(super) fn environment(unknown: UndefinedBehavior) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(unknown);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_fuel(Some(FUEL));
    environment
}
