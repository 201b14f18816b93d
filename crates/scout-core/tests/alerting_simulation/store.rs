//! A store that keeps alerts as the ports say, and what it has been told.

use std::collections::BTreeMap;
use std::time::Duration;

use scout_core::WallTime;
use scout_core::alerting::{Changes, Expects, Fingerprint, LeaseToken, Leased, Loaded, Saved, Stored};

/// What is kept. Its time is the store's wall time, as that of Redis' keys is.
#[derive(Debug, Default)]
pub(crate) struct Store {
    lease: Option<(String, WallTime)>,
    pub(crate) meta: Option<Vec<u8>>,
    pub(crate) records: BTreeMap<Fingerprint, Vec<u8>>,
}

impl Store {
    pub(crate) fn lease(
        &mut self,
        token: &LeaseToken,
        ttl: Duration,
        expects: Expects,
        now: WallTime,
    ) -> Leased {
        self.lease.take_if(|(_, until)| *until <= now);
        if let Some((holder, until)) = self.lease.as_mut().filter(|(holder, _)| holder != token.as_str()) {
            // The clock was set back: nobody is given a lease for longer than asked for.
            *until = (*until).min(now.plus(ttl));
            let _ = holder;
            return Leased::Other { remaining: until.since(now) };
        }
        if self.lease.is_none() && self.meta.is_none() && expects == Expects::State {
            return Leased::StateLost;
        }
        self.lease = Some((token.as_str().to_owned(), now.plus(ttl)));
        Leased::Held { has_state: self.meta.is_some() }
    }

    pub(crate) fn holder(&self, now: WallTime) -> Option<&str> {
        self.lease.as_ref().filter(|(_, until)| *until > now).map(|(holder, _)| holder.as_str())
    }

    pub(crate) fn release(&mut self, token: &LeaseToken) {
        self.lease.take_if(|(holder, _)| holder == token.as_str());
    }

    pub(crate) fn load(&self, known: Option<&[u8]>) -> Loaded {
        let Some(meta) = &self.meta else { return Loaded::Nothing };
        if known == Some(meta.as_slice()) {
            return Loaded::Same;
        }
        let records =
            self.records.iter().map(|(fingerprint, record)| (*fingerprint, record.clone())).collect();
        Loaded::State(Stored { meta: meta.clone(), records })
    }

    pub(crate) fn save(&mut self, token: &LeaseToken, changes: &Changes, now: WallTime) -> Saved {
        if self.holder(now) != Some(token.as_str()) {
            return Saved::Fenced;
        }
        self.meta = Some(changes.meta.clone());
        self.records.extend(changes.put.iter().cloned());
        for fingerprint in &changes.remove {
            self.records.remove(fingerprint);
        }
        Saved::Written
    }

    pub(crate) fn flush(&mut self) {
        *self = Self::default();
    }
}
