//! All alerts, and what of them is not stored yet.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::outbox::Receivers;
use super::ports::{Changes, Stored};
use super::{Fingerprint, Record};
use crate::{StoreError, StoreErrorKind, WallTime};

/// The version of what is stored; one that is newer is not touched.
pub const STATE_FORMAT: u32 = 1;

/// The most records of one write: a store is occupied for as long as it takes.
const RECORDS_PER_WRITE: usize = 64;

/// What is stored beside the records.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    /// [`STATE_FORMAT`] of whoever wrote it.
    pub format: u32,
    /// Grows with each write.
    pub revision: u64,
    /// Who wrote it.
    pub writer: String,
    /// The last generation that was given to a firing.
    pub generation: u64,
    /// When rules were last judged.
    #[serde(with = "super::moment")]
    pub judged_at: WallTime,
    /// Stands for the receivers' settings: what was refused under others is worth another try.
    pub receivers: u64,
}

/// Why what is stored cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// A newer Scout has written it.
    #[error(
        "alerts are stored in format {found}, which a newer Scout has written; this one knows {STATE_FORMAT}"
    )]
    Newer {
        /// The format that was found.
        found: u32,
    },
    /// It is not what any Scout writes.
    #[error("stored alerts cannot be read: {0}")]
    Corrupt(#[from] serde_json::Error),
}

impl From<StateError> for StoreError {
    fn from(error: StateError) -> Self {
        Self::new(StoreErrorKind::Corrupt, error.to_string())
    }
}

/// All alerts.
#[derive(Clone, Debug, Default)]
pub struct Book {
    records: BTreeMap<Fingerprint, Record>,
    meta: Meta,
    /// What differs from what was last given to be written.
    changed: BTreeSet<Fingerprint>,
    is_meta_changed: bool,
    /// What is being written.
    writing: BTreeSet<Fingerprint>,
    /// Whether the store is known to have held any of it.
    was_stored: bool,
}

impl Book {
    /// Reads what is stored.
    ///
    /// # Errors
    /// [`StateError`] if a newer Scout wrote it, or it cannot be read.
    pub fn read(stored: &Stored) -> Result<Self, StateError> {
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let Format { format } = serde_json::from_slice(&stored.meta)?;
        if format > STATE_FORMAT {
            return Err(StateError::Newer { found: format });
        }
        let meta = serde_json::from_slice(&stored.meta)?;
        let mut records = BTreeMap::new();
        for (fingerprint, record) in &stored.records {
            records.insert(*fingerprint, serde_json::from_slice(record)?);
        }
        Ok(Self { records, meta, was_stored: true, ..Self::default() })
    }

    /// What is stored beside the records.
    pub fn meta(&self) -> &Meta {
        &self.meta
    }

    /// Every record, by fingerprint.
    pub fn records(&self) -> impl Iterator<Item = (Fingerprint, &Record)> {
        self.records.iter().map(|(fingerprint, record)| (*fingerprint, record))
    }

    /// The record of an alert.
    pub fn get(&self, fingerprint: Fingerprint) -> Option<&Record> {
        self.records.get(&fingerprint)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// The generation of the next firing: beyond the last one, and beyond any that was given before a loss of state.
    pub(crate) fn next_generation(&self, now: WallTime) -> u64 {
        now.unix_ms().unsigned_abs().max(self.meta.generation.saturating_add(1))
    }

    /// Works on a record. If that changed it, what is owed is brought in line with it, and it is stored; or dropped, if
    /// nothing is left of it.
    pub(crate) fn change(
        &mut self,
        fingerprint: Fingerprint,
        receivers: &Receivers,
        now: WallTime,
        work: impl FnOnce(&mut Record) -> bool,
    ) {
        let Some(record) = self.records.get_mut(&fingerprint) else { return };
        if !work(record) {
            return;
        }
        record.settle(receivers, now);
        self.changed.insert(fingerprint);
        if record.is_done() {
            self.records.remove(&fingerprint);
        }
    }

    /// Whatever the time owes: alerts told again, entries that have been kept for long enough. Returns how many entries for
    /// receivers that are gone were dropped.
    pub(crate) fn settle(&mut self, receivers: &Receivers, now: WallTime) -> u64 {
        let mut dropped = 0;
        let changed = &mut self.changed;
        self.records.retain(|fingerprint, record| {
            let gone = record.drop_for_removed(now);
            dropped += gone;
            if record.settle(receivers, now) || gone > 0 {
                changed.insert(*fingerprint);
            }
            let is_done = record.is_done();
            if is_done {
                changed.insert(*fingerprint);
            }
            !is_done
        });
        dropped
    }

    pub(crate) fn insert(&mut self, fingerprint: Fingerprint, record: Record) {
        self.records.insert(fingerprint, record);
        self.changed.insert(fingerprint);
    }

    pub(crate) fn change_meta(&mut self, work: impl FnOnce(&mut Meta)) {
        let before = self.meta.clone();
        work(&mut self.meta);
        self.is_meta_changed |= before != self.meta;
    }

    pub(crate) fn fingerprints(&self) -> Vec<Fingerprint> {
        self.records.keys().copied().collect()
    }

    /// Everything is to be written, since what was stored is gone.
    pub(crate) fn rewrite(&mut self) {
        self.changed.extend(self.records.keys().copied());
        self.is_meta_changed = true;
    }

    /// Whether the store is known to have held any of it: where it holds nothing now, it has lost it.
    pub(crate) fn was_stored(&self) -> bool {
        self.was_stored
    }

    /// Whether there is anything to be written.
    pub(crate) fn has_changes(&self) -> bool {
        self.is_meta_changed || !self.changed.is_empty() || !self.writing.is_empty()
    }

    /// Whether what is known of an alert is what is stored: only then may it be told.
    pub(crate) fn is_stored(&self, fingerprint: Fingerprint) -> bool {
        !self.changed.contains(&fingerprint) && !self.writing.contains(&fingerprint)
    }

    /// What is to be written next; `None` if nothing, or if a write is under way.
    pub(crate) fn begin_write(&mut self, writer: &str) -> Option<Changes> {
        let is_news = self.is_meta_changed || !self.changed.is_empty();
        if !self.writing.is_empty() || !is_news {
            return None;
        }
        self.is_meta_changed = false;
        self.meta.format = STATE_FORMAT;
        self.meta.revision = self.meta.revision.wrapping_add(1);
        writer.clone_into(&mut self.meta.writer);
        let mut changes = Changes { meta: encode(&self.meta), ..Changes::default() };
        while changes.put.len() + changes.remove.len() < RECORDS_PER_WRITE
            && let Some(fingerprint) = self.changed.pop_first()
        {
            self.writing.insert(fingerprint);
            match self.records.get(&fingerprint) {
                Some(record) => changes.put.push((fingerprint, encode(record))),
                None => changes.remove.push(fingerprint),
            }
        }
        Some(changes)
    }

    /// The write has succeeded.
    pub(crate) fn written(&mut self) {
        self.writing.clear();
        self.was_stored = true;
    }

    /// It is not known whether the write has succeeded: it is to be done again.
    pub(crate) fn not_written(&mut self) {
        self.changed.append(&mut self.writing);
        self.is_meta_changed = true;
    }
}

/// Maps with keys of text, numbers and texts: there is nothing that JSON cannot say, except numbers that are none, which
/// are said as null.
fn encode(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}
