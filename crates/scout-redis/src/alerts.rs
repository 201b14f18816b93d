//! Where alerts are kept, and who may judge.

mod keys;
mod reading;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use scout_core::alerting::{Changes, Expects, LeaseToken, Leased, Loaded, Saved, Stored};
use scout_core::{Clock, MonoTime, StoreError, StoreErrorKind};

pub(crate) use self::keys::Keys;
use self::reading::{Reading, meta};
use crate::config::RedisConfig;
use crate::connection::Connection;
use crate::link::{Link, Patience};
use crate::metrics::{Command, Meters};
use crate::script::Script;
use crate::value::{count, list, text};

/// How long an answer may take here, and connecting: a lease lives 10 s and is prolonged every 3, so that after a
/// silence of this length there is time for another try, on another connection.
const LONGEST_WAIT: Duration = Duration::from_millis(2500);

/// How often a reading begins anew since somebody has written in between.
const READINGS: usize = 5;

/// The commands that keeping alerts takes.
pub(crate) const RIGHTS: &str = "+eval +evalsha +get +mget +set +del +pttl +sadd +srem +sscan";

/// The alerts of one Redis.
#[derive(Debug)]
pub(crate) struct AlertKeeper {
    /// A connection of its own: what is sent on another's waits for its steps and their answers, and is given up
    /// with it.
    link: Link,
    clock: Arc<dyn Clock>,
    keys: Keys,
    lease: Script,
    release: Script,
    save: Script,
    /// Records that are listed and were not there when last read.
    missing: AtomicUsize,
}

impl AlertKeeper {
    pub(crate) fn new(
        config: &RedisConfig,
        meters: Meters,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StoreError> {
        let keys = Keys::new(&config.index);
        let mut config = config.clone();
        config.response_timeout = config.response_timeout.min(LONGEST_WAIT);
        config.connect_timeout = config.connect_timeout.min(LONGEST_WAIT);
        Ok(Self {
            link: Link::new(Arc::new(config), meters, Arc::clone(&clock))?,
            clock,
            keys,
            lease: Script::new(include_str!("alerts/lease.lua")),
            release: Script::new(include_str!("alerts/release.lua")),
            save: Script::new(include_str!("alerts/save.lua")),
            missing: AtomicUsize::new(0),
        })
    }

    pub(crate) async fn lease(
        &self,
        token: &LeaseToken,
        ttl: Duration,
        expects: Expects,
    ) -> Result<Leased, StoreError> {
        let ttl = ttl.as_millis().max(1).to_string();
        let expects = match expects {
            Expects::State => "state",
            Expects::Nothing => "nothing",
        };
        let keys = [&self.keys.lease, &self.keys.meta];
        let arguments = [token.as_str(), &ttl, expects];
        self.run(&self.lease, Command::Lease, &keys, &arguments, |answer, number| match answer {
            "held" => Some(Leased::Held { has_state: number > 0 }),
            "other" => Some(Leased::Other { remaining: Duration::from_millis(number) }),
            "lost" => Some(Leased::StateLost),
            _ => None,
        })
        .await
    }

    pub(crate) async fn release(&self, token: &LeaseToken) -> Result<(), StoreError> {
        let keys = [&self.keys.lease];
        self.run(&self.release, Command::Lease, &keys, &[token.as_str()], |_, _| Some(())).await
    }

    pub(crate) async fn save(&self, token: &LeaseToken, changes: &Changes) -> Result<Saved, StoreError> {
        let Changes { meta, put, remove } = changes;
        let names = || put.iter().map(|(name, _)| name).chain(remove);
        let mut keys = vec![self.keys.lease.clone(), self.keys.meta.clone(), self.keys.fingerprints.clone()];
        keys.extend(names().map(|name| self.keys.record(*name)));
        let names: Vec<String> = names().map(ToString::to_string).collect();
        let puts = put.len().to_string();
        let mut arguments: Vec<&[u8]> = vec![token.as_str().as_bytes(), meta, puts.as_bytes()];
        for (index, name) in names.iter().enumerate() {
            arguments.push(name.as_bytes());
            arguments.extend(put.get(index).map(|(_, record)| record.as_slice()));
        }
        self.run(&self.save, Command::WriteAlerts, &keys, &arguments, |answer, _| match answer {
            "written" => Some(Saved::Written),
            "fenced" => Some(Saved::Fenced),
            _ => None,
        })
        .await
    }

    pub(crate) async fn load(&self, known: Option<&[u8]>) -> Result<Loaded, StoreError> {
        let connection = self.link.connection(Patience::Wait).await?;
        self.read(&connection, known).await.map_err(|error| self.explained(error))
    }

    async fn read(&self, connection: &Connection, known: Option<&[u8]>) -> Result<Loaded, StoreError> {
        let keys = &self.keys;
        for _ in 0..READINGS {
            let Some(meta) = meta(connection, keys).await? else { return Ok(Loaded::Nothing) };
            if known == Some(meta.as_slice()) {
                return Ok(Loaded::Same);
            }
            let next_step = MonoTime::default();
            let reading = Reading { connection, keys, clock: &*self.clock, meta: &meta, next_step };
            if let Some((records, missing)) = reading.records().await? {
                self.tell_missing(missing);
                return Ok(Loaded::State(Stored { meta, records }));
            }
        }
        let text = format!("alerts were written while they were read, {READINGS} times in a row");
        Err(connection.faults().other(StoreErrorKind::Partial, &text))
    }

    /// Alerts that somebody has deleted, or Redis to make room, are gone: an error would end all judging for ever,
    /// while those whose condition holds fire anew without one.
    fn tell_missing(&self, missing: usize) {
        if self.missing.swap(missing, Ordering::Relaxed) != missing && missing > 0 {
            let list = &self.keys.fingerprints;
            tracing::warn!(
                missing,
                list,
                "alerts are listed and gone; `maxmemory-policy noeviction` keeps redis from deleting them"
            );
        }
    }

    async fn run<T>(
        &self,
        script: &Script,
        command: Command,
        keys: &[impl AsRef<[u8]>],
        arguments: &[impl AsRef<[u8]>],
        read: impl Fn(&str, u64) -> Option<T>,
    ) -> Result<T, StoreError> {
        let connection = self.link.connection(Patience::Wait).await?;
        let answer = script.run(&connection, command, keys, arguments).await;
        let answer = answer.map_err(|error| self.explained(error))?;
        let parts = match list(&answer) {
            Some([word, number]) => text(word).zip(count(number)),
            _ => None,
        };
        let read = parts.and_then(|(word, number)| read(&word, number));
        read.ok_or_else(|| connection.faults().form(command, "a word that the script has, and a number"))
    }

    /// Redis names the command that is not permitted, but no key.
    fn explained(&self, error: StoreError) -> StoreError {
        if error.kind() != StoreErrorKind::Permission {
            return error;
        }
        let text = format!("{error}; alerts need `ACL SETUSER <user> {} {RIGHTS}`", self.keys.right());
        StoreError::new(StoreErrorKind::Permission, text)
    }
}
