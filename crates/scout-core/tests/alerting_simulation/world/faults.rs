//! What happens to a world from outside.

use super::{Event, World};
use crate::checks::ProcessId;
use crate::feed::Burst;
use crate::plan::{Moment, ReceiverMode, Step, StoreMode, What};

/// How long after it was told to a process has to end.
const GRACE: Moment = 5_000;

/// How long a request may be on its way, or an answer.
const ON_THE_WAY: Moment = 20_000;

impl World<'_> {
    pub(super) fn happen(&mut self, event: Event) {
        match event {
            Event::Happens(index) => {
                let what = self.happenings[index].what.clone();
                self.say(|| format!("* {what:?}"));
                self.happens(what);
            }
            Event::AtStore(replica, id, effect) => self.at_store(replica, id, *effect),
            Event::AtReceiver(replica, id, delivery) => self.at_receiver(replica, id, *delivery),
            Event::Starts(replica, variant) => self.start(replica, variant),
            Event::Calm => self.calm(),
            Event::Sing => self.sing(),
            Event::End => self.look_at_the_end(),
            _ => {}
        }
        for (replica, what) in std::mem::take(&mut self.struck) {
            self.strike(replica, &what);
        }
    }

    fn happens(&mut self, what: What) {
        match what {
            What::Messages { system, severity, count } => self.arrive(system, severity, count, false),
            What::Gap(count) => self.arrive(0, 2, count, true),
            What::Partial(lasts) => self.is_partial_until = self.at + lasts,
            What::Store(mode, lasts) => {
                self.store_mode = (mode, self.at + lasts);
                // What is under way then may come later still.
                let later = if matches!(mode, StoreMode::Slow(_)) { ON_THE_WAY } else { GRACE };
                self.checks.trouble_until(self.at + lasts + later);
            }
            What::Receiver(index, mode, lasts) => self.receivers[index] = (mode, self.at + lasts),
            What::Flush => {
                self.store.flush();
                self.checks.flushed(self.at);
            }
            What::Clock(by) => {
                self.shift += by;
                self.checks.stepped(self.at);
                let wall = self.wall();
                if by < 0 {
                    self.feed.scan(wall);
                }
                self.feed.look(wall);
            }
            What::Crash { replica, at, .. } | What::Pause { replica, at, .. } if at != Step::Now => {
                self.traps.push((replica, at, what));
            }
            What::Crash { replica, .. } | What::Pause { replica, .. } | What::Stop { replica, .. } => {
                self.strike(replica, &what);
            }
        }
    }

    pub(super) fn arrive(&mut self, system: usize, severity: usize, count: u64, is_lost: bool) {
        let wall = self.wall();
        self.feed.arrive(Burst { at: self.at, system, severity, count, is_lost }, wall);
        let processes = self.processes.iter().enumerate();
        let running: Vec<(usize, ProcessId)> =
            processes.filter_map(|(replica, process)| Some((replica, process.as_ref()?.id))).collect();
        for (replica, id) in running {
            self.queue(self.at + 100, Event::Cycle(replica, id, false));
        }
    }

    /// A replica has come to a step at which something may wait for it.
    pub(super) fn reached(&mut self, replica: usize, step: Step) {
        let trap = self.traps.iter().position(|(of, at, _)| *of == replica && *at == step);
        if let Some(index) = trap {
            let (replica, _, what) = self.traps.swap_remove(index);
            self.struck.push((replica, what));
        }
    }

    pub(super) fn strike(&mut self, replica: usize, what: &What) {
        let Some(mut process) = self.processes[replica].take() else { return };
        match *what {
            What::Crash { away, variant, at, .. } => {
                self.say(|| format!("* {replica} is killed at {at:?}"));
                self.checks.trouble_until(self.at + 1);
                self.checks.ended(process.id);
                self.queue(self.at + away, Event::Starts(replica, variant));
                return;
            }
            What::Pause { lasts, at, .. } => {
                self.say(|| format!("* {replica} is stopped at {at:?} for {lasts} ms"));
                self.checks.trouble_until(self.at + lasts + GRACE);
                if process.paused_until.is_none() {
                    process.paused_until = Some(self.at + lasts);
                    self.queue(self.at + lasts, Event::Resumes(replica, process.id));
                }
            }
            What::Stop { away, variant, .. } if process.stops_by.is_none() => {
                process.machine.begin_to_stop();
                process.stops_by = Some(self.at + GRACE);
                process.wake += 1;
                self.queue(self.at, Event::Wake(replica, process.id, process.wake));
                self.queue(self.at + GRACE, Event::Wake(replica, process.id, process.wake));
                self.queue(self.at + GRACE + away, Event::Starts(replica, variant));
            }
            _ => {}
        }
        self.processes[replica] = Some(process);
    }

    /// All faults are over, and all processes run with the last settings.
    fn calm(&mut self) {
        self.say(|| "* all is well from now on".to_owned());
        self.traps.clear();
        self.store_mode = (StoreMode::Well, 0);
        self.receivers = [(ReceiverMode::Well, 0); 3];
        self.is_partial_until = 0;
        self.checks.trouble_until(self.at + 1);
        let last = self.setting.variants.len() - 1;
        for replica in 0..self.processes.len() {
            if let Some(process) = self.processes[replica].take() {
                self.checks.ended(process.id);
            }
            let at = self.at + self.chance.below(2_000);
            self.queue(at, Event::Starts(replica, last));
        }
    }
}
