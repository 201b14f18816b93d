//! How far back a rule looks, and by which time.

use std::time::Duration;

use scout_core::alerting::{RuleKind, RuleWindow};
use scout_core::{ARRIVALS_REACH, TimeOf};

use crate::config::kind::Kind as _;
use crate::config::kind::number::{Window, brief};
use crate::config::layer::Layer;
use crate::config::table::Table;

/// How far back rules look unless it is said.
const WINDOW: RuleWindow = RuleWindow::Last(Duration::from_secs(300));

pub(super) fn read(table: &mut Table<'_>) -> (TimeOf, RuleWindow) {
    const TIMES: &[(&str, TimeOf)] = &[("arrival", TimeOf::Arrival), ("event", TimeOf::Event)];
    let time = table.choice("time", TIMES).unwrap_or(TimeOf::Arrival);
    let text = table.text("window");
    let window =
        text.and_then(|text| match (Window { max: scout_core::MAX_RETENTION }).read(text, Layer::File) {
            Ok(meaning) => Some(meaning.value),
            Err(reason) => {
                table.refuse("window", reason);
                None
            }
        });
    (time, window.unwrap_or(WINDOW))
}

/// Whether what the rule looks at is kept.
pub(super) fn check(
    table: &mut Table<'_>,
    kind: RuleKind,
    time: TimeOf,
    window: RuleWindow,
    retention: Duration,
) {
    let by_arrival = time == TimeOf::Arrival && window != RuleWindow::Retained;
    if !by_arrival && table.get("tags").is_some() {
        let reason = "are known of arrivals alone: they go with time = \"arrival\" and a window of up to 1h";
        table.refuse("tags", reason);
    }
    let RuleWindow::Last(span) = window else {
        if kind.needs_past() {
            let reason =
                format!("must be a duration: a rule of kind {} looks at what was before", kind.as_str());
            table.refuse("window", reason);
        }
        return;
    };
    let reach = match kind {
        RuleKind::Spike { windows } => span.saturating_mul(windows.saturating_add(1)),
        _ => span,
    };
    // A default has no place in the file.
    let is_default = table.get("window").is_none() && table.get("windows").is_some();
    let at = if is_default { "windows" } else { "window" };
    let far = if reach == span {
        String::new()
    } else {
        format!("reaches back {} with the windows before it, ", brief(reach))
    };
    if by_arrival && reach > ARRIVALS_REACH {
        let reach = brief(ARRIVALS_REACH);
        table.refuse(at, format!("{far}must not reach back further than {reach}; time = \"event\" can"));
    } else if !by_arrival && reach > retention {
        let retention = brief(retention);
        table.refuse(at, format!("{far}must not reach back further than messages are kept, {retention}"));
    } else if matches!(kind, RuleKind::Absence | RuleKind::NewSystem) && reach >= retention {
        let retention = brief(retention);
        table.refuse(at, format!("must be shorter than messages are kept, {retention}"));
    }
}
