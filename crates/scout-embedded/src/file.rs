//! The file, open for as long as it does as it should.

use std::fs;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use redb::{Database, DatabaseError};
use scout_core::{Clock, MonoTime, StoreError, StoreErrorKind};

use crate::EmbeddedConfig;
use crate::error::{closing, damaged, input_output, opening, running};
use crate::failure::Failure;
use crate::folder::{self, Folder};
use crate::identity::Identity;
use crate::layout::{self, FORMAT};

const FILE_NAME: &str = "scout.redb";
/// A new file until it is whole. One that is found was left by a crash and holds nothing.
const NEW_FILE_NAME: &str = "scout.redb.new";

/// How long after an error the file stays closed: opening it anew reads all of it, and a disk stays full for a while.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// The file of a folder that this process has.
#[derive(Debug)]
pub(crate) struct StoreFile {
    path: PathBuf,
    cache_bytes: usize,
    clock: Arc<dyn Clock>,
    state: RwLock<State>,
    // Declared last, so that the folder is given back once the file is closed.
    folder: Folder,
}

#[derive(Debug)]
enum State {
    Open(Opened),
    /// After an error, upon which the engine refuses all work.
    Closed {
        at: MonoTime,
        kind: StoreErrorKind,
        text: String,
    },
}

/// The file as the engine has it, and which one that is.
#[derive(Debug)]
struct Opened {
    database: Database,
    identity: Identity,
}

impl StoreFile {
    /// Whether the folder has a file, without touching either.
    pub(crate) fn exists(config: &EmbeddedConfig) -> Result<bool, StoreError> {
        is_missing(&config.data.join(FILE_NAME)).map(|missing| !missing)
    }

    /// Opens the file of the folder, and makes it if there is none.
    pub(crate) fn open(config: &EmbeddedConfig, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        let folder = Folder::take(&config.data)?;
        let path = folder.path().join(FILE_NAME);
        if is_missing(&path)? {
            make(&folder, &path)?;
        }
        let state = RwLock::new(State::Open(open(&path, config.cache_bytes)?));
        Ok(Self { path, cache_bytes: config.cache_bytes, clock, state, folder })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn cache_bytes(&self) -> usize {
        self.cache_bytes
    }

    /// The size of the file in bytes.
    pub(crate) fn size(&self) -> Result<u64, StoreError> {
        fs::metadata(&self.path).map(|data| data.len()).map_err(|error| input_output(error, &self.path))
    }

    /// Works on the open file. After an error of the disk it is closed, and opened again when it is needed some seconds
    /// later, so that the store recovers by itself. An error of the kind `gone` when the file is no longer what a new
    /// start would find, before the work or after it. Blocks.
    pub(crate) fn with<T>(
        &self,
        gone: StoreErrorKind,
        work: impl FnOnce(&Database) -> Result<T, Failure>,
    ) -> Result<T, StoreError> {
        let outcome = {
            let state = self.opened(gone)?;
            let State::Open(opened) = &*state else { return Err(closing()) };
            self.check(opened, gone)?;
            // Apart from the guard of the opening, since a panic here closes the file.
            let outcome = catch_unwind(AssertUnwindSafe(|| work(&opened.database)));
            if let Ok(Ok(_)) = outcome {
                self.check(opened, gone)?;
            }
            outcome
        };
        match outcome {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(failure)) if failure.ends_all_work() => Err(self.close_after(failed(failure, &self.path))),
            Ok(Err(failure)) => Err(failed(failure, &self.path)),
            Err(_) => Err(self.close_after(damaged(&self.path, NO_SENSE))),
        }
    }

    /// Two looks at the folder, cheap beside a commit.
    fn check(&self, opened: &Opened, gone: StoreErrorKind) -> Result<(), StoreError> {
        self.folder.check(gone)?;
        opened.identity.check(&self.path, gone)
    }

    /// The open file; opens it if an error has closed it some time ago.
    fn opened(&self, gone: StoreErrorKind) -> Result<RwLockReadGuard<'_, State>, StoreError> {
        loop {
            let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
            match &*state {
                State::Open(_) => return Ok(state),
                State::Closed { at, kind, text } if self.clock.now().mono.since(*at) < RETRY_AFTER => {
                    return Err(StoreError::new(*kind, text.clone()));
                }
                State::Closed { .. } => {}
            }
            drop(state);
            // Another process may have what is there now.
            self.folder.check(gone)?;
            self.open_again()?;
        }
    }

    fn open_again(&self) -> Result<(), StoreError> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if let State::Open(_) = *state {
            return Ok(());
        }
        match open(&self.path, self.cache_bytes) {
            Ok(opened) => {
                *state = State::Open(opened);
                tracing::info!(file = %self.path.display(), "store opened again after an error");
                Ok(())
            }
            Err(error) => {
                *state = self.closed_by(&error);
                Err(error)
            }
        }
    }

    /// Closes the file once nobody works on it any more.
    fn close_after(&self, error: StoreError) -> StoreError {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let open = std::mem::replace(&mut *state, self.closed_by(&error));
        // The error tells of the damage already.
        drop(close(open));
        drop(state);
        error
    }

    fn closed_by(&self, error: &StoreError) -> State {
        State::Closed { at: self.clock.now().mono, kind: error.kind(), text: error.to_string() }
    }
}

