//! A document with what is expected of it.

use serde_json::Value;

use super::expectation::{Expectation, Generation, RefusedBy};

/// A document of the store: its key, its JSON, and what Scout has to make of it.
#[derive(Clone, Debug)]
pub struct Document {
    /// Usually a UUID, a hyphen and the system.
    pub key: String,
    /// Usually an object.
    pub value: Value,
    /// What it is where no index refuses it.
    pub(super) meaning: Expectation,
    /// Who refuses it, once for each field that somebody may refuse.
    pub(super) refused_by: Vec<RefusedBy>,
}

impl Document {
    /// What Scout has to make of it over an index of this generation.
    pub fn expected(&self, generation: Generation) -> Expectation {
        if self.refused_by.iter().any(|refused| refused.is(generation))
            || matches!(generation, Generation::C3 | Generation::C4)
        {
            Expectation::Refused
        } else {
            self.meaning.clone()
        }
    }
}
