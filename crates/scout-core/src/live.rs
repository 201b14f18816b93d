//! The ledger that both feeds keep: what the last scan found, and what has been announced since.

mod config;
mod pending;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use crate::alerting::Selector;
use crate::arrivals::Arrivals;
use crate::intake::findings;
use crate::keys::KeyHash;
use crate::{Announced, FeedMark, Finding, Ledger, Moment, Offset, Position, Row, ScanCount, WallTime};

pub use config::LiveConfig;
use pending::{Pending, Since, SinceByFeed, since};

/// A clock that is so far behind what it has shown before was set back.
const STEP: Duration = Duration::from_secs(60);

/// What is gone may have come at the very moment at which what is left begins.
const MOMENT: Duration = Duration::from_millis(1);

/// What a look at the store says about the count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// Documents counted less documents that the store has; zero where the count is right.
    Difference(i64),
    /// So many entries were gone before they could be read.
    Gap(u64),
    /// It is another store than the one that was counted.
    Replaced(Replaced),
}

/// Why a store is not the one that was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Replaced {
    /// Another server answers, or the same one has been restarted.
    Server,
    /// The index was made anew.
    Index,
    /// A feed was emptied, and begins anew.
    Feed,
    /// Its clock was set, so that counts stand in the wrong slots.
    Clock,
}

/// How a feed has been followed: where it once ended, with all until then taken in or known to be missing, and how many
/// entries have been taken in since.
///
/// Goes on from scan to scan, since entries may be gone that a scan makes up for, and arrivals do not.
#[derive(Clone, Copy, Debug)]
struct Followed {
    from: FeedMark,
    read: u64,
}

impl Followed {
    fn announced(&self) -> u64 {
        self.from.announced + self.read
    }
}

/// What had been read of a feed when the tail came to a place.
#[derive(Clone, Copy, Debug)]
struct Answered {
    since: Since,
    read: u64,
}

/// A look at the store that waits until the tail has come as far.
#[derive(Debug)]
struct Question {
    moment: Moment,
    /// What had been read of a feed when the tail passed the moment.
    answered: BTreeMap<Arc<str>, Answered>,
    /// Whether the tail had passed the first join before.
    is_read_back: bool,
}

/// Arrivals of messages with some tags.
#[derive(Debug)]
struct Tagged {
    rule: usize,
    select: Selector,
    arrivals: Arrivals,
}

/// The base, which is what the last scan found.
#[derive(Debug)]
struct Base {
    joined: Moment,
    documents: u64,
    since: SinceByFeed,
    /// The most writes that the store has shown since.
    writes: u64,
}

/// What stands in for the base before there is one: the documents of recent events.
#[derive(Debug)]
struct Recent {
    joined: Moment,
    from: WallTime,
}

/// The count that two feeds keep: a scan says what is there, the tail what has come since.
///
/// It does no I/O: whoever owns it hands in what the store gives. A scan that ends replaces what was counted before, and
/// with it every error that has crept in.
#[derive(Debug)]
pub struct LiveLedger {
    config: LiveConfig,
    ledger: Ledger,
    foreign: u64,
    base: Option<Base>,
    recent: Option<Recent>,
    pending: Option<Pending>,
    question: Option<Question>,
    position: Position,
    arrivals: Arrivals,
    /// Arrivals of messages with the tags that a rule asks for.
    tagged: Vec<Tagged>,
    followed: BTreeMap<Arc<str>, Followed>,
    /// The server at which it was last known how much of the feeds is missing.
    followed_server: Arc<str>,
    /// Whether the tail has passed the first join, and with it what was there before.
    is_read_back: bool,
}

impl LiveLedger {
    /// Nothing counted yet.
    pub fn new(config: LiveConfig) -> Self {
        Self {
            ledger: Ledger::new(config.ledger, WallTime::default()),
            arrivals: Arrivals::new(config.arrivals),
            tagged: Vec::new(),
            config,
            foreign: 0,
            base: None,
            recent: None,
            pending: None,
            question: None,
            position: Position::default(),
            followed: BTreeMap::new(),
            followed_server: Arc::default(),
            is_read_back: false,
        }
    }

    /// Whether a scan has been completed, so that there is a number.
    pub fn is_counted(&self) -> bool {
        self.base.is_some()
    }

    /// From when on events have been counted, before a scan of the whole store has been completed.
    pub fn recent_from(&self) -> Option<WallTime> {
        self.recent.as_ref().map(|recent| recent.from)
    }

