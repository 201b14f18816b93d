//! The cycle: take in what came, sum up, publish; early when something arrived, and at least every interval.

mod feeding;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use scout_core::{
    Arrivals, Board, Clock, Counting, Finding, FindingKind, LiveConfig, LiveLedger, MessageStore, MonoTime,
    Now, Rescans, Snapshot, StoreError, Urgency, WallTime, WhyScan,
};
use scout_http::{Publisher, Telemetry};
use tokio::sync::watch;
use tracing::{debug, error, info, warn};

use super::alerting::{Counts, Judging, Seen};
use super::feeds::{Feeds, SharedLive, panicked};
use super::meters::Meters;
use super::notices::{Notices, not_followed, unannounced};
use super::pace::Pace;
use super::trouble::Trouble;

/// How soon after a failed check, or one that was left open by an error, the next one begins.
const CHECKED_AGAIN: Duration = Duration::from_secs(1);

/// How long the feeds may give no sign before nothing is published for current: a wait for news takes a second.
const SILENCE: Duration = Duration::from_secs(3);

/// How long after the feeds have given a sign nothing new can have come: until the next wait for news has ended.
const HEARD_FOR: Duration = Duration::from_millis(1500);

/// How often rules are judged at least: they may hold, or be over, though nothing has arrived.
const JUDGED_EVERY: Duration = Duration::from_secs(1);

/// How often the log tells how far a scan is, and how often the answers and the metric do.
const PROGRESS_LOGGED: Duration = Duration::from_secs(10);
const PROGRESS_SHOWN: Duration = Duration::from_secs(1);

/// Runs cycles until it is told to stop.
pub(super) struct Cycles {
    clock: Arc<dyn Clock>,
    store: Arc<dyn MessageStore>,
    config: LiveConfig,
    pace: Pace,
    live: SharedLive,
    feeds: Feeds,
    rescans: Rescans,
    trouble: Trouble,
    board: Board,
    publisher: Publisher,
    telemetry: Telemetry,
    meters: Meters,
    notices: Notices,
    /// Where what is counted is judged, if it is.
    judged: Option<watch::Sender<Seen>>,
    last_judged: MonoTime,
    /// When the last entry arrived that was taken in.
    last_arrival: Option<WallTime>,
    /// What the last scan noticed.
    scan_findings: Vec<Finding>,
    /// What the last look has noticed since.
    look_findings: Vec<Finding>,
    /// Documents counted less documents that the store has, when they were last compared.
    difference: i64,
    /// What the store's clock showed at a moment of ours.
    store_clock: Now,
    /// When the last entry arrived that was taken in, while there are more.
    behind: Option<WallTime>,
    /// Why the feeds cannot be followed, so that numbers are only as fresh as scans.
    blind: Option<StoreError>,
    /// When the last completed scan was joined.
    scanned_at: WallTime,
    /// Whether the feeds have been read at all, so that they go on from where they are.
    is_tailing: bool,
    /// Whether something has arrived since the last cycle, or something else has changed.
    is_due: bool,
    last_cycle: Option<MonoTime>,
    next_tick: MonoTime,
    next_look: MonoTime,
    last_look: MonoTime,
    /// When the feeds were last known to be read to where they ended.
    heard: Now,
    /// Whether the time for a cycle has come, which waits for the store to be looked at.
    tick_waits: bool,
    next_progress: MonoTime,
    next_progress_log: MonoTime,
}

