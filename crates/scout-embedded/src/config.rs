//! Where the file is, and how much memory its pages may take.

use std::path::PathBuf;

/// The page cache unless told otherwise: small, since a scan reads each page once.
const DEFAULT_CACHE_BYTES: usize = 16 << 20;

/// How to open the store.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EmbeddedConfig {
    /// The folder of the file; made if it does not exist.
    pub data: PathBuf,
    /// The limit of the page cache in bytes.
    pub cache_bytes: usize,
}

impl EmbeddedConfig {
    /// A store in this folder, with a page cache of at most 16 MiB.
    pub fn new(data: impl Into<PathBuf>) -> Self {
        Self { data: data.into(), cache_bytes: DEFAULT_CACHE_BYTES }
    }

    /// With another limit of the page cache.
    pub fn cache_bytes(mut self, cache_bytes: usize) -> Self {
        self.cache_bytes = cache_bytes;
        self
    }
}