    /// What has been counted.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// What arrived in the last hour.
    pub fn arrivals(&self) -> &Arrivals {
        &self.arrivals
    }

    /// Arrivals of messages with these tags are counted apart, for a rule that is known by a number.
    pub fn count_tagged(&mut self, rule: usize, select: &Selector) {
        let arrivals = Arrivals::new(self.config.arrivals);
        self.tagged.push(Tagged { rule, select: select.clone(), arrivals });
    }

    /// Whether entries are to come with the tags of their messages.
    pub fn wants_tags(&self) -> bool {
        !self.tagged.is_empty()
    }

    /// What arrived in the last hour with the tags that rules ask for, by the rules' numbers. Whether it is whole is known
    /// of all arrivals alone.
    pub fn tagged(&self) -> BTreeMap<usize, Arrivals> {
        self.tagged.iter().map(|tagged| (tagged.rule, tagged.arrivals.clone())).collect()
    }

    /// How far the feeds have been taken in.
    pub fn position(&self) -> &Position {
        &self.position
    }

    /// What the count gives to notice.
    pub fn findings(&self) -> Vec<Finding> {
        findings(&self.ledger, self.foreign)
    }

    /// The tail begins there, before anything has been taken in.
    pub fn start_at(&mut self, position: Position) {
        self.position = position;
    }

    /// A scan has begun, over what the store held at that moment. One that was under way is void.
    ///
    /// Nothing that was announced after the moment may have been taken in before this is called. Where a feed has been
    /// taken in beyond the moment all the same, it is another feed than before, and is taken in anew from there.
    pub fn join(&mut self, joined: &Moment) {
        // Where the clock was set back, they are in another time.
        let mut is_another = self.arrivals.is_ahead_of(joined.at);
        for (feed, mark) in &joined.feeds {
            let position = self.position.of(feed);
            let before = self.followed.get(feed);
            if before.is_none_or(|before| position > mark.last || before.announced() > mark.announced) {
                is_another |= before.is_some();
                self.followed.insert(Arc::clone(feed), Followed { from: *mark, read: 0 });
            }
            if position > mark.last {
                self.position.set(feed, mark.last);
            }
        }
        if is_another {
            self.question = None;
            self.forget_arrivals(joined.at);
        }
        self.note_whether_read_back();
        self.pending = Some(Pending::new(joined, self.config.ledger));
    }

    /// The scan that was under way will not be completed.
    pub fn abandon(&mut self) {
        self.pending = None;
    }

    /// The scan has been completed. What it found becomes the base; what was announced before its join is dropped.
    pub fn complete(&mut self, count: ScanCount) {
        let Some((documents, Pending { joined, since, .. })) = self.settle(count) else { return };
        self.recent = None;
        self.question = None;
        let writes = joined.writes;
        self.base = Some(Base { joined, documents, since, writes });
    }

    /// A pass over the documents of events at `from` or later has been completed. They stand in for the base until there
    /// is one, and none of them is left then.
    pub fn complete_recent(&mut self, count: ScanCount, from: WallTime) {
        if self.is_counted() {
            self.abandon();
        } else if let Some((_, Pending { joined, .. })) = self.settle(count) {
            self.recent = Some(Recent { joined, from });
        }
    }

    /// The store may not be the one whose recent documents were counted.
    pub fn forget_recent(&mut self) {
        self.recent = None;
    }

    /// Puts what a pass has found, and what was announced since its join, in place of what was counted. Returns how many
    /// documents it has found.
    fn settle(&mut self, count: ScanCount) -> Option<(u64, Pending)> {
        let mut pending = self.pending.take()?;
        let scanned: HashSet<KeyHash> = count.last_keys().collect();
        let mut documents = count.foreign() + count.ledger().total().total();
        self.foreign = count.foreign() + pending.foreign;
        self.ledger = count.into_ledger();
        self.ledger.merge(&pending.delta);
        for early in std::mem::take(&mut pending.early) {
            if scanned.contains(&early.key) {
                // Counted by the scan already, so it is none that came since.
                documents = documents.saturating_sub(1);
            } else {
                match early.facts {
                    Some(facts) => self.ledger.record(&facts.facts()),
                    None => self.foreign += 1,
                }
            }
            pending.since.entry(early.feed).or_default().documents += 1;
        }
        Some((documents, pending))
    }

