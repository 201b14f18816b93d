//! Where alerts are kept, and who may judge.
//!
//! One process has the file, so that the lease is its to give: whoever asks last has it. It is not on disk, since it ends
//! with the process at the latest.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redb::{ReadableDatabase as _, ReadableTable as _, TableDefinition, TableError};
use scout_core::alerting::{Changes, Fingerprint, LeaseToken, Leased, Loaded, Saved, Stored};
use scout_core::{StoreError, StoreErrorKind};

use crate::error::damaged;
use crate::failure::Failure;
use crate::file::StoreFile;
use crate::readers::Readers;
use crate::tail::on_a_thread;

/// What there is beside the records. A file has neither table until alerts are first saved.
const META: TableDefinition<'static, (), &'static [u8]> = TableDefinition::new("alerts_meta");

/// Each alert's record, by its fingerprint as text.
const RECORDS: TableDefinition<'static, &'static str, &'static [u8]> = TableDefinition::new("alerts");

/// Who has the lease.
#[derive(Debug, Default)]
pub(crate) struct Holder(Mutex<Option<LeaseToken>>);

impl Holder {
    /// A token is there or is not, so a panic elsewhere does not spoil it.
    fn lock(&self) -> MutexGuard<'_, Option<LeaseToken>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The alerts of one file.
#[derive(Debug)]
pub(crate) struct AlertTables {
    pub(crate) file: Arc<StoreFile>,
    pub(crate) readers: Arc<Readers>,
    pub(crate) holder: Arc<Holder>,
}

impl AlertTables {
    pub(crate) async fn lease(&self, token: &LeaseToken) -> Result<Leased, StoreError> {
        let (holder, token) = (Arc::clone(&self.holder), token.clone());
        self.on_a_thread(move |file| {
            *holder.lock() = Some(token);
            let has_state = file.with(StoreErrorKind::Unreachable, |database| {
                Ok(match opened(database.begin_read()?.open_table(META))? {
                    Some(table) => table.get(())?.is_some(),
                    None => false,
                })
            })?;
            Ok(Leased::Held { has_state })
        })
        .await
    }

    pub(crate) async fn release(&self, token: &LeaseToken) -> Result<(), StoreError> {
        let (holder, token) = (Arc::clone(&self.holder), token.clone());
        self.on_a_thread(move |_| {
            holder.lock().take_if(|holder| *holder == token);
            Ok(())
        })
        .await
    }

    pub(crate) async fn load(&self, known: Option<&[u8]>) -> Result<Loaded, StoreError> {
        let known = known.map(<[u8]>::to_vec);
        self.on_a_thread(move |file| {
            let (loaded, strange) = file.with(StoreErrorKind::Unreachable, |database| {
                // All of it is what was committed last when the reading began.
                let transaction = database.begin_read()?;
                let Some(table) = opened(transaction.open_table(META))? else {
                    return Ok((Loaded::Nothing, 0));
                };
                let Some(meta) = table.get(())?.map(|meta| meta.value().to_vec()) else {
                    return Ok((Loaded::Nothing, 0));
                };
                if known.as_deref() == Some(meta.as_slice()) {
                    return Ok((Loaded::Same, 0));
                }
                let mut stored = Stored { meta, records: Vec::new() };
                let mut strange = 0;
                for row in transaction.open_table(RECORDS)?.iter()? {
                    let (name, record) = row?;
                    match name.value().parse::<Fingerprint>() {
                        Ok(name) => stored.records.push((name, record.value().to_vec())),
                        Err(_) => strange += 1,
                    }
                }
                Ok((Loaded::State(stored), strange))
            })?;
            if strange > 0 {
                return Err(damaged(file.path(), "alerts are stored under something that is no fingerprint"));
            }
            Ok(loaded)
        })
        .await
    }

    pub(crate) async fn save(&self, token: &LeaseToken, changes: &Changes) -> Result<Saved, StoreError> {
        let (holder, token, changes) = (Arc::clone(&self.holder), token.clone(), changes.clone());
        self.on_a_thread(move |file| {
            // Held until all is on disk, so that nobody is told of a lease under which another one still writes.
            let holder = holder.lock();
            if *holder != Some(token) {
                return Ok(Saved::Fenced);
            }
            file.with(StoreErrorKind::NotWritable, |database| {
                let transaction = database.begin_write()?;
                {
                    let mut records = transaction.open_table(RECORDS)?;
                    for (name, record) in &changes.put {
                        records.insert(&*name.to_string(), record.as_slice())?;
                    }
                    for name in &changes.remove {
                        records.remove(&*name.to_string())?;
                    }
                    transaction.open_table(META)?.insert((), changes.meta.as_slice())?;
                }
                transaction.commit()?;
                Ok(Saved::Written)
            })
        })
        .await
    }

    async fn on_a_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce(&StoreFile) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        on_a_thread(&self.file, &self.readers, work).await
    }
}

/// A table, if anything was ever written to it.
fn opened<T>(table: Result<T, TableError>) -> Result<Option<T>, Failure> {
    match table {
        Ok(table) => Ok(Some(table)),
        Err(TableError::TableDoesNotExist(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
