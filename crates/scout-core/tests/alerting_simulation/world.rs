//! A world: replicas, a store, receivers, and what happens to them, one step after the other.

mod answers;
mod faults;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use scout_core::alerting::{Delivery, DeliveryError, Effect, Leased, Loaded, Saved};
use scout_core::{StoreError, WallTime};

use super::chance::Chance;
use super::checks::{Call, Checks, Failure, Invariant, ProcessId, Scene, Sketch};
use super::feed::Feed;
use super::machine::{Counts, Defect, Machine};
use super::plan::{CANARY, Happening, Moment, RECEIVERS, ReceiverMode, Setting, Step, StoreMode, What};
use super::process::Process;
use super::store::Store;

/// When the store's clock says that the world begins.
const BEGIN: i64 = 1_775_030_400_000;

/// How long after the last fault the canary sings, and how long after that the world ends.
const CALM: Moment = 600_000;
const SONG: Moment = 300_000;

#[derive(Clone, Debug)]
pub(crate) enum Event {
    Happens(usize),
    Cycle(usize, ProcessId, bool),
    Wake(usize, ProcessId, u64),
    /// A job of a process begins.
    Begins(usize, ProcessId, Box<Effect>),
    AtStore(usize, ProcessId, Box<Effect>),
    AtReceiver(usize, ProcessId, Box<Delivery>),
    Answer(usize, ProcessId, Box<Answer>),
    Resumes(usize, ProcessId),
    Starts(usize, usize),
    Calm,
    Sing,
    End,
}

#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Leased(Result<Leased, StoreKind>),
    Loaded(Result<Loaded, StoreKind>),
    Saved(Result<Saved, StoreKind>),
    Delivered(Delivery, Result<(), DeliveryError>),
    NotTried(Delivery),
    Released,
}

/// The store gave no answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StoreKind;

impl StoreKind {
    fn error() -> StoreError {
        StoreError::new(scout_core::StoreErrorKind::Unreachable, "nobody answers")
    }
}

struct Queued {
    at: Moment,
    number: u64,
    event: Event,
}

impl PartialEq for Queued {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.number) == (other.at, other.number)
    }
}

impl Eq for Queued {}

impl PartialOrd for Queued {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Queued {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

/// What came of a world in which all went well.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Report {
    pub(crate) steps: u64,
    pub(crate) firings: u64,
    pub(crate) deliveries: u64,
    pub(crate) duplicates: u64,
}

pub(crate) struct World<'a> {
    setting: &'a Setting,
    happenings: &'a [Happening],
    defect: Option<Defect>,
    checks: Checks,
    chance: Chance,
    at: Moment,
    queue: BinaryHeap<Reverse<Queued>>,
    number: u64,
    store: Store,
    store_mode: (StoreMode, Moment),
    /// By how much the store's clock has been set.
    shift: i64,
    feed: Feed,
    is_partial_until: Moment,
    receivers: [(ReceiverMode, Moment); 3],
    processes: Vec<Option<Process>>,
    last_id: ProcessId,
    /// With which settings each process was started.
    variants: BTreeMap<ProcessId, usize>,
    /// What strikes a replica at a step of its work.
    traps: Vec<(usize, Step, What)>,
    struck: Vec<(usize, What)>,
    trace: Option<Vec<String>>,
}

