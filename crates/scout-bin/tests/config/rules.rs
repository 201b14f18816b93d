//! `[[rules]]`.

mod limits;
mod mistakes;

use super::*;

use scout_bin::config::AlertSettings;
use scout_core::TimeOf;
use scout_core::alerting::{
    GroupBy, MAX_INSTANCES, MAX_RULE_TEXT, MAX_RULES, OnMissing, Rule, RuleKind, RuleWindow,
};

/// What a file with one log as receiver, and with these rules, leads to.
fn from_rules(rules: &str) -> Result<Loaded, ConfigError> {
    from_file(&format!("[receivers.log]\nkind = \"log\"\n{rules}"))
}

fn alert_of(rules: &str) -> AlertSettings {
    from_rules(rules).unwrap().settings.alert
}

/// The one rule that holds these lines beside its name.
fn rule_of(lines: &str) -> Rule {
    let alert = alert_of(&format!("[[rules]]\nname = \"R\"\n{lines}\n"));
    alert.rules.into_iter().next().unwrap()
}

const fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}

#[test]
fn need_a_name_and_a_threshold_and_have_the_defaults_of_prometheus_and_alertmanager() {
    let rule = rule_of("threshold = 50");
    assert_eq!((rule.name(), rule.kind, rule.time), ("R", RuleKind::Count, TimeOf::Arrival));
    assert_eq!(rule.window, RuleWindow::Last(minutes(5)));
    assert_eq!((rule.text.threshold, rule.clear_below), (50.0, 50.0));
    assert_eq!((rule.hold_for, rule.keep_firing_for), (Duration::ZERO, Duration::ZERO));
    assert_eq!((rule.group_by, rule.missing, rule.minimum), (GroupBy::default(), OnMissing::Ok, 0));
    assert!(rule.labels.is_empty() && rule.text.annotations.is_empty());
    assert_eq!((&*rule.text.severity, rule.text.repeat_interval), ("warning", minutes(240)));
    assert_eq!(names(&rule.text.receivers), ["log"]);
    assert_eq!(rule.limit, 100);
    assert!(rule.select.severities.is_empty() && rule.select.systems.is_empty());
}

#[test]
fn say_everything_that_a_rule_can_be() {
    let rule = rule_of(
        r#"kind = "ratio"
        severities = ["ERROR", "fatal", "critical"]
        systems = ["flux*", "github"]
        without_systems = ["flux-test"]
        tags = "prod,eu-?"
        window = "10m"
        threshold = 0.5
        clear_below = 0.25
        for = "2m"
        keep_firing_for = "1m"
        minimum = 20
        group_by = ["system"]
        missing = "keep"
        labels = { team = "ops" }
        annotations = { summary = "{{ labels.system }} of {{ labels.team }}", tags = "a,b" }
        severity = "PAGE"
        receivers = ["log"]
        repeat_interval = "30m"
        limit = 1000"#,
    );
    let select = &rule.select;
    let severities: Vec<&str> = select.severities.iter().map(scout_core::Severity::as_str).collect();
    assert_eq!(severities, ["error", "critical"]);
    assert!(select.wants_system(Some("flux/a")) && !select.wants_system(Some("flux-test")));
    assert!(select.wants_tags(Some("x, eu-1")) && !select.wants_tags(Some("eu-10")));
    assert_eq!((rule.kind, rule.window), (RuleKind::Ratio, RuleWindow::Last(minutes(10))));
    assert_eq!((rule.text.threshold, rule.clear_below, rule.minimum), (0.5, 0.25, 20));
    assert_eq!((rule.hold_for, rule.keep_firing_for), (minutes(2), minutes(1)));
    assert_eq!(rule.group_by, GroupBy { system: true, severity: false });
    assert_eq!((rule.missing, rule.limit), (OnMissing::Keep, 1000));
    assert_eq!(rule.labels["team"], "ops");
    assert_eq!(rule.text.annotations["summary"], "{{ labels.system }} of {{ labels.team }}");
    assert_eq!((&*rule.text.severity, rule.text.repeat_interval), ("PAGE", minutes(30)));
}

#[test]
fn are_of_five_kinds() {
    let spike = rule_of("kind = \"spike\"\nthreshold = 3.5\nwindows = 11\nminimum = 10");
    assert_eq!((spike.kind, spike.text.threshold), (RuleKind::Spike { windows: 11 }, 3.5));
    assert_eq!(rule_of("kind = \"spike\"\nthreshold = 2").kind, RuleKind::Spike { windows: 5 });
    for (kind, expected) in [("absence", RuleKind::Absence), ("new_system", RuleKind::NewSystem)] {
        let rule = rule_of(&format!("kind = {kind:?}\nwindow = \"1h\"\nminimum = 3"));
        assert_eq!((rule.kind, rule.minimum), (expected, 3));
        assert_eq!(rule.group_by, GroupBy { system: true, severity: false });
    }
    let far = rule_of("threshold = 1\ntime = \"event\"\nwindow = \"48h\"");
    assert_eq!((far.time, far.window), (TimeOf::Event, RuleWindow::Last(minutes(48 * 60))));
    assert_eq!(rule_of("threshold = 1\nwindow = \"retention\"").window, RuleWindow::Retained);
}

#[test]
fn keep_the_order_of_the_file_and_tell_all_receivers_unless_they_name_some() {
    let alert = alert_of(
        "[receivers.a]\nkind = \"log\"\n[[rules]]\nname = \"B\"\nthreshold = 1\n\
         [[rules]]\nname = \"A\"\nthreshold = 1\nreceivers = [\"a\", \"a\"]\n",
    );
    let of = |index: usize| {
        let rule = &alert.rules[index];
        (rule.name(), rule.text.receivers.iter().map(|name| &**name).collect::<Vec<_>>())
    };
    assert_eq!((of(0), of(1)), (("B", vec!["a", "log"]), ("A", vec!["a"])));
}

#[test]
fn without_any_receiver_are_worth_a_warning() {
    let loaded = from_file("[[rules]]\nname = \"R\"\nthreshold = 1\n").unwrap();
    let texts = warnings(&loaded);
    assert_eq!(texts.len(), 1);
    assert!(
        texts[0].starts_with("rules: nobody is told of their alerts, since there is no receiver (file "),
        "{texts:?}"
    );
    assert_eq!(loaded.settings.alert.rules.len(), 1);
}

#[test]
fn are_among_what_is_in_effect_with_their_defaults() {
    let text = "[[rules]]\nname = \"R\"\nthreshold = 5\nlabels = { team = \"ops\" }\n";
    let loaded = from_rules(text).unwrap();
    let rows: Vec<(&str, &str, Layer)> = loaded
        .effective
        .iter()
        .filter(|row| row.key.starts_with("rules."))
        .map(|row| (&*row.key, row.value.as_deref().unwrap_or_default(), row.origin.layer))
        .collect();
    assert_eq!(
        rows,
        [
            ("rules.R.kind", "count", Layer::Default),
            ("rules.R.time", "arrival", Layer::Default),
            ("rules.R.window", "5m", Layer::Default),
            ("rules.R.threshold", "5", Layer::File),
            ("rules.R.clear_below", "5", Layer::Default),
            ("rules.R.for", "0s", Layer::Default),
            ("rules.R.keep_firing_for", "0s", Layer::Default),
            ("rules.R.labels.team", "ops", Layer::File),
            ("rules.R.severity", "warning", Layer::Default),
            ("rules.R.receivers", "log", Layer::Default),
            ("rules.R.repeat_interval", "4h", Layer::Default),
            ("rules.R.limit", "100", Layer::Default),
        ]
    );
}
