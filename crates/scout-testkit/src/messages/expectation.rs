//! What Scout has to make of a document.

/// The ways in which an index of the platform has been made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generation {
    /// Over JSON, seven fields TEXT.
    A,
    /// Over JSON, four of the fields TAG.
    B,
    /// Over hashes, eleven fields TEXT SORTABLE; sees no document.
    C3,
    /// As C3, with a numeric timestamp; sees no document.
    C4,
    /// As A, with a numeric `timestamp_unix`.
    D,
}

/// What Scout has to make of a document, with an index of some generation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// It is a message.
    Counted {
        /// Folded.
        severity: String,
        /// As written; none if missing or blank.
        system: Option<String>,
        /// Milliseconds since the epoch; none if undated.
        event_time_unix_ms: Option<i64>,
    },
    /// It is in the index and no message.
    Foreign,
    /// The index does not hold it.
    Refused,
}

/// Which generations refuse a value. None of those over hashes sees it anyway.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum RefusedBy {
    #[default]
    Nobody,
    /// Every one, whatever the field's type.
    All,
    /// Those where the field is TEXT; a TAG takes a boolean.
    Text,
    /// The one with the numeric field.
    Numeric,
}

impl RefusedBy {
    pub(super) fn is(self, generation: Generation) -> bool {
        match generation {
            Generation::C3 | Generation::C4 => true,
            Generation::A => matches!(self, Self::All | Self::Text),
            Generation::B => self == Self::All,
            Generation::D => self != Self::Nobody,
        }
    }
}
