//! The views of a snapshot, as the API shows them: field names and their order are a contract.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use crate::query::Range;
use crate::series::Point;
use crate::sums::Sums;
use crate::{By, Counting, FindingKind, Found, Publication, Series, Snapshot, SystemCount, WallTime};

/// How far the numbers can be relied on. Stands after the contract's fields, and only where it says something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Marks {
    /// True if the last cycle failed, so that these are the numbers of an earlier one.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub stale: bool,
    /// Since when cycles have failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stale_since: Option<WallTime>,
    /// Rows counted less documents that the store says it has.
    #[serde(skip_serializing_if = "is_zero")]
    pub difference: i64,
    /// The finding for which messages may be missing from all numbers: the store that was asked does not hold all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incomplete: Option<FindingKind>,
    /// How far the scan is that right numbers wait for. Before the first has ended, only recent events are counted, and of
    /// these not those that the store did not find by their time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counting: Option<Counting>,
}

pub(crate) fn is_zero<T: Default + PartialEq>(number: &T) -> bool {
    *number == T::default()
}

/// When the numbers were taken, and over which range.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Taken<'a> {
    last_updated: WallTime,
    #[serde(flatten)]
    range: Option<&'a Range>,
}

/// What is to be known beside the numbers, which every view ends with.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Beside {
    #[serde(skip_serializing_if = "is_zero")]
    folded_messages: u64,
    #[serde(skip_serializing_if = "is_zero")]
    unattributed: u64,
    #[serde(flatten)]
    marks: Marks,
}

/// `/analytics/summary`
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SummaryView<'a> {
    total_messages: u64,
    severity_counts: &'a BTreeMap<Arc<str>, u64>,
    time_window: &'a str,
    #[serde(flatten)]
    taken: Taken<'a>,
    #[serde(flatten)]
    beside: Beside,
}

/// `/analytics/systems`
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SystemsView<'a> {
    systems: &'a [SystemCount],
    total: usize,
    #[serde(flatten)]
    taken: Taken<'a>,
    #[serde(skip_serializing_if = "is_zero")]
    without_system: u64,
    #[serde(flatten)]
    beside: Beside,
}

/// `/analytics/alerts`
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AlertsView<'a> {
    total_alerts: u64,
    severity_counts: &'a BTreeMap<&'static str, u64>,
    top_systems: &'a [SystemCount],
    #[serde(flatten)]
    taken: Taken<'a>,
    #[serde(flatten)]
    beside: Beside,
}

/// `/analytics/systems/{system}`
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SystemView<'a> {
    system: &'a str,
    total_messages: u64,
    severity_counts: &'a BTreeMap<Arc<str>, u64>,
    #[serde(flatten)]
    taken: Taken<'a>,
    #[serde(flatten)]
    beside: Beside,
}

/// `/analytics/timeseries`
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SeriesView<'a> {
    total_messages: u64,
    by: By,
    step: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    requested_step: Option<&'a str>,
    points: &'a [Point],
    #[serde(skip_serializing_if = "Option::is_none")]
    severity_counts: Option<&'a BTreeMap<Arc<str>, u64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    systems: Option<&'a [SystemCount]>,
    #[serde(flatten)]
    taken: Taken<'a>,
    #[serde(skip_serializing_if = "is_zero")]
    other: u64,
    #[serde(skip_serializing_if = "is_zero")]
    without_system: u64,
    #[serde(flatten)]
    beside: Beside,
}

/// The counts that views show, wherever they come from.
#[derive(Clone, Copy, Debug)]
struct Counts<'a> {
    total: u64,
    severities: &'a BTreeMap<Arc<str>, u64>,
    folded_severities: u64,
    systems_total: usize,
    systems: &'a [SystemCount],
    without_system: u64,
    folded_systems: u64,
    alerts: &'a BTreeMap<&'static str, u64>,
    alerting_systems: &'a [SystemCount],
    folded_alerts: u64,
}

impl<'a> From<&'a Snapshot> for Counts<'a> {
    fn from(of: &'a Snapshot) -> Self {
        Self {
            total: of.total,
            severities: &of.severities,
            folded_severities: of.folded_severities,
            systems_total: of.systems_total,
            systems: &of.systems,
            without_system: of.without_system,
            folded_systems: of.folded_systems,
            alerts: &of.alerts,
            alerting_systems: &of.alerting_systems,
            folded_alerts: of.folded_alerts,
        }
    }
}