    /// Takes in one entry of a feed.
    pub fn announce(&mut self, entry: &Announced<'_>) {
        self.pass(entry.feed, entry.offset, false);
        self.position.set(entry.feed, entry.offset);
        if let Some(followed) = self.followed.get_mut(entry.feed)
            && entry.offset > followed.from.last
        {
            followed.read += 1;
        }
        self.note_whether_read_back();
        let facts = entry.row.as_ref().map(Row::facts);
        if let Some(Some(facts)) = &facts {
            self.arrivals.record(facts, entry.arrived);
            let tags = entry.row.as_ref().and_then(|row| row.tags);
            for tagged in &mut self.tagged {
                if tagged.select.wants_tags(tags) {
                    tagged.arrivals.record(facts, entry.arrived);
                }
            }
        }
        if let Some(base) = &mut self.base
            && entry.offset > base.joined.feed(entry.feed).last
        {
            let since = since(&mut base.since, entry.feed);
            since.entries += 1;
            if let Some(facts) = &facts {
                since.documents += 1;
                match facts {
                    Some(facts) => self.ledger.record(facts),
                    None => self.foreign += 1,
                }
            }
        }
        if let Some(recent) = &self.recent
            && entry.offset > recent.joined.feed(entry.feed).last
            && let Some(Some(facts)) = &facts
        {
            self.ledger.record(facts);
        }
        if let Some(pending) = &mut self.pending
            && entry.offset > pending.joined.feed(entry.feed).last
        {
            pending.announce(entry, facts.as_ref());
        }
        self.pass(entry.feed, entry.offset, true);
    }

    /// All that had been announced before the last question, or join, has been taken in.
    pub fn caught_up(&mut self) {
        self.is_read_back |= !self.followed.is_empty();
        let (Some(mut question), Some(base)) = (self.question.take(), &self.base) else { return };
        for feed in question.moment.feeds.keys() {
            let read = self.read_so_far(base, feed);
            question.answered.entry(Arc::clone(feed)).or_insert(read);
        }
        self.question = Some(question);
    }

    /// Whether a look would tell now from when on nothing is missing of what has arrived.
    pub fn wants_a_look(&self) -> bool {
        self.is_counted() && self.is_read_back && self.arrivals.covered_from().is_none() && !self.is_asked()
    }

    /// Whether there is a question whose answer waits for the tail.
    pub fn is_asked(&self) -> bool {
        self.question.is_some()
    }

    /// Whether feeds say of themselves, right after they were read, what cannot be if they are those that were counted and
    /// all of them was read. A look will tell what has happened.
    pub fn is_contradicted_by(&self, feeds: &BTreeMap<Arc<str>, FeedMark>) -> bool {
        let is_contradicted = |(feed, mark): (&Arc<str>, &FeedMark)| {
            let announced = self.followed.get(feed).map(Followed::announced);
            // What lies behind the position may have come after it was read.
            let is_at_its_end = mark.last <= self.position.of(feed);
            announced.is_some_and(|known| mark.announced < known || mark.announced > known && is_at_its_end)
        };
        self.is_counted() && !self.is_asked() && feeds.iter().any(is_contradicted)
    }

    /// Moves the present on: what has aged moves to coarser slots.
    pub fn advance(&mut self, now: WallTime) {
        self.ledger.advance(now);
        self.arrivals.advance(now);
        for tagged in &mut self.tagged {
            tagged.arrivals.advance(now);
        }
        if let Some(pending) = &mut self.pending {
            pending.delta.advance(now);
        }
    }

    /// Asks how the count compares with what the store says of itself.
    ///
    /// The answer comes at once where it is another store; else when the tail has come as far, by [`Self::verdict`].
    /// Nothing that was announced after the moment may have been taken in before this is called.
    pub fn ask(&mut self, moment: Moment) -> Option<Replaced> {
        let base = self.base.as_ref()?;
        if moment.server != base.joined.server {
            return Some(Replaced::Server);
        }
        if moment.writes < base.writes || moment.index != base.joined.index {
            return Some(Replaced::Index);
        }
        if moment.at.plus(STEP) < self.ledger.now() {
            return Some(Replaced::Clock);
        }
        let mut answered = BTreeMap::new();
        for (feed, mark) in &moment.feeds {
            let before = base.joined.feed(feed);
            let position = self.position.of(feed);
            if mark.announced < before.announced || mark.last < position || mark.last < before.last {
                return Some(Replaced::Feed);
            }
            let is_all_read =
                self.followed.get(feed).is_some_and(|followed| followed.announced() == mark.announced);
            if position == mark.last || is_all_read {
                answered.insert(Arc::clone(feed), self.read_so_far(base, feed));
            }
        }
        if let Some(base) = &mut self.base {
            base.writes = moment.writes;
        }
        // While the tail is on its way to what was asked before, that is to be answered first.
        self.question.get_or_insert(Question { moment, answered, is_read_back: self.is_read_back });
        None
    }

