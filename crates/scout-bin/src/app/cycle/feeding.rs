//! What each event of the feeds means for the count, and for how far it can be trusted.

use std::panic::AssertUnwindSafe;

use scout_core::{
    AHEAD, Counting, FindingKind, LiveLedger, Look, Moment, MonoTime, RecentReport, Replaced, ScanCount,
    ScanReport, StoreError, StoreErrorKind, Urgency, Verdict, WhyScan,
};
use tracing::{debug, error, info, warn};

use super::{CHECKED_AGAIN, Cycles, HEARD_FOR, SILENCE};
use crate::app::feeds::{Event, Tailed, panicked};

impl Cycles {
    /// Takes in what has come. A panic is a bug, but no reason to stop serving the numbers from before it.
    pub(super) fn take_in_guarded(&mut self, event: Event) {
        if std::panic::catch_unwind(AssertUnwindSafe(|| self.take_in(event))).is_err() {
            error!("the cycle panicked while it took in what came; it counts again");
            self.rescans.want(WhyScan::Replaced);
            self.trouble.replaced = Some(panicked());
        }
    }

    fn take_in(&mut self, event: Event) {
        match event {
            Event::Joined(moment) => self.joined(&moment),
            Event::ScannedRecent(count, scanned) => self.scanned_recent(*count, scanned),
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
        if !self.live.with(|live| live.is_counted()) {
            // Whatever has kept it from being scanned is over.
            self.trouble.scan = None;
            self.board.forget_failures();
        }
        let before = self.live.with(|live| live.position().clone());
        let after = self.live.with(|live| {
            live.join(moment);
            live.position().clone()
        });
        if before != after {
            self.feeds.restart_tail();
        }
    }

    /// What is there of recent events can be asked for while the whole is scanned.
    fn scanned_recent(&mut self, count: ScanCount, scanned: Result<Option<RecentReport>, StoreError>) {
        match scanned {
            Ok(Some(RecentReport { from, findings, .. })) => {
                let joined = count.joined();
                let messages = count.ledger().total().total();
                info!(messages, from = %from, "recent events counted, counting the rest");
                self.scanned_at = joined.at;
                self.board.count_on(Some(Counting { done: 0, of: joined.documents }));
                self.scan_findings = findings;
                self.live.with(|live| live.complete_recent(count, from));
                self.is_due = true;
            }
            Ok(None) => {}
            Err(error) if error.kind() == StoreErrorKind::Unreachable => {
                return self.scan_failed(WhyScan::Start, error);
            }
            // Whatever it is, the scan of the whole decides.
            Err(error) => debug!(kind = error.kind().as_str(), error = %error, "no recent events counted"),
        }
        self.feeds.begin_scan(WhyScan::Start, self.config.ledger());
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
        self.board.count_on(None);
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
        self.live.with(|live| {
            live.abandon();
            live.forget_recent();
        });
        self.board.count_on(None);
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
        self.behind = report.read_to.filter(|_| !report.caught_up);
        self.last_arrival = report.read_to.or(self.last_arrival);
        let now = self.store_time(self.clock.now());
        self.meters.tailed(report.entries, self.behind.map(|arrived| now.since(arrived)));
        self.let_windows_move();
        if self.trouble.tail.is_some() && self.live.with(|live| live.is_counted()) {
            // Before the numbers are trusted again it has to be known that they are those of this store.
            self.look_soon();
        } else {
            self.is_due |= self.trouble.tail.take().is_some();
        }
        if was_away || (was_behind && report.caught_up) {
            // Where entries come faster than they are read, or nobody read, some may be gone.
            self.look_soon();
        }
        if self.trouble.first().is_none() && self.live.with(|live| live.is_contradicted_by(&report.feeds)) {
            // Emptied, or begun anew, or entries are gone: not worth to wait for the next check.
            self.look_soon();
        }
        if report.caught_up && *is_after_look {
            self.live.with(LiveLedger::caught_up);
        }
        if self.live.with(|live| live.wants_a_look()) {
            self.look_soon();
        }
    }

    /// Windows go on with the present while all that has come is taken in.
    fn let_windows_move(&self) {
        let until = if self.is_behind() { MonoTime::default() } else { self.heard.mono.plus(HEARD_FOR) };
        self.publisher.let_windows_move(until);
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
            self.let_windows_move();
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
        let set_ahead_by = moment.at.since(self.store_time(self.clock.now()));
        self.set_clock(moment.at);
        self.is_due |= self.trouble.first().is_some();
        self.trouble.look = None;
        self.trouble.tail = None;
        if let Some(replaced) = self.live.with(|live| live.ask(moment)) {
            self.replaced(replaced);
        } else if set_ahead_by > AHEAD && self.live.with(|live| live.ledger().ahead()) > 0 {
            // What lay ahead may be past now, and only a scan tells what of it.
            self.replaced(Replaced::Clock);
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
                if difference != self.difference {
                    self.is_due = true;
                    // Perhaps a message was written and not yet announced.
                    self.look_soon();
                }
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
            Replaced::Clock => "the store's clock was set",
            _ => "the store is another one",
        };
        info!(reason = what, "counting again");
        self.rescans.want(WhyScan::Replaced);
        let text = format!("{what}, and what is there now is still being counted");
        self.trouble.replaced = Some(StoreError::new(StoreErrorKind::NotReady, text));
        self.is_due = true;
    }
}
