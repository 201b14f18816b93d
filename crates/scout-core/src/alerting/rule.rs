//! What a rule says.

use std::sync::Arc;
use std::time::Duration;

use super::{Glob, Labels};
use crate::{Severity, TimeOf};

/// Systems whose messages never feed a rule: Scout writes them itself.
pub const OWN_SYSTEMS: [&str; 2] = ["homerun2-scout", "scout-digest"];

/// The most instances that a rule may be allowed.
pub const MAX_INSTANCES: usize = 1000;

/// The most rules.
pub const MAX_RULES: usize = 200;

/// The most bytes of a rule's name, labels and annotations together: each of its alerts is stored with them.
pub const MAX_RULE_TEXT: usize = 8 << 10;

/// How far back a rule looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RuleWindow {
    /// So long before the present.
    Last(Duration),
    /// Everything that is retained, dated or not.
    Retained,
}

/// What a rule measures, and what it makes of it.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum RuleKind {
    /// How many messages there are.
    Count,
    /// Which part of all messages of the same systems these are, from 0 to 1.
    Ratio,
    /// How many times as many there are as in the mean of that many windows before.
    Spike {
        /// Earlier windows.
        windows: u32,
    },
    /// A system that has messages and none in the window.
    Absence,
    /// A system all of whose messages are in the window.
    NewSystem,
}

impl RuleKind {
    /// The name that configuration and views carry.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Ratio => "ratio",
            Self::Spike { .. } => "spike",
            Self::Absence => "absence",
            Self::NewSystem => "new_system",
        }
    }

    /// Whether it compares the present with a past, which must be there first.
    pub const fn needs_past(self) -> bool {
        matches!(self, Self::Spike { .. } | Self::Absence | Self::NewSystem)
    }
}

/// What it means that there is too little to measure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnMissing {
    /// Nothing: what was stays.
    Keep,
    /// All is well.
    #[default]
    Ok,
    /// That is what the rule is to tell of.
    Alert,
}

impl OnMissing {
    /// The name that configuration and views carry.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Ok => "ok",
            Self::Alert => "alert",
        }
    }
}

/// By what messages are told apart, each group with an alert of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GroupBy {
    /// By their system.
    pub system: bool,
    /// By their severity.
    pub severity: bool,
}

/// Which messages a rule is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector {
    /// Folded severities; all where there are none.
    pub severities: Vec<Severity<'static>>,
    /// Patterns of systems; all where there are none.
    pub systems: Vec<Glob>,
    /// Patterns of systems that are left out of those.
    pub without_systems: Vec<Glob>,
    /// Patterns of which a tag of the message must match one; all messages where there are none.
    pub tags: Vec<Glob>,
}

impl Selector {
    /// Whether messages of this system are meant, as far as the system goes; `None` stands for none.
    pub fn wants_system(&self, system: Option<&str>) -> bool {
        let Some(system) = system else { return self.systems.is_empty() };
        !OWN_SYSTEMS.contains(&system)
            && (self.systems.is_empty() || self.systems.iter().any(|glob| glob.matches(system)))
            && !self.without_systems.iter().any(|glob| glob.matches(system))
    }

    /// Whether messages of this folded severity are meant, as far as the severity goes.
    pub fn wants_severity(&self, severity: &str) -> bool {
        self.severities.is_empty() || self.severities.iter().any(|wanted| wanted.as_str() == severity)
    }

    /// Whether a message with these tags, separated by commas, is meant.
    pub fn wants_tags(&self, tags: Option<&str>) -> bool {
        self.tags.is_empty()
            || tags.unwrap_or_default().split(',').any(|tag| {
                let tag = tag.trim();
                self.tags.iter().any(|glob| glob.matches(tag))
            })
    }
}

