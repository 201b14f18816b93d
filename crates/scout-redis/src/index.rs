//! The index as it is, and making it where it is missing.

use std::time::Duration;

use redis::cmd;
use scout_core::{StoreError, StoreErrorKind};

use crate::connection::Connection;
use crate::error::{says_index_exists, text_of};
use crate::info::{IndexInfo, Progress};
use crate::metrics::Command;
use crate::plan;

/// How often an index under construction is looked at, and how often at most: a small platform gets its first numbers
/// at once, a large one with a later cycle.
const LOOK: Duration = Duration::from_millis(20);
const LOOKS: u32 = 50;

/// One index by name.
#[derive(Debug)]
pub(crate) struct Index<'a> {
    connection: &'a Connection,
    name: &'a str,
}

impl<'a> Index<'a> {
    pub(crate) fn new(connection: &'a Connection, name: &'a str) -> Self {
        Self { connection, name }
    }

    /// What it is and holds.
    pub(crate) async fn info(&self) -> Result<IndexInfo, StoreError> {
        let info = cmd("FT.INFO").arg(self.name).take();
        let answers = self.connection.send(Command::Info, vec![info]).await?;
        let faults = self.connection.faults();
        let form = || faults.form(Command::Info, "a definition, attributes and counts");
        let answer = self.connection.accept(Command::Info, answers.first().ok_or_else(form)?)?;
        IndexInfo::read(answer).ok_or_else(form)
    }

    /// Makes it, unless somebody else was faster.
    pub(crate) async fn make(&self) -> Result<(), StoreError> {
        tracing::info!(index = self.name, "redisearch index not found, creating");
        let answers = self.connection.send(Command::Create, vec![plan::create(self.name)]).await?;
        for answer in &answers {
            match answer {
                redis::Value::ServerError(error) if says_index_exists(&text_of(error)) => {
                    tracing::info!(index = self.name, "redisearch index already exists");
                }
                answer => match self.connection.accept(Command::Create, answer) {
                    Ok(_) => tracing::info!(index = self.name, "redisearch index created"),
                    Err(error) => return Err(self.not_made(error)),
                },
            }
        }
        Ok(())
    }

    /// Gives an index under construction a moment to be done; how far it is, if it needs longer.
    pub(crate) async fn settle(&self) -> Result<Progress, StoreError> {
        let mut progress = self.info().await?.progress;
        for _ in 0..LOOKS {
            if progress == Progress::Built {
                break;
            }
            tokio::time::sleep(LOOK).await;
            progress = self.info().await?.progress;
        }
        Ok(progress)
    }

    /// The index is what is missing; that it could not be made is why. Where the server itself is unfit, that is it.
    fn not_made(&self, error: StoreError) -> StoreError {
        let text = format!("the index {} is missing and cannot be made: {error}", self.name);
        let kind = match error.kind() {
            StoreErrorKind::Refused | StoreErrorKind::NotWritable | StoreErrorKind::Permission => {
                StoreErrorKind::IndexMissing
            }
            kind => kind,
        };
        StoreError::new(kind, text).with_source(error)
    }
}

/// An index that holds a part of the documents.
pub(crate) fn being_built(connection: &Connection, name: &str, part: f64) -> StoreError {
    let text = format!(
        "the index {name} is still being built, {:.0} % are done; counts would be partial",
        part * 100.0
    );
    connection.faults().other(StoreErrorKind::IndexBuilding, &text)
}
