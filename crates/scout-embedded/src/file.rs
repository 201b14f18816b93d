//! The file: its folder, its tables, its version.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use redb::{
    Database, ReadableDatabase as _, ReadableTable as _, ReadableTableMetadata as _, TableDefinition,
};
use scout_core::StoreError;

use crate::EmbeddedConfig;
use crate::entry::EntryId;
use crate::error::{damaged, input_output, opening, running};

/// Messages in the order of arrival: the entry's id, then the document's key and its JSON.
pub(crate) const MESSAGES: TableDefinition<'static, (u64, u64), (&'static str, &'static [u8])> =
    TableDefinition::new("messages");

/// What has to be known about the file itself.
const META: TableDefinition<'static, &'static str, u64> = TableDefinition::new("meta");
const VERSION_KEY: &str = "version";

/// The version of the layout. A higher one is refused, since it may mean what this version does not know.
const VERSION: u64 = 1;

const FILE_NAME: &str = "scout.redb";

/// An open file. Whoever has it is the only process that does.
#[derive(Debug)]
pub(crate) struct StoreFile {
    pub(crate) path: PathBuf,
    pub(crate) database: Database,
}

impl StoreFile {
    /// Opens the file, and makes what is missing: for the owner alone, since messages may be confidential.
    pub(crate) fn open(config: &EmbeddedConfig) -> Result<Self, StoreError> {
        let folder = &config.data;
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|error| input_output(error, folder))?;
        let path = folder.join(FILE_NAME);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(|error| input_output(error, &path))?;
        let database = Database::builder()
            .set_cache_size(config.cache_bytes)
            .create_file(file)
            .map_err(|error| opening(error, &path))?;
        // The name of a new file is as lasting as what is in it only once the folder is written.
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(|error| input_output(error, folder))?;
        let file = Self { path, database };
        file.prepare()?;
        Ok(file)
    }

    /// Makes the tables in a new file, and looks at the version of an old one.
    fn prepare(&self) -> Result<(), StoreError> {
        let prepare = || -> Result<u64, redb::Error> {
            let transaction = self.database.begin_write()?;
            let version = {
                let mut meta = transaction.open_table(META)?;
                let known = meta.get(VERSION_KEY)?.map(|version| version.value());
                if known.is_none() {
                    meta.insert(VERSION_KEY, VERSION)?;
                }
                known.unwrap_or(VERSION)
            };
            if version == VERSION {
                drop(transaction.open_table(MESSAGES)?);
                transaction.commit()?;
            } else {
                transaction.abort()?;
            }
            Ok(version)
        };
        match prepare().map_err(|error| running(error, &self.path))? {
            VERSION => Ok(()),
            other => {
                let reason = format!("its layout is {other}, this version of Scout knows {VERSION}");
                Err(damaged(self.path.display(), &reason))
            }
        }
    }

    /// The id of the last message.
    pub(crate) fn last_entry(&self) -> Result<EntryId, StoreError> {
        let last = || -> Result<Option<(u64, u64)>, redb::Error> {
            let messages = self.database.begin_read()?.open_table(MESSAGES)?;
            Ok(messages.last()?.map(|(id, _)| id.value()))
        };
        Ok(last().map_err(|error| self.error(error))?.map(EntryId::from_key).unwrap_or_default())
    }

    /// The number of messages.
    pub(crate) fn count(&self) -> Result<u64, StoreError> {
        let count =
            || -> Result<u64, redb::Error> { Ok(self.database.begin_read()?.open_table(MESSAGES)?.len()?) };
        count().map_err(|error| self.error(error))
    }

    /// The size of the file in bytes.
    pub(crate) fn size(&self) -> Result<u64, StoreError> {
        fs::metadata(&self.path).map(|data| data.len()).map_err(|error| input_output(error, &self.path))
    }

    pub(crate) fn error(&self, error: redb::Error) -> StoreError {
        running(error, &self.path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) const fn version() -> u64 {
        VERSION
    }
}