/// What of a rule its alerts are stored with, so that their end can be told when the rule is gone.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct RuleText {
    /// The rule's name.
    pub name: Arc<str>,
    /// The severity of its alerts, in its spelling.
    pub severity: Arc<str>,
    /// At which value it fires.
    pub threshold: f64,
    /// Templates.
    pub annotations: Labels,
    /// Who is told.
    pub receivers: Vec<Arc<str>>,
    /// How often they are told again while an alert fires.
    pub repeat_interval: Duration,
}

/// A rule: when there is to be an alert, and what is told of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// What its alerts carry along.
    pub text: Arc<RuleText>,
    /// What it measures.
    pub kind: RuleKind,
    /// Of which messages.
    pub select: Selector,
    /// By which of their times.
    pub time: TimeOf,
    /// How far back.
    pub window: RuleWindow,
    /// Below which value an alert is over; as high as the threshold at most.
    pub clear_below: f64,
    /// How long it must hold before it fires.
    pub hold_for: Duration,
    /// How long it must be over before that is believed.
    pub keep_firing_for: Duration,
    /// With how few messages there is too little to measure.
    pub minimum: u64,
    /// By what messages are told apart.
    pub group_by: GroupBy,
    /// What too little to measure means.
    pub missing: OnMissing,
    /// Labels of its alerts, beside `alertname` and those that messages are told apart by.
    pub labels: Labels,
    /// How many instances there may be at once.
    pub limit: usize,
}

impl Rule {
    /// The rule's name.
    pub fn name(&self) -> &str {
        &self.text.name
    }

    /// A rule that counts all messages of an hour's last five minutes, to be changed into the one that is wanted.
    pub fn count(name: &str, threshold: f64) -> Self {
        let text = RuleText {
            name: name.into(),
            severity: "warning".into(),
            threshold,
            annotations: Labels::new(),
            receivers: Vec::new(),
            repeat_interval: Duration::from_secs(4 * 3600),
        };
        Self {
            text: Arc::new(text),
            kind: RuleKind::Count,
            select: Selector::default(),
            time: TimeOf::Arrival,
            window: RuleWindow::Last(Duration::from_secs(300)),
            clear_below: threshold,
            hold_for: Duration::ZERO,
            keep_firing_for: Duration::ZERO,
            minimum: 0,
            group_by: GroupBy::default(),
            missing: OnMissing::default(),
            labels: Labels::new(),
            limit: 100,
        }
    }

    /// How far back it looks, its past included.
    pub fn reach(&self) -> RuleWindow {
        match (self.kind, self.window) {
            (RuleKind::Spike { windows }, RuleWindow::Last(span)) => {
                RuleWindow::Last(span.saturating_mul(windows.saturating_add(1)))
            }
            (_, window) => window,
        }
    }

    /// Whether it counts by time of arrival.
    pub(crate) fn looks_at_arrivals(&self) -> bool {
        self.time == TimeOf::Arrival && self.window != RuleWindow::Retained
    }

    /// The labels of the alert for one group of messages.
    pub(crate) fn alert_labels(&self, group: &Group) -> Labels {
        let mut labels = self.labels.clone();
        labels.insert("alertname".to_owned(), self.name().to_owned());
        if let Some(system) = &group.system {
            labels.insert("system".to_owned(), system.to_string());
        }
        if let Some(severity) = &group.severity {
            labels.insert("message_severity".to_owned(), severity.to_string());
        }
        labels
    }

    /// Whether the rule holds at this value, an alert that fires being slower to end than one that does not is to begin.
    pub(crate) fn holds(&self, value: f64, is_firing: bool) -> bool {
        match self.kind {
            RuleKind::Absence => value < 1.0,
            RuleKind::NewSystem => true,
            RuleKind::Count | RuleKind::Ratio | RuleKind::Spike { .. } => {
                value >= if is_firing { self.clear_below } else { self.text.threshold }
            }
        }
    }
}

/// The messages of one alert.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct Group {
    /// Their system, where messages are told apart by it.
    pub system: Option<Arc<str>>,
    /// Their folded severity, where messages are told apart by it.
    pub severity: Option<Arc<str>>,
}