impl<'a> World<'a> {
    pub(crate) fn new(
        setting: &'a Setting,
        happenings: &'a [Happening],
        defect: Option<Defect>,
        only: Option<Invariant>,
    ) -> Self {
        let mut world = Self {
            setting,
            happenings,
            defect,
            checks: Checks::new(only),
            chance: Chance::new(setting.seed.rotate_left(17)),
            at: 0,
            queue: BinaryHeap::new(),
            number: 0,
            store: Store::default(),
            store_mode: (StoreMode::Well, 0),
            shift: 0,
            feed: Feed::new(WallTime::from_unix_ms(BEGIN)),
            is_partial_until: 0,
            receivers: [(ReceiverMode::Well, 0); 3],
            processes: (0..setting.replicas).map(|_| None).collect(),
            last_id: 0,
            variants: BTreeMap::new(),
            traps: Vec::new(),
            struck: Vec::new(),
            trace: None,
        };
        for replica in 0..setting.replicas {
            world.queue(0, Event::Starts(replica, 0));
        }
        for (index, happening) in happenings.iter().enumerate() {
            world.queue(happening.at, Event::Happens(index));
        }
        world.queue(setting.lasts, Event::Calm);
        world.queue(setting.lasts + CALM, Event::Sing);
        world.queue(setting.lasts + CALM + SONG, Event::End);
        world
    }

    /// Keeps what happens, so that it can be printed.
    pub(crate) fn traced(mut self) -> Self {
        self.trace = Some(Vec::new());
        self
    }

    /// Lets time pass until the end, or until something is wrong. Gives what has been traced as well.
    pub(crate) fn run(mut self) -> (Result<Report, Failure>, Vec<String>) {
        let mut steps = 0;
        while let Some(Reverse(Queued { at, event, .. })) = self.queue.pop() {
            steps += 1;
            self.at = at;
            let is_end = matches!(event, Event::End);
            self.step(event);
            if let Some(failure) = self.checks.failure() {
                return (Err(failure.clone()), self.trace.unwrap_or_default());
            }
            if is_end {
                break;
            }
        }
        let report = Report {
            steps,
            firings: self.checks.firings() as u64,
            deliveries: self.checks.deliveries,
            duplicates: self.checks.duplicates,
        };
        (Ok(report), self.trace.unwrap_or_default())
    }

    fn queue(&mut self, at: Moment, event: Event) {
        self.number += 1;
        self.queue.push(Reverse(Queued { at: at.max(self.at), number: self.number, event }));
    }

