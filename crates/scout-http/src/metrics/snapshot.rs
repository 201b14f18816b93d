//! Gauges that follow the publication: written anew with each, so that nothing of an earlier one remains.

use scout_core::{FindingKind, Publication, Snapshot, SystemCount};

use super::exposition::{Exposition, Kind};

/// All gauges of a publication.
pub(crate) fn gauges(publication: &Publication) -> Exposition {
    let mut out = Exposition::default();
    freshness(&mut out, publication);
    if let Some(snapshot) = &publication.snapshot {
        counts(&mut out, snapshot);
        reliability(&mut out, snapshot);
    }
    out
}

fn freshness(out: &mut Exposition, publication: &Publication) {
    let stale = u8::from(publication.stale_since.is_some());
    out.single(
        "homerun2_scout_stale",
        Kind::Gauge,
        "Whether the last aggregation cycle failed, so that the numbers are those of an earlier one",
        stale,
    );
    out.single(
        "homerun2_scout_consecutive_failures",
        Kind::Gauge,
        "Aggregation cycles that have failed since the last success",
        publication.consecutive_failures,
    );
    let Some(success) = publication.last_success else { return };
    #[expect(clippy::cast_precision_loss, reason = "exact for some hundred thousand years")]
    let seconds = success.wall.unix_ms() as f64 / 1000.0;
    out.single(
        "homerun2_scout_last_success_timestamp_seconds",
        Kind::Gauge,
        "When an aggregation cycle last succeeded, in seconds since the epoch",
        seconds,
    );
    let mut findings = out.family(
        "homerun2_scout_findings",
        Kind::Gauge,
        "What the last successful cycle noticed: documents or the like that each kind of finding concerns",
    );
    let mut kinds = FindingKind::ALL.map(FindingKind::as_str);
    kinds.sort_unstable();
    for kind in kinds {
        let of_kind = publication.findings.iter().filter(|finding| finding.kind.as_str() == kind);
        findings.sample(&[("kind", kind)], of_kind.map(|finding| finding.count).sum::<u64>());
    }
}

/// The Go service's gauges, under its names and texts.
fn counts(out: &mut Exposition, snapshot: &Snapshot) {
    out.single(
        "homerun2_scout_messages_total",
        Kind::Gauge,
        "Total messages indexed in RediSearch",
        snapshot.total,
    );
    out.single(
        "homerun2_scout_systems_total",
        Kind::Gauge,
        "Total distinct systems in RediSearch index",
        snapshot.systems_total,
    );
    let severities = snapshot.severities.iter().map(|(severity, count)| (&**severity, *count));
    labelled(out, "homerun2_scout_severity_count", "Message count per severity", "severity", severities);
    let alerts = snapshot.alerts.iter().map(|(severity, count)| (*severity, *count));
    let help = "Alert message count per severity (error/critical)";
    labelled(out, "homerun2_scout_alert_count", help, "severity", alerts);
    let systems = sorted(&snapshot.systems);
    labelled(out, "homerun2_scout_system_message_count", "Message count per system", "system", systems);
    let name = "homerun2_scout_top_alerting_system_count";
    labelled(out, name, "Alert count for top alerting systems", "system", sorted(&snapshot.alerting_systems));
}

/// A family with one label; not listed at all where there is no series.
fn labelled<'a>(
    out: &mut Exposition,
    name: &str,
    help: &str,
    label: &str,
    counts: impl IntoIterator<Item = (&'a str, u64)>,
) {
    let mut counts = counts.into_iter().peekable();
    if counts.peek().is_some() {
        let mut samples = out.family(name, Kind::Gauge, help);
        for (value, count) in counts {
            samples.sample(&[(label, value)], count);
        }
    }
}

fn sorted(systems: &[SystemCount]) -> Vec<(&str, u64)> {
    let mut systems: Vec<_> = systems.iter().map(|listed| (&*listed.system, listed.count)).collect();
    systems.sort_unstable();
    systems
}

/// How far the counts can be relied on.
fn reliability(out: &mut Exposition, snapshot: &Snapshot) {
    out.single(
        "homerun2_scout_difference",
        Kind::Gauge,
        "Rows counted less documents that the store says it has",
        snapshot.difference,
    );
    for (name, help, count) in [
        ("homerun2_scout_undated_messages", "Messages without a usable event time", snapshot.undated),
        (
            "homerun2_scout_ahead_messages",
            "Messages whose event lies more than a minute ahead",
            snapshot.ahead,
        ),
        (
            "homerun2_scout_older_messages",
            "Messages whose event lies before the retention time",
            snapshot.older,
        ),
        ("homerun2_scout_messages_without_system", "Messages without a system", snapshot.without_system),
        (
            "homerun2_scout_folded_system_messages",
            "Messages whose system is beyond what is kept apart",
            snapshot.folded_systems,
        ),
        (
            "homerun2_scout_folded_severity_messages",
            "Messages whose severity is beyond what is kept apart",
            snapshot.folded_severities,
        ),
    ] {
        out.single(name, Kind::Gauge, help, count);
    }
}