    /// The answer to what was asked last, once there is one. It is given once.
    pub fn verdict(&mut self) -> Option<Verdict> {
        let base = self.base.as_ref()?;
        let question = self.question.take_if(|question| {
            question.moment.feeds.keys().all(|feed| question.answered.contains_key(feed))
        })?;
        let mut missed = 0;
        let mut counted = base.documents;
        for (feed, mark) in &question.moment.feeds {
            let Since { entries, documents } = question.since(feed);
            let announced = mark.announced.saturating_sub(base.joined.feed(feed).announced);
            if announced < entries {
                return Some(Verdict::Replaced(Replaced::Feed));
            }
            missed += announced - entries;
            counted += documents;
        }
        self.cover_arrivals(&question);
        if missed > 0 {
            return Some(Verdict::Gap(missed));
        }
        let difference = i128::from(counted) - i128::from(question.moment.documents);
        Some(Verdict::Difference(i64::try_from(difference).unwrap_or(i64::MAX)))
    }

    /// Decides from when on nothing is missing of what has arrived, now that the tail has come to what was asked about.
    fn cover_arrivals(&mut self, question: &Question) {
        let mut is_whole = true;
        for (feed, mark) in &question.moment.feeds {
            let Some(followed) = self.followed.get_mut(feed) else { continue };
            let read = question.answered.get(feed).map_or(0, |answered| answered.read);
            is_whole &= followed.from.announced + read >= mark.announced;
            *followed = Followed { from: *mark, read: followed.read.saturating_sub(read) };
        }
        let at = question.moment.at;
        let is_same = question.moment.server == self.followed_server || self.followed_server.is_empty();
        self.followed_server = Arc::clone(&question.moment.server);
        if !is_whole && !is_same {
            // It may be that nothing is missing, and that what arrived before has arrived elsewhere.
            self.forget_arrivals(at);
        } else if !is_whole {
            self.arrivals.cover_from(at.plus(MOMENT));
        } else if self.arrivals.covered_from().is_none() && question.is_read_back {
            // What was lost before it could be read is older than what the feeds held once it had been.
            let lost = question.moment.feeds.values().filter_map(|mark| mark.lost_before).max();
            let reach = at.minus(crate::ARRIVALS_REACH);
            self.arrivals.cover_from(lost.map_or(reach, |lost| lost.plus(MOMENT).max(reach)));
        }
    }

    /// What has arrived until now was another store's, or in another time.
    fn forget_arrivals(&mut self, now: WallTime) {
        self.arrivals = Arrivals::new(self.config.arrivals);
        self.arrivals.cover_from(now.plus(MOMENT));
        for tagged in &mut self.tagged {
            tagged.arrivals = Arrivals::new(self.config.arrivals);
        }
    }

    fn note_whether_read_back(&mut self) {
        self.is_read_back |= !self.followed.is_empty()
            && self.followed.iter().all(|(feed, followed)| self.position.of(feed) >= followed.from.last);
    }

    /// What has been read of a feed until now.
    fn read_so_far(&self, base: &Base, feed: &str) -> Answered {
        Answered {
            since: base.since.get(feed).copied().unwrap_or_default(),
            read: self.followed.get(feed).map_or(0, |followed| followed.read),
        }
    }

    /// Notes what had been read of a feed when the tail came to the moment that was asked about.
    fn pass(&mut self, feed: &str, offset: Offset, is_taken_in: bool) {
        let (Some(question), Some(base)) = (&self.question, &self.base) else { return };
        let last = question.moment.feed(feed).last;
        let has_passed = if is_taken_in { offset >= last } else { offset > last };
        if !has_passed || question.answered.contains_key(feed) {
            return;
        }
        let read = self.read_so_far(base, feed);
        if let Some(question) = &mut self.question {
            question.answered.insert(feed.into(), read);
        }
    }
}

impl Question {
    fn since(&self, feed: &str) -> Since {
        self.answered.get(feed).map_or_else(Since::default, |answered| answered.since)
    }
}
