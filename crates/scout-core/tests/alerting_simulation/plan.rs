//! What a seed makes of a world: who is in it, and what happens to it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use scout_core::alerting::{
    AlertingConfig, GroupBy, OnMissing, ReceiverLimits, Rule, RuleKind, RuleText, RuleWindow, Selector,
    SourceRules,
};
use scout_core::{Severity, TimeOf, alerting::Glob};

use super::chance::Chance;

/// Milliseconds since the world began.
pub(crate) type Moment = u64;

/// Systems that write messages; the last is the canary's.
pub(crate) const SYSTEMS: [&str; 7] =
    ["flux", "github", "vault", "minio", "longhorn", "homerun2-scout", "canary"];
pub(crate) const CANARY: usize = 6;
pub(crate) const SEVERITIES: [&str; 4] = ["info", "warning", "error", "critical"];
pub(crate) const RECEIVERS: [&str; 3] = ["pitcher", "hook", "log"];

/// A configuration that a process may be started with.
#[derive(Clone, Debug)]
pub(crate) struct Variant {
    pub(crate) rules: Vec<Rule>,
    pub(crate) receivers: BTreeMap<Arc<str>, ReceiverLimits>,
}

/// What does not change in a world.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    pub(crate) seed: u64,
    pub(crate) replicas: usize,
    /// How long faults and messages go on.
    pub(crate) lasts: Moment,
    /// How often counts are judged at least.
    pub(crate) interval: Moment,
    /// The longest that an answer takes while all is well.
    pub(crate) latency: Moment,
    /// The first is what all begin with, the last what all end with.
    pub(crate) variants: Vec<Variant>,
}

/// How the store answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StoreMode {
    Well,
    /// Nothing reaches it.
    Away,
    /// What changes anything is refused; it can be read.
    ReadOnly,
    /// One in three answers is an error, before or after the effect.
    Flaky,
    /// Answers take up to so long.
    Slow(Moment),
}

/// How a receiver answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReceiverMode {
    Well,
    Refuses,
    Fails,
    Throttles(Moment),
    /// It accepts, and the answer is lost.
    LosesAnswers,
    /// It answers at random.
    Flaky,
    /// It answers after so long.
    Slow(Moment),
}

/// At which step of a replica's work it is struck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Now,
    LeaseTaken,
    Loaded,
    SaveSent,
    SaveDone,
    SaveAnswered,
    DeliverySent,
    DeliveryAccepted,
    DeliveryAnswered,
}

pub(crate) const STEPS: [Step; 9] = [
    Step::Now,
    Step::LeaseTaken,
    Step::Loaded,
    Step::SaveSent,
    Step::SaveDone,
    Step::SaveAnswered,
    Step::DeliverySent,
    Step::DeliveryAccepted,
    Step::DeliveryAnswered,
];

/// Something that happens to a world from outside.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum What {
    Messages {
        system: usize,
        severity: usize,
        count: u64,
    },
    Store(StoreMode, Moment),
    Receiver(usize, ReceiverMode, Moment),
    /// The state, the lease, all of it.
    Flush,
    /// The store's clock is set, by so many milliseconds.
    Clock(i64),
    /// At that step the process is killed, and comes back after a while, perhaps with other settings.
    Crash {
        replica: usize,
        at: Step,
        away: Moment,
        variant: usize,
    },
    /// At that step the process is stopped for a while.
    Pause {
        replica: usize,
        at: Step,
        lasts: Moment,
    },
    /// It is told to end, and comes back.
    Stop {
        replica: usize,
        away: Moment,
        variant: usize,
    },
    /// So many messages are gone before they could be read.
    Gap(u64),
    /// Counts are known to be too low, for so long.
    Partial(Moment),
}

/// Something that happens, and when.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Happening {
    pub(crate) at: Moment,
    pub(crate) what: What,
}

impl fmt::Display for Happening {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:>9} ms  {:?}", self.at, self.what)
    }
}

impl Setting {
    pub(crate) fn of(seed: u64) -> (Self, Vec<Happening>) {
        let mut chance = Chance::new(seed);
        let replicas = *chance.pick(&[1, 1, 2, 2, 3]);
        let lasts = if chance.percent(1) { 24 * 3_600_000 } else { chance.within(60_000, 1_200_000) };
        let rules = rules(&mut chance);
        let receivers: BTreeMap<Arc<str>, _> = RECEIVERS
            .iter()
            .map(|name| (Arc::from(*name), ReceiverLimits { max_per_minute: *chance.pick(&[10, 20, 60]) }))
            .collect();
        let first = Variant { rules, receivers };
        let mut variants = vec![first];
        if chance.percent(30) {
            for _ in 0..chance.within(1, 3) {
                let changed = changed(&mut chance, variants.last().expect("there is a first"));
                variants.push(changed);
            }
        }
        let setting = Self {
            seed,
            replicas: if lasts > 3_600_000 { 1 } else { replicas },
            lasts,
            interval: *chance.pick(&[1000, 2000, 5000]),
            latency: *chance.pick(&[3, 20, 300]),
            variants,
        };
        let happenings = happenings(&mut chance, &setting);
        (setting, happenings)
    }

