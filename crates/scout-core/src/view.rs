//! The three views of a snapshot, as the API shows them: field names and their order are a contract.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use crate::{FindingKind, Publication, Snapshot, SystemCount, WallTime};

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
}

fn is_zero<T: Default + PartialEq>(number: &T) -> bool {
    *number == T::default()
}

/// `/analytics/summary`
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SummaryView<'a> {
    total_messages: u64,
    severity_counts: &'a BTreeMap<Arc<str>, u64>,
    time_window: &'a str,
    last_updated: WallTime,
    #[serde(skip_serializing_if = "is_zero")]
    folded_messages: u64,
    #[serde(flatten)]
    marks: Marks,
}

/// `/analytics/systems`
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SystemsView<'a> {
    systems: &'a [SystemCount],
    total: usize,
    last_updated: WallTime,
    #[serde(skip_serializing_if = "is_zero")]
    without_system: u64,
    #[serde(skip_serializing_if = "is_zero")]
    folded_messages: u64,
    #[serde(flatten)]
    marks: Marks,
}

/// `/analytics/alerts`
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AlertsView<'a> {
    total_alerts: u64,
    severity_counts: &'a BTreeMap<&'static str, u64>,
    top_systems: &'a [SystemCount],
    last_updated: WallTime,
    #[serde(skip_serializing_if = "is_zero")]
    folded_messages: u64,
    #[serde(flatten)]
    marks: Marks,
}

/// What a publication shows of its snapshot.
#[derive(Clone, Copy, Debug)]
pub struct Views<'a> {
    snapshot: &'a Snapshot,
    marks: Marks,
}

impl<'a> Views<'a> {
    /// The views of the publication's snapshot; `None` before the first one.
    pub fn of(publication: &'a Publication) -> Option<Self> {
        let snapshot = publication.snapshot.as_deref()?;
        let marks = Marks {
            stale: publication.stale_since.is_some(),
            stale_since: publication.stale_since,
            difference: snapshot.difference,
            incomplete: publication
                .findings
                .iter()
                .map(|finding| finding.kind)
                .find(|kind| kind.leaves_messages_out()),
        };
        Some(Self { snapshot, marks })
    }

    /// Messages by severity. `time_window` is the interval, repeated as it was configured.
    pub fn summary(&self, time_window: &'a str) -> SummaryView<'a> {
        SummaryView {
            total_messages: self.snapshot.total,
            severity_counts: &self.snapshot.severities,
            time_window,
            last_updated: self.snapshot.taken_at,
            folded_messages: self.snapshot.folded_severities,
            marks: self.marks,
        }
    }

    /// Messages by system.
    pub fn systems(&self) -> SystemsView<'a> {
        SystemsView {
            systems: &self.snapshot.systems,
            total: self.snapshot.systems_total,
            last_updated: self.snapshot.taken_at,
            without_system: self.snapshot.without_system,
            folded_messages: self.snapshot.folded_systems,
            marks: self.marks,
        }
    }

    /// Alerting messages by severity and system.
    pub fn alerts(&self) -> AlertsView<'a> {
        AlertsView {
            total_alerts: self.snapshot.total_alerts(),
            severity_counts: &self.snapshot.alerts,
            top_systems: &self.snapshot.alerting_systems,
            last_updated: self.snapshot.taken_at,
            folded_messages: self.snapshot.folded_alerts,
            marks: self.marks,
        }
    }
}
