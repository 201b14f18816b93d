//! What FT.INFO says about an index.

use redis::Value;

use crate::value::{bytes, count, field, list, number, text};

/// The attribute by which the platform's newest index finds events of a span of time.
pub(crate) const EVENT_TIME: &str = "timestamp_unix";

/// What an index is made over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyType {
    Json,
    Hash,
}

/// How far an index is with the documents that were there before it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Progress {
    /// It has them all.
    Built,
    /// It has that part of them, between 0 and 1.
    Building(f64),
}

/// One attribute of an index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Attribute {
    /// The path in the document, `$.severity`; over hashes, the field.
    pub(crate) identifier: String,
    /// The name in queries.
    pub(crate) name: String,
    /// `TEXT`, `TAG`, `NUMERIC` and so on.
    pub(crate) kind: String,
    /// Values can be sorted and read without opening the document.
    pub(crate) sortable: bool,
    /// Values are kept, but not searched: a document that has none of the others is not in the index.
    pub(crate) not_indexed: bool,
}

/// The last document that the index refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) reason: String,
    pub(crate) key: String,
}

/// An index, as far as counting depends on it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct IndexInfo {
    pub(crate) key_type: KeyType,
    pub(crate) prefixes: Vec<String>,
    pub(crate) filter: Option<String>,
    pub(crate) attributes: Vec<Attribute>,
    /// Documents in it, foreign ones included.
    pub(crate) documents: u64,
    /// The last internal number given to a document: grows by one with each write.
    pub(crate) last_number: u64,
    pub(crate) progress: Progress,
    /// Writes that it refused since it was made. Never falls.
    pub(crate) refused: u64,
    pub(crate) last_refusal: Option<Refusal>,
}

impl IndexInfo {
    /// Reads the answer to FT.INFO; `None` where it lacks something that counting depends on.
    pub(crate) fn read(answer: &Value) -> Option<Self> {
        let definition = field(answer, "index_definition")?;
        let key_type = match bytes(field(definition, "key_type")?)? {
            b"JSON" => KeyType::Json,
            b"HASH" => KeyType::Hash,
            _ => return None,
        };
        let prefixes = field(definition, "prefixes").and_then(list).unwrap_or_default();
        let attributes = list(field(answer, "attributes")?)?;
        Some(Self {
            key_type,
            prefixes: prefixes.iter().filter_map(text).map(Into::into).collect(),
            filter: field(definition, "filter").and_then(text).map(Into::into),
            attributes: attributes.iter().map(Attribute::read).collect(),
            documents: count(field(answer, "num_docs")?)?,
            last_number: field(answer, "max_doc_id").and_then(count).unwrap_or_default(),
            progress: Progress::read(answer)?,
            refused: field(answer, "hash_indexing_failures").and_then(count).unwrap_or_default(),
            last_refusal: field(answer, "Index Errors").and_then(Refusal::read),
        })
    }

    /// How it is made, as a text to compare with another.
    pub(crate) fn definition(&self) -> String {
        let Self { key_type, prefixes, filter, attributes, .. } = self;
        format!("{key_type:?} {prefixes:?} {filter:?} {attributes:?}")
    }

    /// Whether it takes in every document of its key type, whatever its key and content.
    pub(crate) fn takes_all(&self) -> bool {
        let every_key =
            self.prefixes.is_empty() || self.prefixes.iter().any(|prefix| matches!(&**prefix, "" | "*"));
        every_key && self.filter.is_none()
    }

    /// Whether documents are found by [`EVENT_TIME`].
    pub(crate) fn finds_by_event_time(&self) -> bool {
        self.key_type == KeyType::Json
            && self.attribute(EVENT_TIME).is_some_and(|attribute| {
                attribute.name == EVENT_TIME && attribute.kind == "NUMERIC" && !attribute.not_indexed
            })
    }

    /// The attribute over a top-level field of the documents.
    pub(crate) fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.field() == name)
    }
}

impl Progress {
    /// `None` where the answer does not tell, for then nothing could be published.
    fn read(answer: &Value) -> Option<Self> {
        let part = field(answer, "percent_indexed").and_then(number);
        let under_way = match field(answer, "indexing").and_then(number) {
            Some(flag) => flag != 0.0,
            None => part? < 1.0,
        };
        Some(if under_way { Self::Building(part.unwrap_or_default()) } else { Self::Built })
    }
}

impl Attribute {
    fn read(answer: &Value) -> Self {
        let name = |name| field(answer, name).and_then(text).map(Into::into).unwrap_or_default();
        // Flags have no value: RESP3 lists them apart, RESP2 after the pairs.
        let flags = field(answer, "flags").or(Some(answer)).and_then(list).unwrap_or_default();
        let has = |flag: &[u8]| flags.iter().any(|item| bytes(item) == Some(flag));
        Self {
            identifier: name("identifier"),
            name: name("attribute"),
            kind: name("type"),
            sortable: has(b"SORTABLE"),
            not_indexed: has(b"NOINDEX"),
        }
    }

    /// The top-level field of the documents that it is over, or the whole path where it is over another part of them.
    pub(crate) fn field(&self) -> &str {
        let path = &*self.identifier;
        path.strip_prefix("$.").or_else(|| path.strip_prefix('.')).unwrap_or(path)
    }
}

impl Refusal {
    fn read(answer: &Value) -> Option<Self> {
        let part = |name| field(answer, name).and_then(text).filter(|text| text != "N/A").map(Into::into);
        Some(Self { reason: part("last indexing error")?, key: part("last indexing error key")? })
    }
}

#[cfg(test)]
mod tests;
