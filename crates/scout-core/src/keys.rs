//! Keys of documents, remembered in a few bytes.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// What is kept of a key in order to know it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct KeyHash(u64);

impl KeyHash {
    pub(crate) fn of(key: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        Self(hasher.finish())
    }
}
