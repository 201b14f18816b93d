//! What the metrics tell of the work behind the numbers.

use crate::scout::Scout;

/// How often the store was compared with what is counted.
pub(crate) fn checks(scout: &Scout) -> u64 {
    sum(scout, "homerun2_scout_checks_total", "")
}

/// Scans that have ended, as told by a label such as `reason="gap"`; all of them by none.
pub(crate) fn scans(scout: &Scout, label: &str) -> u64 {
    sum(scout, "homerun2_scout_scans_total", label)
}

/// The sum of a metric's series that have this label among theirs.
fn sum(scout: &Scout, metric: &str, label: &str) -> u64 {
    let text = scout.get("/metrics").body;
    let series = text.lines().filter_map(|line| line.strip_prefix(metric)?.rsplit_once(' '));
    series.filter(|(labels, _)| labels.contains(label)).map(|(_, value)| value.parse::<u64>().unwrap()).sum()
}
