//! Reading all records, in steps that nobody feels.

use std::collections::BTreeSet;

use redis::{Cmd, Value, cmd};
use scout_core::alerting::Fingerprint;
use scout_core::{Clock, MonoTime, StoreError, StoreErrorKind};

use super::keys::Keys;
use crate::connection::{Connection, Timed};
use crate::metrics::Command;
use crate::pause::pause_until;
use crate::value::{bytes, list, text};

/// The most records of one step: one may have some ten kilobytes.
const RECORDS_PER_STEP: usize = 64;

/// About so many fingerprints come with one step.
const FINGERPRINTS_PER_STEP: u32 = 500;

/// What is stored beside the records; `None` if there is nothing.
pub(super) async fn meta(connection: &Connection, keys: &Keys) -> Result<Option<Vec<u8>>, StoreError> {
    let Timed { answers, .. } = connection.send_timed(Command::ReadAlerts, vec![get(&keys.meta)]).await?;
    let answer = answers.first().unwrap_or(&Value::Nil);
    Ok(bytes(connection.accept_of("get", answer)?).map(<[u8]>::to_vec))
}

fn get(key: &str) -> Cmd {
    cmd("GET").arg(key).take()
}

/// A reading of the records that belong to one meta.
pub(super) struct Reading<'a> {
    pub(super) connection: &'a Connection,
    pub(super) keys: &'a Keys,
    pub(super) clock: &'a dyn Clock,
    pub(super) meta: &'a [u8],
    /// When Redis has had as long for others as the last step took.
    pub(super) next_step: MonoTime,
}

/// The records that were found, and how many are listed and were not.
pub(super) type Found = (Vec<(Fingerprint, Vec<u8>)>, usize);

impl Reading<'_> {
    /// All records; `None` if somebody has written in between, so that they may not belong together.
    pub(super) async fn records(mut self) -> Result<Option<Found>, StoreError> {
        let Some(fingerprints) = self.fingerprints().await? else { return Ok(None) };
        let fingerprints: Vec<Fingerprint> = fingerprints.into_iter().collect();
        let mut records = Vec::with_capacity(fingerprints.len());
        for some in fingerprints.chunks(RECORDS_PER_STEP) {
            let mut read = cmd("MGET");
            for fingerprint in some {
                read.arg(self.keys.record(*fingerprint));
            }
            let Some(answer) = self.step("mget", read).await? else { return Ok(None) };
            let texts = list(&answer).filter(|texts| texts.len() == some.len());
            let texts = texts.ok_or_else(|| self.form("a text for each key"))?;
            let pairs = some.iter().zip(texts);
            records.extend(pairs.filter_map(|(name, text)| Some((*name, bytes(text)?.to_vec()))));
        }
        let missing = fingerprints.len() - records.len();
        Ok(Some((records, missing)))
    }

    /// Not by SMEMBERS, which is one step however many there are.
    async fn fingerprints(&mut self) -> Result<Option<BTreeSet<Fingerprint>>, StoreError> {
        let mut found = BTreeSet::new();
        let mut cursor = "0".to_owned();
        loop {
            let mut scan = cmd("SSCAN");
            scan.arg(&self.keys.fingerprints).arg(&cursor).arg("COUNT").arg(FINGERPRINTS_PER_STEP);
            let Some(answer) = self.step("sscan", scan).await? else { return Ok(None) };
            let parts = match list(&answer) {
                Some([next, members]) => text(next).zip(list(members)),
                _ => None,
            };
            let (next, members) = parts.ok_or_else(|| self.form("a cursor and members"))?;
            for member in members {
                found.insert(self.fingerprint(member)?);
            }
            if next == "0" {
                return Ok(Some(found));
            }
            cursor = next.into_owned();
        }
    }

    fn fingerprint(&self, member: &Value) -> Result<Fingerprint, StoreError> {
        text(member).and_then(|text| text.parse().ok()).ok_or_else(|| {
            let text = format!("the set {} holds something that is no fingerprint", self.keys.fingerprints);
            self.connection.faults().other(StoreErrorKind::Corrupt, &text)
        })
    }

    /// The answer, unless the meta is another one by now.
    async fn step(&mut self, name: &str, command: Cmd) -> Result<Option<Value>, StoreError> {
        pause_until(self.next_step, self.clock).await;
        let commands = vec![command, get(&self.keys.meta)];
        let Timed { answers, work } = self.connection.send_timed(Command::ReadAlerts, commands).await?;
        self.next_step = self.clock.now().mono.plus(work.busy);
        let [answer, meta]: [Value; 2] = answers.try_into().map_err(|_| self.form("two answers"))?;
        self.connection.accept_of(name, &answer)?;
        let meta = bytes(self.connection.accept_of("get", &meta)?);
        Ok((meta == Some(self.meta)).then_some(answer))
    }

    fn form(&self, expected: &str) -> StoreError {
        self.connection.faults().form(Command::ReadAlerts, expected)
    }
}