    pub(crate) fn config(&self, variant: usize, owner: String, seed: u64) -> AlertingConfig {
        let Variant { rules, receivers } = &self.variants[variant];
        AlertingConfig {
            rules: rules.clone(),
            receivers: receivers.clone(),
            source: SourceRules {
                unreachable_for: Duration::from_secs(60),
                repeat_interval: Duration::from_secs(600),
                receivers: vec![RECEIVERS[2].into()],
            },
            receivers_revision: seed,
            owner,
            seed,
        }
    }
}

fn text(name: &str, threshold: f64, receivers: &[&str], repeat: u64) -> Arc<RuleText> {
    Arc::new(RuleText {
        name: name.into(),
        severity: "warning".into(),
        threshold,
        annotations: BTreeMap::from([("summary".to_owned(), format!("{name} is over its threshold"))]),
        receivers: receivers.iter().map(|name| Arc::from(*name)).collect(),
        repeat_interval: Duration::from_secs(repeat),
    })
}

fn rules(chance: &mut Chance) -> Vec<Rule> {
    let mut rules: Vec<Rule> = (0..chance.within(1, 5)).map(|number| rule(chance, number)).collect();
    let canary = Rule::count("canary", 3.0);
    rules.push(Rule {
        text: text("canary", 3.0, &[RECEIVERS[0], RECEIVERS[1]], 3600),
        window: RuleWindow::Last(Duration::from_secs(10)),
        select: Selector { systems: vec![Glob::new("canar?")], ..Selector::default() },
        ..canary
    });
    rules
}

fn rule(chance: &mut Chance, number: u64) -> Rule {
    let threshold = chance.within(1, 12) as f64;
    let seconds = |chance: &mut Chance, of: &[u64]| Duration::from_secs(*chance.pick(of));
    let mut receivers: Vec<&str> = RECEIVERS.into_iter().filter(|_| chance.percent(50)).collect();
    if receivers.is_empty() {
        receivers.push(RECEIVERS[0]);
    }
    let repeat = *chance.pick(&[60, 300, 14_400]);
    let window = seconds(chance, &[5, 10, 60, 300]);
    let mut rule = Rule {
        text: text(&format!("r{number}"), threshold, &receivers, repeat),
        window: RuleWindow::Last(window),
        clear_below: if chance.percent(40) { threshold / 2.0 } else { threshold },
        hold_for: seconds(chance, &[0, 0, 0, 5, 30, 660]),
        keep_firing_for: seconds(chance, &[0, 0, 10, 30]),
        group_by: GroupBy { system: chance.percent(50), severity: chance.percent(20) },
        limit: usize::try_from(chance.within(1, 6)).expect("few"),
        missing: *chance.pick(&[OnMissing::Keep, OnMissing::Ok, OnMissing::Alert]),
        ..Rule::count(&format!("r{number}"), threshold)
    };
    if chance.percent(50) {
        rule.select.severities = vec![Severity::fold(Some("error")), Severity::fold(Some("critical"))];
    }
    if chance.percent(30) {
        rule.select.without_systems = vec![Glob::new("canary"), Glob::new("min*")];
    }
    match chance.below(10) {
        0 => {
            rule.kind = RuleKind::Ratio;
            rule.group_by.severity = false;
            rule.minimum = chance.below(4);
            retell(&mut rule, 0.5);
        }
        1 => {
            rule.kind = RuleKind::Spike { windows: 2 };
            rule.minimum = 2;
            retell(&mut rule, 2.0);
        }
        2 | 3 => {
            rule.kind = if chance.percent(50) { RuleKind::Absence } else { RuleKind::NewSystem };
            rule.group_by = GroupBy { system: true, severity: false };
            retell(&mut rule, 1.0);
        }
        4 => rule.time = TimeOf::Event,
        5 => rule.window = RuleWindow::Retained,
        _ => {}
    }
    rule
}

fn retell(rule: &mut Rule, threshold: f64) {
    rule.text = Arc::new(RuleText { threshold, ..(*rule.text).clone() });
    rule.clear_below = threshold;
}