impl Cycles {
    pub(super) fn new(
        store: Arc<dyn MessageStore>,
        clock: Arc<dyn Clock>,
        config: LiveConfig,
        pace: Pace,
        publisher: Publisher,
        telemetry: Telemetry,
        judging: Option<Judging>,
    ) -> Self {
        let meters = Meters::new(telemetry.recorder());
        let board = Board::new(pace.interval);
        publisher.publish(board.publication());
        let mut live = LiveLedger::new(config);
        for (rule, select) in judging.iter().flat_map(|judging| &judging.tagged) {
            live.count_tagged(*rule, select);
        }
        let live = SharedLive::new(live);
        let clock_now = clock.now();
        let now = clock_now.mono;
        Self {
            feeds: Feeds::new(Arc::clone(&store), live.clone(), pace.early),
            store,
            clock,
            config,
            pace,
            live,
            rescans: Rescans::new(pace.rescan),
            trouble: Trouble::default(),
            board,
            publisher,
            telemetry,
            meters,
            notices: Notices::default(),
            judged: judging.map(|judging| judging.seen),
            last_judged: now,
            last_arrival: None,
            scan_findings: Vec::new(),
            look_findings: Vec::new(),
            difference: 0,
            store_clock: clock_now,
            behind: None,
            blind: None,
            scanned_at: WallTime::default(),
            is_tailing: false,
            is_due: false,
            last_cycle: None,
            next_tick: now.plus(pace.interval),
            next_look: now.plus(pace.check),
            last_look: MonoTime::default(),
            heard: clock_now,
            tick_waits: false,
            next_progress: now,
            next_progress_log: now,
        }
    }

    /// The first scan begins at once. What is under way when `stop` comes is abandoned: what is published stays.
    pub(super) async fn run(mut self, stop: impl Future<Output = ()>) {
        let mut stopping = std::pin::pin!(stop);
        self.place_tail();
        loop {
            self.begin_what_is_due();
            let wait = self.next_wake().since(self.clock.now().mono);
            tokio::select! {
                biased;
                () = &mut stopping => break,
                event = self.feeds.next() => self.take_in_guarded(event),
                () = tokio::time::sleep(wait) => {}
            }
            self.tell_progress();
            self.cycle_if_due();
            self.judge_if_due();
        }
        info!("aggregator stopped");
    }

    /// The feeds are read back as far as arrivals are kept.
    fn place_tail(&mut self) {
        let from = self.clock.now().wall.minus(scout_core::ARRIVALS_REACH);
        let position = self.store.position_at(from);
        self.live.with(|live| live.start_at(position));
    }

    /// Tells how far a scan is that takes long.
    fn tell_progress(&mut self) {
        let now = self.clock.now().mono;
        if now < self.next_progress {
            return;
        }
        self.next_progress = now.plus(PROGRESS_SHOWN);
        let Some((why, rows, expected)) = self.feeds.progress() else { return };
        self.meters.progress(rows as f64 / expected.max(1) as f64);
        if now >= self.next_progress_log {
            self.next_progress_log = now.plus(PROGRESS_LOGGED);
            info!(why = why.as_str(), rows, expected, "scanning");
        }
        // Where feeds cannot be followed, the numbers of the last scan are all that there is to wait for.
        if why.urgency() == Urgency::Urgent && why != WhyScan::Blind {
            let counting = Counting { done: rows, of: expected };
            self.publisher.publish(self.board.count_on(Some(counting)));
        }
    }

    fn next_wake(&self) -> MonoTime {
        let can_publish = self.is_due && !self.must_wait(self.clock.now().mono);
        let early = can_publish
            .then(|| self.last_cycle.map_or(MonoTime::default(), |last| last.plus(self.pace.early)));
        let look = (!self.feeds.is_looking()).then_some(self.next_look);
        let scanning = self.feeds.scanning().is_some();
        let scan = if scanning { Some(self.next_progress) } else { self.rescans.due_at() };
        let may_judge = self.judged.is_some() && self.may_judge(self.clock.now().mono);
        let judge = may_judge.then(|| self.last_judged.plus(JUDGED_EVERY));
        [Some(self.next_tick), early, look, scan, judge].into_iter().flatten().min().unwrap_or(self.next_tick)
    }

    fn begin_what_is_due(&mut self) {
        let now = self.clock.now().mono;
        if let Some(why) = self.rescans.due(now) {
            let makes_way = self.feeds.is_routine_scan() && why.urgency() == Urgency::Urgent;
            if self.feeds.scanning().is_none() || makes_way {
                debug!(why = why.as_str(), "scan begins");
                self.rescans.began(why, now);
                self.next_progress = now.plus(PROGRESS_SHOWN);
                self.next_progress_log = now.plus(PROGRESS_LOGGED);
                if why == WhyScan::Start {
                    self.feeds.begin_recent(self.config.ledger());
                } else {
                    self.feeds.begin_scan(why, self.config.ledger());
                }
            }
        }
        if now >= self.next_look && !self.feeds.is_looking() {
            self.next_look = now.plus(self.pace.check);
            self.last_look = now;
            if self.live.with(|live| live.is_counted()) {
                self.feeds.begin_look();
            }
        }
    }

