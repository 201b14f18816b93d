//! The cycle: take in what came, sum up, publish; early when something arrived, and at least every interval.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use scout_core::{
    Arrivals, Board, Clock, Finding, FindingKind, LiveConfig, LiveLedger, Look, MessageStore, Moment,
    MonoTime, Now, Replaced, Rescans, ScanCount, ScanReport, Snapshot, StoreError, StoreErrorKind, Urgency,
    Verdict, WallTime, WhyScan,
};
use scout_http::{Publisher, Telemetry};
use tracing::{debug, error, info, warn};

use super::feeds::{Event, Feeds, SharedLive, Tailed, panicked};
use super::meters::Meters;
use super::notices::{Notices, not_followed, unannounced};
use super::pace::Pace;
use super::trouble::Trouble;

/// How soon after a failed check, or one that was left open by an error, the next one begins.
const CHECKED_AGAIN: Duration = Duration::from_secs(1);

/// How long the feeds may give no sign before nothing is published for current: a wait for news takes a second.
const SILENCE: Duration = Duration::from_secs(3);

/// How often the log tells how far a scan is.
const PROGRESS_EVERY: Duration = Duration::from_secs(10);

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
}

impl Cycles {
    pub(super) fn new(
        store: Arc<dyn MessageStore>,
        clock: Arc<dyn Clock>,
        config: LiveConfig,
        pace: Pace,
        publisher: Publisher,
        telemetry: Telemetry,
    ) -> Self {
        let meters = Meters::new(telemetry.recorder());
        let board = Board::new(pace.interval);
        publisher.publish(board.publication());
        let live = SharedLive::new(LiveLedger::new(config));
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
        self.next_progress = now.plus(PROGRESS_EVERY);
        if let Some((why, rows, expected)) = self.feeds.progress() {
            self.meters.progress(rows as f64 / expected.max(1) as f64);
            info!(why = why.as_str(), rows, expected, "scanning");
        }
    }

    fn next_wake(&self) -> MonoTime {
        let can_publish = self.is_due && !self.must_wait(self.clock.now().mono);
        let early = can_publish
            .then(|| self.last_cycle.map_or(MonoTime::default(), |last| last.plus(self.pace.early)));
        let look = (!self.feeds.is_looking()).then_some(self.next_look);
        let scanning = self.feeds.scanning().is_some();
        let scan = if scanning { Some(self.next_progress) } else { self.rescans.due_at() };
        [Some(self.next_tick), early, look, scan].into_iter().flatten().min().unwrap_or(self.next_tick)
    }

