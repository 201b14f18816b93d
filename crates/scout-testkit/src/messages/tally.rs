//! The sum of what is expected.

use std::collections::BTreeMap;

use super::{Document, Expectation, Generation};

/// What Scout has to count in a number of documents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Documents that are messages.
    pub messages: u64,
    /// Of these, those without event time.
    pub undated: u64,
    /// Documents in the index that are no messages.
    pub foreign: u64,
    /// Documents that the index does not hold.
    pub refused: u64,
    /// Messages by folded severity.
    pub by_severity: BTreeMap<String, u64>,
    /// Messages by system; those without one are under `None`.
    pub by_system: BTreeMap<Option<String>, u64>,
    /// Messages by system and folded severity.
    pub by_system_and_severity: BTreeMap<(Option<String>, String), u64>,
}

impl Tally {
    /// Sums up these documents over an index of this generation. For a window, pass what lies in it.
    pub fn of<'a>(documents: impl IntoIterator<Item = &'a Document>, generation: Generation) -> Self {
        let mut tally = Self::default();
        for document in documents {
            match document.expected(generation) {
                Expectation::Foreign => tally.foreign += 1,
                Expectation::Refused => tally.refused += 1,
                Expectation::Counted { severity, system, event_time_unix_ms } => {
                    tally.messages += 1;
                    tally.undated += u64::from(event_time_unix_ms.is_none());
                    *tally.by_severity.entry(severity.clone()).or_default() += 1;
                    *tally.by_system.entry(system.clone()).or_default() += 1;
                    *tally.by_system_and_severity.entry((system, severity)).or_default() += 1;
                }
            }
        }
        tally
    }

    /// How many documents the index holds: its `num_docs`.
    pub fn indexed(&self) -> u64 {
        self.messages + self.foreign
    }

    /// Messages whose folded severity is `error` or `critical`.
    pub fn alerts(&self) -> u64 {
        ["error", "critical"].iter().filter_map(|severity| self.by_severity.get(*severity)).sum()
    }
}
