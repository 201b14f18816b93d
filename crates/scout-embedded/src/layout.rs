//! What is in the file: its tables, and the version of their layout.

use redb::{Database, ReadableDatabase as _, ReadableTable as _, Table, TableDefinition, TableError};

use crate::entry::EntryId;
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

/// The version of this layout.
pub(crate) const FORMAT: u64 = 1;

/// Makes the tables of a new file.
pub(crate) fn lay_out(database: &Database) -> Result<(), Failure> {
    let transaction = database.begin_write()?;
    transaction.open_table(META)?.insert(FORMAT_KEY, FORMAT)?;
    transaction.open_table(ROWS)?;
    transaction.open_table(DOCUMENTS)?;
    transaction.open_table(LAST_ENTRY)?.insert((), EntryId::default().key())?;
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

/// The tables that a message is written to.
pub(crate) struct Tables<'t> {
    rows: Table<'t, (u64, u64), Counted<'static>>,
    documents: Table<'t, (u64, u64), &'static [u8]>,
    last_entry: Table<'t, (), (u64, u64)>,
}

impl<'t> Tables<'t> {
    pub(crate) fn open(transaction: &'t redb::WriteTransaction) -> Result<Self, Failure> {
        Ok(Self {
            rows: transaction.open_table(ROWS)?,
            documents: transaction.open_table(DOCUMENTS)?,
            last_entry: transaction.open_table(LAST_ENTRY)?,
        })
    }

    /// The id of the last message that arrived.
    pub(crate) fn last_entry(&self) -> Result<EntryId, Failure> {
        Ok(self.last_entry.get(())?.map_or_else(EntryId::default, |id| EntryId::from_key(id.value())))
    }

    pub(crate) fn insert(
        &mut self,
        id: EntryId,
        counted: Counted<'_>,
        document: &[u8],
    ) -> Result<(), Failure> {
        self.rows.insert(id.key(), counted)?;
        self.documents.insert(id.key(), document)?;
        Ok(())
    }

    pub(crate) fn set_last_entry(&mut self, id: EntryId) -> Result<(), Failure> {
        self.last_entry.insert((), id.key())?;
        Ok(())
    }
}