    fn set_clock(&mut self, store: WallTime) {
        self.store_clock = Now { wall: store, mono: self.clock.now().mono };
    }

    /// The present by the store's clock, whatever ours is set to meanwhile.
    fn store_time(&self, now: Now) -> WallTime {
        self.store_clock.wall.plus(now.mono.since(self.store_clock.mono))
    }

    fn cycle_if_due(&mut self) {
        let now = self.clock.now().mono;
        let is_tick = now >= self.next_tick;
        let is_early = self.is_due && self.last_cycle.is_none_or(|last| now >= last.plus(self.pace.early));
        if !is_tick && !is_early {
            return;
        }
        if is_tick {
            while self.next_tick <= now {
                self.next_tick = self.next_tick.plus(self.pace.interval);
            }
            if self.next_look.since(now) < CHECKED_AGAIN && !self.feeds.is_looking() {
                // What is about to be looked at is published when it is known whether it is right.
                self.next_look = now;
                self.begin_what_is_due();
            }
            if self.blind.is_some() {
                self.rescans.want(WhyScan::Blind);
                // There is nothing new until it has been completed.
                if !self.is_due && self.trouble.first().is_none() {
                    return;
                }
            }
        }
        self.tick_waits |= is_tick;
        if self.must_wait(now) {
            return;
        }
        let is_tick = std::mem::take(&mut self.tick_waits);
        self.is_due = false;
        if self.trouble.first().is_some() || self.live.with(|live| live.is_counted()) {
            self.last_cycle = Some(now);
            self.cycle(is_tick);
        } else if let Some(from) = self.live.with(|live| live.recent_from()) {
            self.last_cycle = Some(now);
            self.publish_recent(from);
        }
    }

    /// Whether it is not known at the moment that the count is that of the store as it is. What comes next will tell.
    fn must_wait(&self, now: MonoTime) -> bool {
        let is_silent = self.blind.is_none() && now.since(self.heard.mono) > SILENCE;
        self.trouble.first().is_none() && (self.feeds.is_looking() || is_silent)
    }

    fn cycle(&mut self, is_tick: bool) {
        debug!("running aggregation cycle");
        let began = self.clock.now();
        let done = std::panic::catch_unwind(AssertUnwindSafe(|| match self.trouble.first() {
            None => self.succeed(began, is_tick),
            Some(error) => {
                let error = StoreError::new(error.kind(), error.to_string());
                self.fail(&error, is_tick);
            }
        }));
        if done.is_err() {
            self.meters.cycle_failed();
            let publication = self.board.fail(&panicked(), self.clock.now());
            // Where publishing is what panicked, the readers keep what they have.
            drop(std::panic::catch_unwind(AssertUnwindSafe(|| self.publisher.publish(&publication))));
            error!("the cycle panicked while it was published; what was published before stays");
        }
        self.meters.cycle(self.clock.now().mono.since(began.mono));
        self.telemetry.run_upkeep();
    }

    /// Whether more has arrived than was taken in, as far as anybody knows.
    fn is_behind(&self) -> bool {
        self.behind.is_some() || self.blind.is_some()
    }

    /// The moment that the count holds for, by the store's clock.
    fn counted_at(&self, now: WallTime) -> WallTime {
        match (&self.blind, self.behind) {
            (Some(_), _) => self.scanned_at,
            (None, Some(arrived)) => arrived.min(now),
            // A wait for news that is under way may hold some back, but not for long.
            (None, None) => self.store_time(self.heard).max(self.scanned_at),
        }
    }

    /// Shows what has been counted of recent events until there is a snapshot.
    fn publish_recent(&mut self, from: WallTime) {
        let began = self.clock.now();
        let now = self.store_time(began);
        let at = self.counted_at(now);
        let snapshot = self.live.with(|live| {
            live.advance(now);
            let mut snapshot = Snapshot::new(live.ledger(), 0, at, 0);
            snapshot.is_behind = self.is_behind();
            snapshot.with_arrivals(live.arrivals()).with_events_from(from)
        });
        let mut findings = self.scan_findings.clone();
        findings.extend(self.blind.as_ref().map(not_followed));
        self.publisher.publish(self.board.publish_recent(snapshot, findings, began));
        let recent = self.board.publication().recent.as_ref().map(|recent| Arc::clone(&recent.snapshot));
        self.judge(recent);
    }

