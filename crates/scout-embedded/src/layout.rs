//! What is in the file: its tables, and the version of their layout.

use redb::{
    Database, ReadableDatabase as _, ReadableTable as _, ReadableTableMetadata as _, Table, TableDefinition,
    TableError,
};

use scout_core::EntryId;

use crate::failure::Failure;

/// What counts of a message: key, severity, system, timestamp, and the number of its indexed time as text.
pub(crate) type Counted<'a> = (&'a str, Option<&'a str>, Option<&'a str>, Option<&'a str>, Option<&'a str>);

/// What counts of each message, in the order of arrival. Apart from the documents, so that a scan reads no more than
/// it needs: a document may be a megabyte.
pub(crate) const ROWS: TableDefinition<'static, (u64, u64), Counted<'static>> = TableDefinition::new("rows");

/// Each message as JSON, under the id of its row.
pub(crate) const DOCUMENTS: TableDefinition<'static, (u64, u64), &'static [u8]> =
    TableDefinition::new("documents");

/// The id of the last message that arrived; stays when messages are deleted, so that no id comes twice.
const LAST_ENTRY: TableDefinition<'static, (), (u64, u64)> = TableDefinition::new("last_entry");

/// What has to be known about the file itself.
const META: TableDefinition<'static, &'static str, u64> = TableDefinition::new("meta");
const FORMAT_KEY: &str = "format";

/// How many messages were ever written. A file of the first versions has no such number; nothing was deleted from it.
const WRITTEN_KEY: &str = "written";

/// The version of this layout.
pub(crate) const FORMAT: u64 = 1;

/// The id of a row, by its key.
pub(crate) fn entry((ms, number): (u64, u64)) -> EntryId {
    EntryId::new(ms, number)
}

/// Makes the tables of a new file.
pub(crate) fn lay_out(database: &Database) -> Result<(), Failure> {
    let transaction = database.begin_write()?;
    transaction.open_table(META)?.insert(FORMAT_KEY, FORMAT)?;
    transaction.open_table(ROWS)?;
    transaction.open_table(DOCUMENTS)?;
    transaction.open_table(LAST_ENTRY)?.insert((), EntryId::default().parts())?;
    transaction.commit()?;
    Ok(())
}

/// The version of a file's layout; `None` if it is no store of Scout's.
pub(crate) fn format(database: &Database) -> Result<Option<u64>, Failure> {
    let meta = match database.begin_read()?.open_table(META) {
        Ok(meta) => meta,
        Err(TableError::TableDoesNotExist(_) | TableError::TableTypeMismatch { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    Ok(meta.get(FORMAT_KEY)?.map(|format| format.value()))
}

/// What the file holds at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Held {
    pub(crate) documents: u64,
    /// Messages ever written, those included that are gone.
    pub(crate) written: u64,
    pub(crate) last: EntryId,
}

impl Held {
    pub(crate) fn read(transaction: &redb::ReadTransaction) -> Result<Self, Failure> {
        let documents = transaction.open_table(ROWS)?.len()?;
        let written = transaction.open_table(META)?.get(WRITTEN_KEY)?.map(|written| written.value());
        let last = transaction.open_table(LAST_ENTRY)?.get(())?.map(|id| entry(id.value()));
        Ok(Self { documents, written: written.unwrap_or(documents), last: last.unwrap_or_default() })
    }
}

/// The tables that a message is written to.
pub(crate) struct Tables<'t> {
    rows: Table<'t, (u64, u64), Counted<'static>>,
    documents: Table<'t, (u64, u64), &'static [u8]>,
    last_entry: Table<'t, (), (u64, u64)>,
    meta: Table<'t, &'static str, u64>,
}

impl<'t> Tables<'t> {
    pub(crate) fn open(transaction: &'t redb::WriteTransaction) -> Result<Self, Failure> {
        Ok(Self {
            rows: transaction.open_table(ROWS)?,
            documents: transaction.open_table(DOCUMENTS)?,
            last_entry: transaction.open_table(LAST_ENTRY)?,
            meta: transaction.open_table(META)?,
        })
    }

    /// The id of the last message that arrived.
    pub(crate) fn last_entry(&self) -> Result<EntryId, Failure> {
        Ok(self.last_entry.get(())?.map_or_else(EntryId::default, |id| entry(id.value())))
    }

    pub(crate) fn insert(
        &mut self,
        id: EntryId,
        counted: Counted<'_>,
        document: &[u8],
    ) -> Result<(), Failure> {
        self.rows.insert(id.parts(), counted)?;
        self.documents.insert(id.parts(), document)?;
        Ok(())
    }

    /// So many messages were inserted.
    pub(crate) fn count_written(&mut self, inserted: u64) -> Result<(), Failure> {
        let written = self.meta.get(WRITTEN_KEY)?.map(|written| written.value());
        let written = match written {
            Some(written) => written + inserted,
            None => self.rows.len()?,
        };
        self.meta.insert(WRITTEN_KEY, written)?;
        Ok(())
    }

    pub(crate) fn set_last_entry(&mut self, id: EntryId) -> Result<(), Failure> {
        self.last_entry.insert((), id.parts())?;
        Ok(())
    }
}