/// Another configuration: of a rule that is gone, or has other labels or receivers; or of a receiver that is gone.
fn changed(chance: &mut Chance, before: &Variant) -> Variant {
    let mut after = before.clone();
    let last = after.rules.len() - 1;
    match chance.below(5) {
        0 if last > 0 => {
            after.rules.remove(chance.index(last));
        }
        1 if last > 0 => {
            let rule = &mut after.rules[chance.index(last)];
            rule.labels.insert("team".to_owned(), format!("t{}", chance.below(3)));
        }
        2 if last > 0 => {
            let rule = &mut after.rules[chance.index(last)];
            let receivers =
                RECEIVERS.iter().filter(|_| chance.percent(50)).map(|name| Arc::from(*name)).collect();
            rule.text = Arc::new(RuleText { receivers, ..(*rule.text).clone() });
        }
        3 => {
            // The canary's last one stays.
            after.receivers.remove(*chance.pick(&RECEIVERS[1..]));
        }
        _ => {
            let name: Arc<str> = (*chance.pick(&RECEIVERS)).into();
            after.receivers.insert(name, ReceiverLimits { max_per_minute: 30 });
        }
    }
    after
}

fn happenings(chance: &mut Chance, setting: &Setting) -> Vec<Happening> {
    let mut happenings = Vec::new();
    let busy = setting.lasts.min(1_200_000);
    let bursts = chance.within(5, 60);
    let at = |chance: &mut Chance| {
        // A long world begins and ends as busily as a short one.
        let at = chance.below(busy);
        if setting.lasts > busy && chance.percent(50) { setting.lasts - 1 - at } else { at }
    };
    for _ in 0..bursts {
        let what = What::Messages {
            system: chance.index(SYSTEMS.len() - 1),
            severity: chance.index(SEVERITIES.len()),
            count: chance.within(1, 15),
        };
        happenings.push(Happening { at: at(chance), what });
    }
    if setting.lasts > busy {
        let receiver = chance.index(RECEIVERS.len());
        let mode = *chance.pick(&[ReceiverMode::Fails, ReceiverMode::Refuses]);
        happenings.push(Happening {
            at: chance.below(busy),
            what: What::Receiver(receiver, mode, setting.lasts - busy),
        });
    }
    for _ in 0..chance.below(12) {
        let what = trouble(chance, setting);
        happenings.push(Happening { at: at(chance), what });
    }
    happenings.sort_by_key(|happening| happening.at);
    happenings
}

fn trouble(chance: &mut Chance, setting: &Setting) -> What {
    let lasts = *chance.pick(&[500, 3000, 9000, 12_000, 30_000, 90_000, 300_000]);
    let lasts = chance.within(lasts / 2, lasts * 2);
    let replica = chance.index(setting.replicas);
    let variant = chance.index(setting.variants.len());
    let at = if chance.percent(25) { Step::Now } else { *chance.pick(&STEPS) };
    let away = *chance.pick(&[100, 2000, 15_000, 60_000]);
    match chance.below(20) {
        0..=4 => What::Crash { replica, at, away, variant },
        5..=7 => What::Pause { replica, at, lasts: lasts.min(100_000) },
        8 => What::Stop { replica, away, variant },
        9..=12 => {
            let slow = chance.within(500, 6000);
            let modes = [StoreMode::Away, StoreMode::ReadOnly, StoreMode::Flaky, StoreMode::Slow(slow)];
            What::Store(*chance.pick(&modes), lasts)
        }
        13..=15 => {
            let wait = *chance.pick(&[1000, 30_000, 120_000]);
            let slow = chance.within(1000, 15_000);
            let modes = [
                ReceiverMode::Refuses,
                ReceiverMode::Fails,
                ReceiverMode::Throttles(wait),
                ReceiverMode::LosesAnswers,
                ReceiverMode::Flaky,
                ReceiverMode::Slow(slow),
            ];
            What::Receiver(chance.index(RECEIVERS.len()), *chance.pick(&modes), lasts)
        }
        16 => What::Flush,
        17 => {
            let by = *chance.pick(&[6_000, 60_000, 3_600_000]);
            What::Clock(if chance.percent(50) { by } else { -by })
        }
        18 => What::Gap(chance.within(1, 10)),
        _ => What::Partial(lasts),
    }
}

impl Happening {
    /// Whether it can happen in a world of so many replicas.
    pub(crate) fn concerns(&self, replicas: usize) -> bool {
        match self.what {
            What::Crash { replica, .. } | What::Pause { replica, .. } | What::Stop { replica, .. } => {
                replica < replicas
            }
            _ => true,
        }
    }
}