impl Drop for StoreFile {
    fn drop(&mut self) {
        let closed =
            State::Closed { at: MonoTime::default(), kind: StoreErrorKind::NotReady, text: String::new() };
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        if close(std::mem::replace(state, closed)).is_err() {
            tracing::warn!(file = %self.path.display(), "store could not be closed properly: {NO_SENSE}");
        }
    }
}

/// Closing a damaged file may panic as using it may, since the engine reads and writes once more.
fn close(state: State) -> std::thread::Result<()> {
    catch_unwind(AssertUnwindSafe(|| drop(state)))
}

const NO_SENSE: &str = "what it holds makes no sense";

/// Whether there is nothing of this name. A link whose target is away is something: the target holds the messages, and
/// an empty store in its place would hide them.
fn is_missing(path: &Path) -> Result<bool, StoreError> {
    match fs::symlink_metadata(path) {
        Ok(data) if data.is_symlink() => match fs::metadata(path) {
            Ok(_) => Ok(false),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let text = format!(
                    "{} is a link to a file that does not exist; mount what holds the file, or remove the link",
                    path.display()
                );
                Err(StoreError::new(StoreErrorKind::Unreachable, text).with_source(error))
            }
            Err(error) => Err(input_output(error, path)),
        },
        Ok(_) => Ok(false),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(input_output(error, path)),
    }
}

/// Makes the file under another name first: a crash in between leaves nothing that looks like a damaged store.
fn make(folder: &Folder, path: &Path) -> Result<(), StoreError> {
    let new = folder.path().join(NEW_FILE_NAME);
    let file = match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => folder::create(&new),
    };
    let file = file.map_err(|error| input_output(error, &new))?;
    let database = Database::builder().create_file(file).map_err(|error| opening(error, &new))?;
    layout::lay_out(&database).map_err(|failure| failed(failure, &new))?;
    drop(database);
    fs::rename(&new, path).and_then(|()| folder.sync()).map_err(|error| input_output(error, path))
}

fn open(path: &Path, cache_bytes: usize) -> Result<Opened, StoreError> {
    let identity = Identity::at(path).map_err(|error| input_output(error, path))?;
    let database = open_database(path, cache_bytes)?;
    // It may have been replaced just before it was opened.
    identity.check(path, StoreErrorKind::NotWritable)?;
    Ok(Opened { database, identity })
}

/// The reading of the format, and the closing of what is refused, stand under the guard as well: the engine trusts a
/// file that was closed properly, and meets damage wherever it reads first.
fn open_database(path: &Path, cache_bytes: usize) -> Result<Database, StoreError> {
    guarded(path, || {
        let database = engine(path, cache_bytes).map_err(|error| opening(error, path))?;
        match layout::format(&database).map_err(|failure| failed(failure, path))? {
            Some(FORMAT) => Ok(database),
            Some(other) => {
                let reason = format!("its format is {other}, and this version of Scout knows {FORMAT}");
                Err(damaged(path, &reason))
            }
            None => Err(damaged(path, "it is no store of Scout's")),
        }
    })
}

fn engine(path: &Path, cache_bytes: usize) -> Result<Database, DatabaseError> {
    let named = path.to_owned();
    let mut builder = Database::builder();
    builder.set_cache_size(cache_bytes);
    builder.set_repair_callback(move |repair| {
        let percent = (repair.progress() * 100.0).round();
        tracing::warn!(file = %named.display(), percent, "store was not closed properly and is checked");
    });
    builder.open(path)
}

/// The engine takes a file for what it wrote itself, and panics where a damaged one makes no sense.
fn guarded<T>(path: &Path, work: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(damaged(path, NO_SENSE)))
}

fn failed(failure: Failure, path: &Path) -> StoreError {
    match failure {
        Failure::Engine(error) => running(error, path),
        Failure::Abandoned => closing(),
    }
}
