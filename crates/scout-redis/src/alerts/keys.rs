//! Under which keys alerts are kept.
//!
//! Strings and a set, never hashes or JSON: an index without prefix counts every document of those types.

use scout_core::alerting::Fingerprint;

/// The names of all keys that are written for one index.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    prefix: String,
    /// Who may judge.
    pub(crate) lease: String,
    /// What there is beside the records.
    pub(crate) meta: String,
    /// Which records there are.
    pub(crate) fingerprints: String,
}

impl Keys {
    pub(crate) fn new(index: &str) -> Self {
        let prefix = format!("scout:{index}:");
        Self {
            lease: format!("{prefix}lease"),
            meta: format!("{prefix}alerts"),
            fingerprints: format!("{prefix}fingerprints"),
            prefix,
        }
    }

    /// Of one record.
    pub(crate) fn record(&self, fingerprint: Fingerprint) -> String {
        format!("{}alert:{fingerprint}", self.prefix)
    }

    /// The right to all of them, as `ACL SETUSER` wants it.
    pub(crate) fn right(&self) -> String {
        format!("~{}*", self.prefix)
    }
}
