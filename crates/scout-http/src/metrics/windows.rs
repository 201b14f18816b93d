//! Gauges over the usual windows. Summed up when they are first asked for after a publication: there may be several of
//! those a second, and a scrape a minute.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use scout_core::{Publication, Severity};

use super::exposition::{Exposition, Kind};

/// The windows, by the names that the label carries.
const WINDOWS: [(&str, Duration); 3] =
    [("1h", Duration::from_secs(3600)), ("1m", Duration::from_secs(60)), ("5m", Duration::from_secs(300))];

/// Messages by severity in each window that ends at the snapshot's time. Alerting severities always have a series, so that
/// whoever compares does not miss the first message.
pub(crate) fn windows(publication: &Publication) -> Exposition {
    let mut out = Exposition::default();
    let Some(snapshot) = &publication.snapshot else { return out };
    let mut series: BTreeMap<(Arc<str>, &str), u64> = BTreeMap::new();
    for (name, span) in WINDOWS.into_iter().filter(|(_, span)| *span <= snapshot.ledger.retention()) {
        let (counts, _) = snapshot.ledger.window_by_severity(span, snapshot.taken_at);
        let alerts = Severity::ALERTS.into_iter().map(|severity| (severity.into(), 0));
        for (severity, count) in alerts.chain(counts) {
            series.insert((severity, name), count);
        }
    }
    if !series.is_empty() {
        let mut samples = out.family(
            "homerun2_scout_window_messages",
            Kind::Gauge,
            "Messages whose event lies within the window before the snapshot, by severity",
        );
        for ((severity, window), count) in &series {
            samples.sample(&[("severity", severity), ("window", window)], *count);
        }
    }
    out
}
