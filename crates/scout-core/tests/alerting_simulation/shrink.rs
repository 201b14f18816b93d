//! From a world that fails to the few things in it that make it fail.

use super::checks::{Failure, Invariant};
use super::machine::Defect;
use super::plan::{Happening, Setting};
use super::world::{Report, World};

/// What is run.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Trial {
    pub(crate) defect: Option<Defect>,
    pub(crate) only: Option<Invariant>,
}

impl Trial {
    pub(crate) fn run(self, seed: u64) -> Result<Report, Failure> {
        let (setting, happenings) = Setting::of(seed);
        self.of(&setting, &happenings)
    }

    fn of(self, setting: &Setting, happenings: &[Happening]) -> Result<Report, Failure> {
        World::new(setting, happenings, self.defect, self.only).run().0
    }

    /// Drops what happens, in ever smaller parts, as long as the same invariant fails without it.
    pub(crate) fn shrunk(self, seed: u64) -> (Setting, Vec<Happening>) {
        let (mut setting, mut happenings) = Setting::of(seed);
        let Err(Failure { invariant, .. }) = self.of(&setting, &happenings) else {
            return (setting, happenings);
        };
        let fails = |setting: &Setting, happenings: &[Happening]| {
            self.of(setting, happenings).is_err_and(|failure| failure.invariant == invariant)
        };
        for replicas in 1..setting.replicas {
            let fewer = Setting { replicas, ..setting.clone() };
            let left: Vec<_> =
                happenings.iter().filter(|happening| happening.concerns(replicas)).cloned().collect();
            if fails(&fewer, &left) {
                (setting, happenings) = (fewer, left);
                break;
            }
        }
        let mut part = happenings.len().div_ceil(2);
        while part > 0 {
            let mut from = 0;
            while from < happenings.len() {
                let mut left = happenings.clone();
                left.drain(from..(from + part).min(left.len()));
                if fails(&setting, &left) {
                    happenings = left;
                } else {
                    from += part;
                }
            }
            part = if part == 1 { 0 } else { part.div_ceil(2) };
        }
        (setting, happenings)
    }

    /// The history of the smallest world that fails as this seed's does.
    pub(crate) fn history(self, seed: u64) -> String {
        use std::fmt::Write as _;
        let (setting, happenings) = self.shrunk(seed);
        let (outcome, trace) = World::new(&setting, &happenings, self.defect, self.only).traced().run();
        let mut text = format!("seed {seed}, {} replicas, settings:\n", setting.replicas);
        for variant in &setting.variants {
            for rule in &variant.rules {
                let _ = writeln!(text, "  {rule:?}");
            }
            let _ = writeln!(text, "  {:?}", variant.receivers);
        }
        let _ = writeln!(text, "what happens:");
        for happening in &happenings {
            let _ = writeln!(text, "  {happening}");
        }
        let _ = writeln!(text, "what came of it:");
        let from = trace.len().saturating_sub(4000);
        for line in &trace[from..] {
            let _ = writeln!(text, "  {line}");
        }
        let _ = writeln!(text, "{outcome:?}");
        text
    }
}
