//! Messages as the field writes them, with every oddity, and what Scout has to make of each.
//!
//! What is expected is written beside each oddity by hand, or known from how a text was made; nothing here reads a
//! message the way Scout does, so that the two can be compared.

mod calendar;
mod document;
mod expectation;
mod generator;
mod random;
mod refusals;
mod severities;
mod strangers;
mod systems;
mod tally;
mod texts;
mod times;

pub use document::Document;
pub use expectation::{Expectation, Generation};
pub use generator::Generator;
pub use tally::Tally;
