//! The two rules that the environment of the Go service makes.

use std::sync::Arc;
use std::time::Duration;

use scout_core::Severity;
use scout_core::alerting::{Rule, RuleText, RuleWindow, Selector};

/// The rule that `ALERT_ERROR_THRESHOLD` makes.
pub(crate) const ERROR: &str = "ErrorThreshold";

/// The rule that `ALERT_CRITICAL_THRESHOLD` makes.
pub(crate) const CRITICAL: &str = "CriticalThreshold";

/// The shortest time between two tellings: none at all would be one with each judging.
const SHORTEST_COOLDOWN: Duration = Duration::from_secs(1);

/// What the variables say.
#[derive(Clone, Debug)]
pub(crate) struct Thresholds {
    /// 0 is off.
    pub(crate) error: u64,
    /// 0 is off.
    pub(crate) critical: u64,
    /// How far back is counted.
    pub(crate) window: RuleWindow,
    /// How long one alert is not repeated.
    pub(crate) cooldown: Duration,
    /// Who is told.
    pub(crate) receivers: Vec<Arc<str>>,
}

impl Thresholds {
    /// The rules of those thresholds that are on. Their texts are those of the Go service.
    pub(crate) fn rules(&self) -> Vec<Rule> {
        let error = (self.error > 0).then(|| self.rule(ERROR, self.error, ("error", "Error", "WARNING")));
        let critical = (self.critical > 0)
            .then(|| self.rule(CRITICAL, self.critical, ("critical", "Critical", "CRITICAL")));
        error.into_iter().chain(critical).collect()
    }

    fn rule(&self, name: &str, threshold: u64, (counted, title, severity): (&str, &str, &str)) -> Rule {
        let annotations = [
            ("summary", format!("Scout: {title} threshold exceeded")),
            ("description", format!("{title} count {{{{ value }}}} exceeds threshold {{{{ threshold }}}}")),
            ("tags", format!("scout,threshold,{counted}")),
        ];
        let threshold = threshold as f64;
        let text = RuleText {
            name: name.into(),
            severity: severity.into(),
            threshold,
            annotations: annotations.map(|(name, text)| (name.to_owned(), text)).into(),
            receivers: self.receivers.clone(),
            repeat_interval: self.cooldown.max(SHORTEST_COOLDOWN),
        };
        let severities = vec![Severity::fold(Some(counted)).into_owned()];
        Rule {
            text: Arc::new(text),
            select: Selector { severities, ..Selector::default() },
            window: self.window,
            ..Rule::count(name, threshold)
        }
    }
}