    fn begin_what_is_due(&mut self) {
        let now = self.clock.now().mono;
        if let Some(why) = self.rescans.due(now) {
            let makes_way = self.feeds.is_routine_scan() && why.urgency() == Urgency::Urgent;
            if self.feeds.scanning().is_none() || makes_way {
                debug!(why = why.as_str(), "scan begins");
                self.rescans.began(why, now);
                self.next_progress = now.plus(PROGRESS_EVERY);
                self.feeds.begin_scan(why, self.config.ledger());
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

    fn take_in_guarded(&mut self, event: Event) {
        if std::panic::catch_unwind(AssertUnwindSafe(|| self.take_in(event))).is_err() {
            error!("the cycle panicked while it took in what came; it counts again");
            self.rescans.want(WhyScan::Replaced);
            self.trouble.replaced = Some(panicked());
        }
    }

    fn take_in(&mut self, event: Event) {
        match event {
            Event::Joined(moment) => self.joined(&moment),
            Event::Scanned(why, count, Ok(report)) => self.scanned(why, *count, report),
            Event::Scanned(why, _, Err(error)) => self.scan_failed(why, error),
            Event::Tailed(Ok(tailed)) => self.tailed(&tailed),
            Event::Tailed(Err(error)) => self.tail_failed(error),
            Event::Looked(Ok(moment)) => self.looked(moment),
            Event::Looked(Err(error)) => self.look_failed(error),
        }
        if let Some(verdict) = self.live.with(LiveLedger::verdict) {
            self.judged(verdict);
        }
    }

    fn joined(&mut self, moment: &Moment) {
        self.set_clock(moment.at);
        let before = self.live.with(|live| live.position().clone());
        let after = self.live.with(|live| {
            live.join(moment);
            live.position().clone()
        });
        if before != after {
            self.feeds.restart_tail();
        }
    }

    fn scanned(&mut self, why: WhyScan, count: ScanCount, report: ScanReport) {
        debug!(
            why = why.as_str(),
            rows = report.rows,
            commands = report.commands,
            busy = report.busy.as_secs_f64(),
            longest = report.longest.as_secs_f64(),
            "scan complete"
        );
        let now = self.clock.now().mono;
        self.meters.scanned(why, true);
        self.scanned_at = count.joined().at;
        // What was deleted while it ran shows in a look, and not in what it found.
        self.next_look = now;
        self.live.with(|live| live.complete(count));
        self.rescans.completed(now);
        self.difference = report.difference();
        self.scan_findings = report.findings;
        self.look_findings.clear();
        self.trouble.scan = None;
        self.trouble.replaced = None;
        self.trouble.look = None;
        self.is_due = true;
    }

    fn scan_failed(&mut self, why: WhyScan, error: StoreError) {
        self.meters.scanned(why, false);
        self.live.with(LiveLedger::abandon);
        self.rescans.failed(self.clock.now().mono);
        if why.urgency() == Urgency::Urgent {
            self.trouble.scan = Some(error);
        } else {
            warn!(kind = error.kind().as_str(), error = %error, why = why.as_str(), "scan failed");
        }
        self.is_due = true;
    }

    fn tailed(&mut self, Tailed { report, is_after_look }: &Tailed) {
        let away = self.heard.mono;
        self.heard = self.clock.now();
        let was_away = self.heard.mono.since(away) > SILENCE;
        let was_behind = self.behind.is_some();
        self.is_tailing = true;
        self.blind = None;
        self.is_due |= report.entries > 0;
        self.behind = report.last_arrived.filter(|_| !report.caught_up);
        let now = self.store_time(self.clock.now());
        self.meters.tailed(report.entries, self.behind.map(|arrived| now.since(arrived)));
        if self.trouble.tail.is_some() && self.live.with(|live| live.is_counted()) {
            // Before the numbers are trusted again it has to be known that they are those of this store.
            self.look_soon();
        } else {
            self.trouble.tail = None;
        }
        if was_away || (was_behind && report.caught_up) {
            // Where entries come faster than they are read, or nobody read, some may be gone.
            self.look_soon();
        }
        if report.caught_up && *is_after_look {
            self.live.with(LiveLedger::caught_up);
        }
    }

    /// The store is looked at before its time, but not more often than once a second.
    fn look_soon(&mut self) {
        if !self.feeds.is_looking() {
            self.next_look =
                self.next_look.min(self.last_look.plus(CHECKED_AGAIN).max(self.clock.now().mono));
        }
    }

    fn tail_failed(&mut self, error: StoreError) {
        if matches!(error.kind(), StoreErrorKind::Refused | StoreErrorKind::Permission) {
            // It will not pass by itself, and a scan may work all the same.
            self.blind.get_or_insert(error);
            return;
        }
        if !self.is_tailing {
            self.place_tail();
        }
        if error.kind() == StoreErrorKind::IndexMissing {
            self.rescans.want(WhyScan::Replaced);
            if !self.live.with(|live| live.is_counted()) {
                // The first scan makes it.
                return;
            }
        }
        self.is_due |= self.trouble.tail.is_none();
        self.trouble.tail = Some(error);
    }

    fn looked(&mut self, Look { moment, findings, .. }: Look) {
        self.meters.checked();
        self.is_due |= self.tick_waits;
        // The other kinds are of a scan alone.
        let is_of_scan =
            |kind| matches!(kind, FindingKind::Difference | FindingKind::ClockSkew | FindingKind::Server);
        self.scan_findings.retain(|finding| is_of_scan(finding.kind));
        self.is_due |= findings != self.look_findings;
        self.look_findings = findings;
        self.set_clock(moment.at);
        self.is_due |= self.trouble.first().is_some();
        self.trouble.look = None;
        self.trouble.tail = None;
        if let Some(replaced) = self.live.with(|live| live.ask(moment)) {
            self.replaced(replaced);
        }
    }

    fn look_failed(&mut self, error: StoreError) {
        if matches!(error.kind(), StoreErrorKind::IndexMissing | StoreErrorKind::IndexBuilding) {
            self.rescans.want(WhyScan::Replaced);
        }
        self.next_look = self.clock.now().mono.plus(CHECKED_AGAIN);
        self.is_due |= self.trouble.look.is_none() || self.tick_waits;
        self.trouble.look = Some(error);
    }

    fn judged(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Difference(difference) => {
                self.scan_findings.retain(|finding| finding.kind != FindingKind::Difference);
                self.is_due |= difference != self.difference;
                self.difference = difference;
                self.rescans.checked(difference);
            }
            Verdict::Gap(missed) => {
                if self.rescans.is_wanted(WhyScan::Gap) {
                    // Told already; a scan is on its way.
                    return;
                }
                self.meters.gap(missed);
                warn!(missed, "entries were gone before they could be read, scanning again");
                self.difference = i64::try_from(missed).map_or(i64::MIN, |missed| -missed);
                self.rescans.want(WhyScan::Gap);
                self.is_due = true;
            }
            Verdict::Replaced(replaced) => self.replaced(replaced),
            _ => {}
        }
    }

    /// What was counted is no longer there.
    fn replaced(&mut self, replaced: Replaced) {
        let what = match replaced {
            Replaced::Server => "another server answers, or redis has been restarted",
            Replaced::Index => "the index was made anew",
            Replaced::Feed => "a stream was emptied",
            Replaced::Clock => "the store's clock was set back",
            _ => "the store is another one",
        };
        info!(reason = what, "counting again");
        self.rescans.want(WhyScan::Replaced);
        let text = format!("{what}, and what is there now is still being counted");
        self.trouble.replaced = Some(StoreError::new(StoreErrorKind::NotReady, text));
        self.is_due = true;
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

    fn succeed(&mut self, began: Now, is_tick: bool) {
        let now = self.store_time(began);
        let at = match (&self.blind, self.behind) {
            (Some(_), _) => self.scanned_at,
            (None, Some(arrived)) => arrived.min(now),
            // A wait for news that is under way may hold some back, but not for long.
            (None, None) => self.store_time(self.heard).max(self.scanned_at),
        };
        let (generation, difference) = (self.board.next_generation(), self.difference);
        let (snapshot, counted) = self.live.with(|live| {
            live.advance(now);
            let snapshot = Snapshot::new(live.ledger(), generation, at, difference);
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
        self.publisher.publish(&self.board.succeed(snapshot, findings, now));
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
    }
}
