//! What Scout noticed and the operator should know.

use std::fmt;

/// A kind of finding; its text is a metric's label value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum FindingKind {
    /// Documents with none of severity, system and timestamp are in the index.
    ForeignDocuments,
    /// Writes that the index refused: a number where it wants text, for example.
    RefusedDocuments,
    /// The index is made over hashes, so the platform's JSON documents are not in it.
    IndexOnHash,
    /// The index lacks an attribute that counts.
    IndexLacksAttribute,
    /// An attribute has a type under which some values are read otherwise.
    IndexAttributeType,
    /// An attribute has a type under which messages are refused.
    IndexRefusesMessages,
    /// The index is limited by a prefix or a filter.
    IndexIsFiltered,
    /// A scan found more or fewer rows than the store says it has.
    Difference,
    /// Somebody writes or deletes messages without announcing it.
    Unannounced,
    /// What is announced cannot be read, so that numbers are only as fresh as scans.
    NotFollowed,
    /// There are more distinct systems or severities than are kept apart.
    Folded,
    /// The store's clock and this machine's are far apart.
    ClockSkew,
    /// The server is a replica that does not hear of what is written to its master.
    MasterLost,
    /// Alerts are kept where a crash of the store loses them.
    AlertsNotDurable,
    /// The server lacks something, or is set up such, that answers are slower or less safe.
    Server,
}

impl FindingKind {
    /// Every kind, in the order in which they are shown.
    pub const ALL: [Self; 15] = [
        Self::ForeignDocuments,
        Self::RefusedDocuments,
        Self::IndexOnHash,
        Self::IndexLacksAttribute,
        Self::IndexAttributeType,
        Self::IndexRefusesMessages,
        Self::IndexIsFiltered,
        Self::Difference,
        Self::Unannounced,
        Self::NotFollowed,
        Self::Folded,
        Self::ClockSkew,
        Self::MasterLost,
        Self::AlertsNotDurable,
        Self::Server,
    ];

    /// Whether messages may be missing from all numbers: the index that was asked does not hold all of them, or what has come
    /// cannot be read.
    pub const fn leaves_messages_out(self) -> bool {
        matches!(
            self,
            Self::IndexOnHash
                | Self::IndexRefusesMessages
                | Self::IndexIsFiltered
                | Self::MasterLost
                | Self::NotFollowed
        )
    }

    /// The name that metrics and answers carry.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ForeignDocuments => "foreign_documents",
            Self::RefusedDocuments => "refused_documents",
            Self::IndexOnHash => "index_on_hash",
            Self::IndexLacksAttribute => "index_lacks_attribute",
            Self::IndexAttributeType => "index_attribute_type",
            Self::IndexRefusesMessages => "index_refuses_messages",
            Self::IndexIsFiltered => "index_is_filtered",
            Self::Difference => "difference",
            Self::Unannounced => "unannounced",
            Self::NotFollowed => "not_followed",
            Self::Folded => "folded",
            Self::ClockSkew => "clock_skew",
            Self::MasterLost => "master_lost",
            Self::AlertsNotDurable => "alerts_not_durable",
            Self::Server => "server",
        }
    }
}

impl fmt::Display for FindingKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl serde::Serialize for FindingKind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// One thing noticed: what is wrong, and what to run about it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// What kind of thing.
    pub kind: FindingKind,
    /// How many documents, systems or the like it concerns; one where it does not count.
    pub count: u64,
    /// What is wrong and what to do, as a sentence or two.
    pub text: String,
}

impl Finding {
    /// A finding about `count` things.
    pub fn new(kind: FindingKind, count: u64, text: impl Into<String>) -> Self {
        Self { kind, count, text: text.into() }
    }

    /// Whether both say the same thing, perhaps of another number of documents or after another time.
    pub fn is_same_as(&self, other: &Self) -> bool {
        let words =
            |finding: &'_ Self| finding.text.replace(|character: char| character.is_ascii_digit(), "");
        self.kind == other.kind && words(self) == words(other)
    }
}