    fn say(&mut self, line: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            let line = line();
            trace.push(format!("{:>9} ms  {line}", self.at));
        }
    }

    fn wall(&self) -> WallTime {
        WallTime::from_unix_ms(BEGIN + i64::try_from(self.at).expect("a short world") + self.shift)
    }

    fn store_mode(&self) -> StoreMode {
        if self.at < self.store_mode.1 { self.store_mode.0 } else { StoreMode::Well }
    }

    fn step(&mut self, event: Event) {
        let of = match &event {
            Event::Cycle(replica, id, _)
            | Event::Wake(replica, id, _)
            | Event::Begins(replica, id, _)
            | Event::Answer(replica, id, _)
            | Event::Resumes(replica, id) => Some((*replica, *id)),
            _ => None,
        };
        let Some((replica, id)) = of else { return self.happen(event) };
        // What concerns a process that has ended concerns nobody.
        let Some(mut process) = self.processes[replica].take_if(|process| process.id == id) else { return };
        if matches!(event, Event::Resumes(..)) {
            process.paused_until = None;
            self.say(|| format!("{replica} goes on"));
            for event in std::mem::take(&mut process.backlog) {
                self.queue(self.at, event);
            }
        } else if process.paused_until.is_some() {
            process.backlog.push(event);
        } else {
            self.work(replica, &mut process, event);
        }
        let is_done = self.has_stopped(replica, &mut process);
        if !is_done {
            self.processes[replica] = Some(process);
        }
        for (replica, what) in std::mem::take(&mut self.struck) {
            self.strike(replica, &what);
        }
    }

    fn work(&mut self, replica: usize, process: &mut Process, event: Event) {
        match event {
            Event::Cycle(_, _, is_regular) => {
                if is_regular {
                    let next = self.at + self.setting.interval;
                    self.queue(next, Event::Cycle(replica, process.id, true));
                }
                self.cycle(replica, process);
            }
            Event::Wake(_, _, number) if number != process.wake => return,
            Event::Wake(..) => {}
            Event::Begins(_, _, effect) => return self.begin(replica, process, *effect),
            Event::Answer(_, _, answer) => self.answer(replica, process, *answer),
            _ => return,
        }
        self.poll(replica, process);
    }

    /// Counts are handed over, or it is said that there are none.
    fn cycle(&mut self, replica: usize, process: &mut Process) {
        if process.stops_by.is_some() {
            return;
        }
        let mode = self.store_mode();
        let fails = mode == StoreMode::Away || mode == StoreMode::Flaky && self.chance.percent(30);
        if fails {
            let Some(now) = process.now(self.at) else { return };
            let before = Self::before(process);
            let wall = self.wall();
            process.machine.could_not_observe(|| Feed::blank(wall), now);
            self.after(replica, process, Call::Error, &before);
            return;
        }
        let wall = self.wall();
        process.see_clock(wall, self.shift, self.at);
        let Some(now) = process.now(self.at) else { return };
        let is_partial = self.at < self.is_partial_until;
        let counts = Counts { snapshot: self.feed.snapshot(wall), is_partial };
        let before = Self::before(process);
        let is_in_charge = process.machine.is_in_charge(now);
        process.machine.observe(&counts, now);
        let after = self.after(replica, process, Call::Counts, &before);
        if is_in_charge {
            let is_alone = !self
                .processes
                .iter()
                .flatten()
                .any(|other| other.now(self.at).is_some_and(|now| other.machine.is_in_charge(now)));
            let scene = Scene {
                process: process.id,
                at: self.at,
                bursts: &self.feed.bursts,
                is_partial,
                rules: &self.setting.variants[process.variant].rules,
                noticed: process.noticed,
                began: process.first_clock,
                is_alone,
            };
            self.checks.judged(&scene, &before, &after, process.machine.book());
        }
    }

    fn before(process: &Process) -> Sketch {
        super::checks::sketch(process.machine.book())
    }

    fn after(&mut self, replica: usize, process: &mut Process, call: Call, before: &Sketch) -> Sketch {
        let after = super::checks::sketch(process.machine.book());
        self.checks.called(call, before, &after, self.at);
        let variant = &self.setting.variants[process.variant];
        self.checks.bounded(process.machine.book(), variant, self.setting.variants.len(), self.at);
        if self.trace.is_some() && *before != after {
            for (fingerprint, line) in &after {
                if before.get(fingerprint) != Some(line) {
                    self.say(|| format!("{replica}   {fingerprint} is {line:?}"));
                }
            }
            for fingerprint in before.keys().filter(|fingerprint| !after.contains_key(fingerprint)) {
                self.say(|| format!("{replica}   {fingerprint} is gone"));
            }
        }
        let Some(now) = process.now(self.at) else { return after };
        let is_in_charge = process.machine.is_in_charge(now);
        if process.was_in_charge && !is_in_charge {
            process.told.clear();
            process.unstored.clear();
        }
        if process.was_in_charge != is_in_charge {
            self.say(|| format!("{replica}   in charge: {is_in_charge}"));
        }
        process.was_in_charge = is_in_charge;
        if is_in_charge {
            self.checks.is_stored(process.id, process.machine.is_stored());
        }
        if is_in_charge && process.machine.is_stored() {
            for (receiver, key) in process.unstored.drain(..) {
                self.checks.is_known_for_good(&receiver, key, self.at);
            }
        }
        after
    }

    fn poll(&mut self, replica: usize, process: &mut Process) {
        let Some(now) = process.now(self.at) else { return };
        let before = Self::before(process);
        let effects = process.machine.poll(now);
        self.after(replica, process, Call::Other, &before);
        for effect in effects {
            process.jobs += 1;
            let at = self.at + self.chance.below(3);
            self.queue(at, Event::Begins(replica, process.id, Box::new(effect)));
        }
        process.wake += 1;
        let wait = process.machine.next_wake(now).as_millis();
        let wait = u64::try_from(wait).unwrap_or(u64::MAX).clamp(1, 3_600_000);
        self.queue(self.at + wait, Event::Wake(replica, process.id, process.wake));
    }

    /// Whether a process that was told to end has done so.
    fn has_stopped(&mut self, replica: usize, process: &mut Process) -> bool {
        let Some(by) = process.stops_by.filter(|_| process.paused_until.is_none()) else { return false };
        let Some(now) = process.now(self.at) else { return true };
        let is_written = process.machine.is_stored() || !process.machine.is_in_charge(now);
        let is_finished = process.jobs == 0 && is_written;
        if !is_finished && self.at < by {
            return false;
        }
        if !is_finished {
            self.checks.trouble_until(self.at);
        }
        self.say(|| format!("{replica} has stopped, finished: {is_finished}"));
        if let Some(effect) = process.machine.release() {
            self.travel(replica, process.id, effect);
        }
        self.checks.ended(process.id);
        true
    }

    fn start(&mut self, replica: usize, variant: usize) {
        if self.processes[replica].is_some() {
            return;
        }
        self.last_id += 1;
        let id = self.last_id;
        self.variants.insert(id, variant);
        let owner = format!("process-{id}");
        let config = self.setting.config(variant, owner, self.chance.draw());
        self.say(|| format!("{replica} starts as process {id} with settings {variant}"));
        let process = Process {
            id,
            variant,
            machine: Machine::new(config, self.defect),
            started: self.chance.below(1_000_000_000),
            clock_error: i64::try_from(self.chance.below(400)).expect("small") - 200,
            store_clock: None,
            first_clock: 0,
            known_shift: self.shift,
            noticed: None,
            paused_until: None,
            backlog: Vec::new(),
            wake: 0,
            stops_by: None,
            jobs: 0,
            was_in_charge: false,
            told: BTreeSet::new(),
            unstored: Vec::new(),
        };
        self.processes[replica] = Some(process);
        let at = self.at + self.chance.below(self.setting.interval);
        self.queue(at, Event::Cycle(replica, id, true));
    }

    fn look_at_the_end(&mut self) {
        let at = self.at;
        let last = self.setting.variants.len() - 1;
        let variant = &self.setting.variants[last];
        let in_charge = self
            .processes
            .iter()
            .flatten()
            .find(|process| process.now(at).is_some_and(|now| process.machine.is_in_charge(now)));
        let Some(process) = in_charge else {
            let unusable = self.processes.iter().flatten().filter_map(|process| process.machine.unusable());
            let why: Vec<_> = unusable.collect();
            return self
                .checks
                .must(false, Invariant::GoesOn, at, || format!("nobody is in charge: {why:?}"));
        };
        let now = process.now(at).expect("it is in charge");
        let judged = process.machine.judged_at();
        let is_judged = judged.is_some_and(|judged| now.wall.since(judged).as_secs() < 10);
        self.checks.must(is_judged, Invariant::GoesOn, at, || format!("last judged at {judged:?}"));
        let stuck = process.machine.book().records().find(|(_, record)| {
            record
                .outbox
                .values()
                .any(|entry| entry.parked().is_none() && now.wall.since(entry.since).as_secs() > 480)
        });
        self.checks
            .must(stuck.is_none(), Invariant::GoesOn, at, || format!("not told for minutes: {stuck:?}"));
        self.checks.ended_well(variant, at);
        let names = RECEIVERS[..2].iter().filter(|name| variant.receivers.contains_key(**name));
        for name in names {
            let sung = self.checks.canary(name);
            self.checks.must(sung.0 && sung.1, Invariant::GoesOn, at, || {
                format!("{name} was told of the canary's song and of its end: {sung:?}")
            });
        }
    }

    fn sing(&mut self) {
        self.arrive(CANARY, 3, 5, false);
    }
}

impl Report {
    pub(crate) fn add(&mut self, other: Self) {
        self.steps += other.steps;
        self.firings += other.firings;
        self.deliveries += other.deliveries;
        self.duplicates += other.duplicates;
    }
}
