//! Servers for tests that need nothing special: handed out empty, to one test at a time, and used again.

use std::fs::{File, TryLockError};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use tokio::sync::{OnceCell, Semaphore, SemaphorePermit};

use super::instance::connect;
use super::{External, RedisServer, ServerError, Source, Surroundings, Unavailable};

/// How many servers one process keeps at most. Tests beyond it wait.
const SERVERS: usize = 8;
static PLACES: Semaphore = Semaphore::const_new(SERVERS);
static IDLE: Mutex<Vec<RedisServer>> = Mutex::new(Vec::new());

/// An empty RediSearch that is one test's alone until it is dropped.
///
/// An index without prefix counts every document of database 0, so two tests cannot share a server at one time;
/// they share it one after the other. A test that changes its configuration or ends it takes a [`RedisServer`].
#[derive(Debug)]
pub struct Redis {
    // Dropped before the place is given back.
    held: Held,
    _place: SemaphorePermit<'static>,
}

#[derive(Debug)]
enum Held {
    Own(Option<RedisServer>),
    /// The lock keeps other processes away; closing the file gives it back.
    External {
        server: External,
        _lock: File,
    },
}

/// An empty RediSearch for this test alone.
///
/// # Panics
/// Where none can be had, with a sentence that says how to get one.
#[expect(clippy::panic, reason = "a test without its server must fail, and say why")]
pub async fn redis() -> Redis {
    match take().await {
        Ok(redis) => redis,
        Err(error) => panic!("{error}"),
    }
}

impl Redis {
    /// The address for clients.
    pub fn url(&self) -> String {
        match &self.held {
            Held::Own(Some(server)) => server.url(),
            Held::Own(None) => String::new(),
            Held::External { server, .. } => server.url().to_owned(),
        }
    }

    /// A connection without time limit on answers.
    pub async fn connection(&self) -> Result<MultiplexedConnection, redis::RedisError> {
        connect(&self.url()).await
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // What a failing test leaves behind is not worth a guess.
        if let Self::Own(server) = self
            && !std::thread::panicking()
        {
            IDLE.lock().unwrap_or_else(PoisonError::into_inner).extend(server.take());
        }
    }
}

async fn take() -> Result<Redis, ServerError> {
    let place = PLACES.acquire().await.map_err(std::io::Error::other)?;
    let held = match source().await? {
        Source::External(server) => take_external(server).await?,
        Source::Installed(_) => Held::Own(Some(take_own().await?)),
    };
    Ok(Redis { held, _place: place })
}

async fn source() -> Result<Source, Unavailable> {
    static FOUND: OnceCell<Result<Source, Unavailable>> = OnceCell::const_new();
    let find = async || Source::find(&Surroundings::of_this_process()).await.map(|(source, _)| source);
    FOUND.get_or_init(find).await.clone()
}

async fn take_own() -> Result<RedisServer, ServerError> {
    loop {
        let idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let Some(server) = idle else { return RedisServer::start().await };
        // A server that a test has ended is dropped here.
        if empty(&server.url()).await.is_ok() {
            return Ok(server);
        }
    }
}

async fn take_external(server: External) -> Result<Held, ServerError> {
    let folder = Surroundings::of_this_process().folder;
    std::fs::create_dir_all(&folder)?;
    let lock = File::create(folder.join("external.lock"))?;
    loop {
        match lock.try_lock() {
            Ok(()) => break,
            Err(TryLockError::WouldBlock) => tokio::time::sleep(Duration::from_millis(20)).await,
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
    }
    empty(server.url()).await?;
    Ok(Held::External { server, _lock: lock })
}

/// Leaves no key, no index and no client of a former test.
async fn empty(url: &str) -> Result<(), redis::RedisError> {
    let mut connection = connect(url).await?;
    redis::pipe()
        .cmd("CLIENT")
        .arg("KILL")
        .arg("TYPE")
        .arg("normal")
        .arg("SKIPME")
        .arg("yes")
        .ignore()
        .cmd("FLUSHALL")
        .arg("SYNC")
        .ignore()
        .query_async(&mut connection)
        .await
}