impl<'a> From<&'a Sums> for Counts<'a> {
    fn from(of: &'a Sums) -> Self {
        Self {
            total: of.total,
            severities: &of.severities,
            folded_severities: of.folded_severities,
            systems_total: of.systems_total,
            systems: &of.systems,
            without_system: of.without_system,
            folded_systems: of.folded_systems,
            alerts: &of.alerts,
            alerting_systems: &of.alerting_systems,
            folded_alerts: of.folded_alerts,
        }
    }
}

/// What a publication shows: of its whole snapshot, or of what was asked of it.
#[derive(Clone, Copy, Debug)]
pub struct Views<'a> {
    counts: Counts<'a>,
    taken: Taken<'a>,
    unattributed: u64,
    marks: Marks,
}

impl<'a> Views<'a> {
    /// The views of the publication's snapshot; `None` before the first one.
    pub fn of(publication: &'a Publication) -> Option<Self> {
        Some(Self::new(publication, publication.snapshot.as_deref()?))
    }

    /// The views of what windows are summed up from, which is to be asked for a window before the first snapshot.
    pub fn of_source(publication: &'a Publication) -> Option<Self> {
        Some(Self::new(publication, publication.source()?))
    }

    fn new(publication: &'a Publication, snapshot: &'a Snapshot) -> Self {
        let marks = Marks {
            stale: publication.stale_since.is_some(),
            stale_since: publication.stale_since,
            difference: snapshot.difference,
            incomplete: publication
                .findings
                .iter()
                .map(|finding| finding.kind)
                .find(|kind| kind.leaves_messages_out()),
            counting: publication.counting,
        };
        let taken = Taken { last_updated: snapshot.taken_at, range: None };
        Self { counts: snapshot.into(), taken, unattributed: 0, marks }
    }

    fn beside(&self, folded_messages: u64) -> Beside {
        Beside { folded_messages, unattributed: self.unattributed, marks: self.marks }
    }

    /// The same views of what was found in the publication's snapshot.
    pub fn with(self, found: &'a Found) -> Self {
        Self {
            counts: (&found.sums).into(),
            taken: Taken { range: found.range.as_ref(), ..self.taken },
            unattributed: found.unattributed,
            ..self
        }
    }

    /// The same views without how far a scan is, which changes while the numbers stay.
    pub fn without_counting(self) -> Self {
        Self { marks: Marks { counting: None, ..self.marks }, ..self }
    }

    /// Messages by severity. `time_window` is the interval, repeated as it was configured.
    pub fn summary(&self, time_window: &'a str) -> SummaryView<'a> {
        SummaryView {
            total_messages: self.counts.total,
            severity_counts: self.counts.severities,
            time_window,
            taken: self.taken,
            beside: self.beside(self.counts.folded_severities),
        }
    }

    /// Messages by system.
    pub fn systems(&self) -> SystemsView<'a> {
        SystemsView {
            systems: self.counts.systems,
            total: self.counts.systems_total,
            taken: self.taken,
            without_system: self.counts.without_system,
            beside: self.beside(self.counts.folded_systems),
        }
    }

    /// Alerting messages by severity and system.
    pub fn alerts(&self) -> AlertsView<'a> {
        AlertsView {
            total_alerts: self.counts.alerts.values().sum(),
            severity_counts: self.counts.alerts,
            top_systems: self.counts.alerting_systems,
            taken: self.taken,
            beside: self.beside(self.counts.folded_alerts),
        }
    }

    /// Messages of one system by severity, where that system was asked for.
    pub fn system(&self, system: &'a str) -> SystemView<'a> {
        SystemView {
            system,
            total_messages: self.counts.total,
            severity_counts: self.counts.severities,
            taken: self.taken,
            beside: self.beside(self.counts.folded_severities),
        }
    }

    /// Messages over time.
    pub fn series(self, series: &'a Series) -> SeriesView<'a> {
        let views = self.with(&series.found);
        let counts = views.counts;
        let (by_severity, by_system) = (series.by == By::Severity, series.by == By::System);
        SeriesView {
            total_messages: counts.total,
            by: series.by,
            step: series.step.to_string(),
            requested_step: series.requested_step.as_deref(),
            points: &series.points,
            severity_counts: by_severity.then_some(counts.severities),
            systems: by_system.then_some(counts.systems),
            taken: views.taken,
            other: series.other,
            without_system: if by_system { counts.without_system } else { 0 },
            beside: views.beside(match series.by {
                By::None => 0,
                By::Severity => counts.folded_severities,
                By::System => counts.folded_systems,
            }),
        }
    }
}