    fn succeed(&mut self, began: Now, is_tick: bool) {
        let now = self.store_time(began);
        let at = self.counted_at(now);
        let (generation, difference) = (self.board.next_generation(), self.difference);
        let (snapshot, counted) = self.live.with(|live| {
            live.advance(now);
            let mut snapshot = Snapshot::new(live.ledger(), generation, at, difference);
            snapshot.is_behind = self.is_behind();
            (snapshot.with_arrivals(live.arrivals()), live.findings())
        });
        let recovered = self.board.publication().stale_since.is_some();
        if recovered {
            info!(failures = self.board.publication().consecutive_failures, "aggregation recovered");
        }
        let now = self.clock.now();
        self.meters.covered(snapshot.arrivals.as_ref().and_then(Arrivals::covered_from), at);
        let took = now.mono.since(began.mono).as_secs_f64();
        if is_tick || recovered || generation == 1 {
            info!(
                totalMessages = snapshot.total,
                systemCount = snapshot.systems_total,
                totalAlerts = snapshot.total_alerts(),
                duration = took,
                "aggregation cycle complete"
            );
        } else {
            debug!(totalMessages = snapshot.total, duration = took, "early aggregation cycle complete");
        }
        let mut findings = self.scan_findings.clone();
        findings.extend(self.look_findings.iter().cloned());
        findings.extend(counted);
        findings.extend(self.rescans.differences_stay().then(|| unannounced(self.difference)));
        findings.extend(self.blind.as_ref().map(not_followed));
        self.notices.log_changes(&findings);
        let publication = self.board.succeed(snapshot, findings, now);
        self.publisher.publish(&publication);
        self.judge(publication.snapshot);
        self.meters.phases([began.mono, now.mono, self.clock.now().mono]);
    }

    fn fail(&mut self, error: &StoreError, is_tick: bool) {
        self.meters.cycle_failed();
        let is_news = self.board.publication().consecutive_failures == 0;
        let publication = self.board.fail(error, self.clock.now());
        if is_tick || is_news {
            warn!(
                kind = error.kind().as_str(),
                error = %error,
                failures = publication.consecutive_failures,
                "aggregation cycle failed"
            );
        }
        self.publisher.publish(&publication);
        if let Some(judged) = self.judged.as_ref().filter(|_| self.trouble.is_away()) {
            judged.send_replace(Seen::Failure);
        }
    }

    /// Windows move on though nothing arrives, and alerts end.
    fn judge_if_due(&mut self) {
        let began = self.clock.now();
        let is_due = began.mono >= self.last_judged.plus(JUDGED_EVERY);
        if self.judged.is_none() || !is_due || !self.may_judge(began.mono) {
            return;
        }
        let now = self.store_time(began);
        let at = self.counted_at(now);
        let snapshot = self.live.with(|live| {
            live.advance(now);
            Snapshot::new(live.ledger(), self.board.next_generation(), at, self.difference)
                .with_arrivals(live.arrivals())
        });
        self.judge(Some(Arc::new(snapshot)));
    }

    fn may_judge(&self, now: MonoTime) -> bool {
        self.trouble.first().is_none() && !self.must_wait(now) && self.live.with(|live| live.is_counted())
    }

    /// Hands counts over to be judged.
    fn judge(&mut self, snapshot: Option<Arc<Snapshot>>) {
        self.last_judged = self.clock.now().mono;
        let (Some(judged), Some(snapshot)) = (&self.judged, snapshot) else { return };
        judged.send_replace(Seen::Counts(Box::new(Counts {
            snapshot,
            tagged: Arc::new(self.live.with(|live| live.tagged())),
            is_partial: self.scan_findings.iter().any(|finding| finding.kind == FindingKind::MasterLost),
            store_clock: self.store_clock,
            last_arrival: self.last_arrival,
        })));
    }
}
