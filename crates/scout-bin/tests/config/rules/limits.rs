//! Whatever is accepted stays within what the core bears.

use proptest::prelude::*;
use scout_core::ARRIVALS_REACH;

use super::*;

const RETENTION: Duration = minutes(48 * 60);

/// A line of a rule, or none.
fn line(key: &'static str, texts: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::option::of(prop::sample::select(texts))
        .prop_map(move |text| text.map(|text| format!("{key} = {text}\n")).unwrap_or_default())
}

/// Lines that each make sense to some rule, though seldom all to one.
fn lines() -> impl Strategy<Value = String> {
    let kinds = ["count", "ratio", "spike", "absence", "new_system"];
    let windows = ["1s", "5m", "10m", "50m", "59m", "1h", "9h", "24h", "48h", "9000h", "retention"];
    let thresholds = ["0.5", "1", "1.5", "2", "10", "1e300", "nan"];
    let first = (
        prop::sample::select(kinds.to_vec()),
        prop::sample::select(windows.to_vec()),
        prop::sample::select(thresholds.to_vec()),
    );
    let first = first.prop_map(|(kind, window, threshold)| {
        // Most that could be accepted is.
        let has_threshold = !matches!(kind, "absence" | "new_system") || threshold == "nan";
        let threshold = if has_threshold { format!("threshold = {threshold}\n") } else { String::new() };
        format!("kind = {kind:?}\nwindow = {window:?}\n{threshold}")
    });
    let rest = vec![
        line("time", &["\"event\"", "\"arrival\""]).boxed(),
        line("clear_below", &["0", "0.25", "1", "2", "-1"]).boxed(),
        line("repeat_interval", &["\"0s\"", "\"1s\"", "\"4h\""]).boxed(),
        line("minimum", &["0", "10"]).boxed(),
        line("windows", &["0", "1", "5", "100", "101"]).boxed(),
        line("limit", &["0", "1", "1000", "1001"]).boxed(),
        line("tags", &["\"a\"", "[]"]).boxed(),
        line("severities", &["\"error\""]).boxed(),
        line("group_by", &["\"system\"", "\"severity\""]).boxed(),
    ];
    // A few at a time, so that not every rule has something wrong with it.
    (first, rest, prop::collection::vec(prop::bool::weighted(0.3), 9)).prop_map(|(first, rest, taken)| {
        let taken = rest.into_iter().zip(taken).filter(|(_, is_taken)| *is_taken);
        first + &taken.map(|(line, _)| line).collect::<String>()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn hold_for_every_rule_that_is_accepted(lines in lines()) {
        let Ok(loaded) = from_rules(&format!("[[rules]]\nname = \"R\"\n{lines}")) else { return Ok(()) };
        let rule = &loaded.settings.alert.rules[0];
        let threshold = rule.text.threshold;
        prop_assert!(threshold.is_finite() && threshold > 0.0);
        prop_assert!(rule.clear_below > 0.0 && rule.clear_below <= threshold);
        prop_assert!((1..=MAX_INSTANCES).contains(&rule.limit));
        prop_assert!(rule.text.repeat_interval >= Duration::from_secs(1));
        match rule.reach() {
            RuleWindow::Last(reach) if rule.time == TimeOf::Arrival => prop_assert!(reach <= ARRIVALS_REACH),
            RuleWindow::Last(reach) => {
                prop_assert!(reach <= RETENTION);
                prop_assert!(rule.select.tags.is_empty());
            }
            RuleWindow::Retained => {
                prop_assert!(!rule.kind.needs_past());
                prop_assert!(rule.select.tags.is_empty());
            }
        }
        match rule.kind {
            RuleKind::Count => prop_assert!(threshold.fract() == 0.0 && rule.minimum == 0),
            RuleKind::Ratio => prop_assert!(threshold <= 1.0 && !rule.select.severities.is_empty()),
            RuleKind::Spike { windows } => prop_assert!(threshold > 1.0 && (1..=100).contains(&windows)),
            _ => {}
        }
    }
}
