//! Who holds the lease, as far as this replica knows.

use std::time::Duration;

use super::{Expects, LeaseToken, Leased};
use crate::MonoTime;

/// How long a lease lives unless it is prolonged.
pub const LEASE_TTL: Duration = Duration::from_secs(10);

/// How often it is prolonged.
const RENEWED_EVERY: Duration = Duration::from_secs(3);

/// How often it is asked for by those who do not hold it, at least.
const ASKED_EVERY: Duration = Duration::from_secs(2);

/// How soon it is asked for again after an error.
const RETRIED_AFTER: Duration = Duration::from_millis(500);

/// How long others leave a store that has lost its state to whoever held the lease last.
const LEFT_TO_LAST: Duration = Duration::from_secs(20);

/// Where this replica stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// Another one holds it, or nobody.
    Without,
    /// It is held until then, unless it is prolonged.
    Held { until: MonoTime },
}

/// What is new about the lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LeaseNews {
    Nothing,
    /// It is held now, and was not before.
    Taken,
    /// The store has lost its state.
    StateLost,
    /// It is another's.
    Lost,
}

/// Asks for the lease in time.
#[derive(Debug)]
pub(crate) struct LeaseKeeper {
    owner: String,
    number: u64,
    standing: Standing,
    next_ask: MonoTime,
    asked_at: Option<MonoTime>,
    /// Whether there was state when it was asked: what was written since may have come after the question.
    knew_state: bool,
    state_lost_since: Option<MonoTime>,
    /// Whether this replica held it when it last heard of it.
    was_last: bool,
    /// What was given too late to be of use.
    to_release: Option<LeaseToken>,
}

impl LeaseKeeper {
    pub(crate) fn new(owner: String) -> Self {
        Self {
            owner,
            number: 0,
            standing: Standing::Without,
            next_ask: MonoTime::default(),
            asked_at: None,
            knew_state: false,
            state_lost_since: None,
            was_last: false,
            to_release: None,
        }
    }

    pub(crate) fn token(&self) -> LeaseToken {
        LeaseToken::new(&self.owner, self.number)
    }

    /// Whether a token is one of this replica's.
    pub(crate) fn is_own(&self, token: &str) -> bool {
        token.rsplit_once(':').is_some_and(|(owner, _)| owner == self.owner)
    }

    /// Until when it is held; `None` if it is not.
    pub(crate) fn held_until(&self, now: MonoTime) -> Option<MonoTime> {
        match self.standing {
            Standing::Held { until } if now < until => Some(until),
            _ => None,
        }
    }

    /// Whether this replica held it when it last heard of it, though it may have run out since.
    pub(crate) fn was_last(&self) -> bool {
        self.was_last
    }

    /// What to ask for now, if anything.
    pub(crate) fn ask(&mut self, has_known_state: bool, now: MonoTime) -> Option<(LeaseToken, Expects)> {
        if self.asked_at.is_some() || now < self.next_ask {
            return None;
        }
        if self.held_until(now).is_none() && self.standing != Standing::Without {
            self.standing = Standing::Without;
        }
        if self.standing == Standing::Without {
            // What was sent under the last one must not count for this one.
            self.number += 1;
        }
        self.asked_at = Some(now);
        self.knew_state = has_known_state;
        let has_waited = self.state_lost_since.is_some_and(|since| now.since(since) >= LEFT_TO_LAST);
        let expects =
            if has_known_state && !self.was_last && !has_waited { Expects::State } else { Expects::Nothing };
        Some((self.token(), expects))
    }

    /// When to ask next.
    pub(crate) fn next_ask(&self) -> Option<MonoTime> {
        self.asked_at.is_none().then_some(self.next_ask)
    }

    /// The answer to what was asked; `None` if there was an error.
    pub(crate) fn answered(&mut self, answer: Option<Leased>, now: MonoTime) -> LeaseNews {
        let Some(asked_at) = self.asked_at.take() else { return LeaseNews::Nothing };
        match answer {
            None => {
                self.next_ask = now.plus(RETRIED_AFTER);
                LeaseNews::Nothing
            }
            Some(Leased::Held { has_state }) => {
                let until = asked_at.plus(LEASE_TTL);
                let is_held = self.held_until(now).is_some();
                if until <= now || !is_held && self.standing != Standing::Without {
                    // It had run out, and others may have held it meanwhile: what was sent under it must not count.
                    self.to_release = Some(self.token());
                    self.standing = Standing::Without;
                    self.next_ask = now;
                    return LeaseNews::Nothing;
                }
                let is_new = self.standing == Standing::Without;
                self.standing = Standing::Held { until };
                self.next_ask = asked_at.plus(RENEWED_EVERY);
                self.state_lost_since = None;
                self.was_last = true;
                if self.knew_state && !has_state {
                    LeaseNews::StateLost
                } else if is_new {
                    LeaseNews::Taken
                } else {
                    LeaseNews::Nothing
                }
            }
            Some(Leased::Other { remaining }) => {
                let was_held = self.standing != Standing::Without;
                self.standing = Standing::Without;
                self.was_last = false;
                self.state_lost_since = None;
                self.next_ask = now.plus(remaining.min(ASKED_EVERY));
                if was_held { LeaseNews::Lost } else { LeaseNews::Nothing }
            }
            Some(Leased::StateLost) => {
                self.state_lost_since.get_or_insert(now);
                self.next_ask = now.plus(ASKED_EVERY);
                LeaseNews::Nothing
            }
        }
    }

    /// What is to be given back, since it was given too late.
    pub(crate) fn left_over(&mut self) -> Option<LeaseToken> {
        self.to_release.take()
    }

    /// A write was refused, since the lease is not this replica's any more.
    pub(crate) fn fenced(&mut self, now: MonoTime) {
        self.standing = Standing::Without;
        self.next_ask = now;
    }

    /// It is given back, and not asked for again before then.
    pub(crate) fn give_back(&mut self, until: MonoTime) -> Option<LeaseToken> {
        let was_held = self.standing != Standing::Without || self.asked_at.is_some();
        let token = self.token();
        self.standing = Standing::Without;
        self.next_ask = until;
        was_held.then_some(token)
    }
}
