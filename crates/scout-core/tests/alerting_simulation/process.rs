//! A process that judges rules: its machine, its clocks, and what it is waiting for.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use scout_core::alerting::DeliveryKey;
use scout_core::{MonoTime, Now, WallTime};

use super::checks::ProcessId;
use super::machine::Machine;
use super::plan::Moment;
use super::world::Event;

pub(crate) struct Process {
    pub(crate) id: ProcessId,
    pub(crate) variant: usize,
    pub(crate) machine: Machine,
    /// What its own clock showed when the world began.
    pub(crate) started: Moment,
    /// How wrong it takes the store's clock.
    pub(crate) clock_error: i64,
    pub(crate) store_clock: Option<Now>,
    pub(crate) first_clock: Moment,
    /// By how much the store's clock had been set when it was last looked at.
    pub(crate) known_shift: i64,
    pub(crate) noticed: Option<Moment>,
    pub(crate) paused_until: Option<Moment>,
    pub(crate) backlog: Vec<Event>,
    pub(crate) wake: u64,
    /// It is to end by then.
    pub(crate) stops_by: Option<Moment>,
    pub(crate) jobs: usize,
    pub(crate) was_in_charge: bool,
    /// What it has been told is accepted since it took charge.
    pub(crate) told: BTreeSet<(Arc<str>, DeliveryKey)>,
    /// Of that, what may not be stored yet.
    pub(crate) unstored: Vec<(Arc<str>, DeliveryKey)>,
}

impl Process {
    pub(crate) fn mono(&self, at: Moment) -> MonoTime {
        MonoTime::from_start(Duration::from_millis(self.started + at))
    }

    /// The present, as it takes it; `None` while it has not seen the store's clock.
    pub(crate) fn now(&self, at: Moment) -> Option<Now> {
        let mono = self.mono(at);
        let clock = self.store_clock?;
        Some(Now { wall: clock.wall.plus(mono.since(clock.mono)), mono })
    }

    /// It looks at the store's clock.
    pub(crate) fn see_clock(&mut self, wall: WallTime, shift: i64, at: Moment) {
        if self.store_clock.is_none() {
            self.first_clock = at;
        } else if shift != self.known_shift {
            self.noticed = Some(at);
        }
        self.known_shift = shift;
        let wall = WallTime::from_unix_ms(wall.unix_ms() + self.clock_error);
        self.store_clock = Some(Now { wall, mono: self.mono(at) });
    }
}
