//! The two thresholds of the environment, which are rules like others.

use super::*;

use scout_core::TimeOf;
use scout_core::alerting::{Rule, RuleKind, RuleWindow};

const PITCHER: (&str, &str) = ("ALERT_PITCHER_URL", "http://pitcher");

fn rules(variables: &[(&str, &str)]) -> Vec<Rule> {
    from_environment(variables).unwrap().settings.alert.rules
}

#[test]
fn become_two_rules_with_the_words_of_the_go_service() {
    let rules = rules(&[PITCHER, ("ALERT_ERROR_THRESHOLD", "50"), ("ALERT_CRITICAL_THRESHOLD", "10")]);
    let told: Vec<_> = rules
        .iter()
        .map(|rule| {
            let text = |name: &str| rule.text.annotations[name].as_str();
            let severity = rule.select.severities[0].as_str();
            (
                rule.name(),
                severity,
                rule.text.threshold,
                &*rule.text.severity,
                [text("summary"), text("description"), text("tags")],
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (
                "ErrorThreshold",
                "error",
                50.0,
                "WARNING",
                [
                    "Scout: Error threshold exceeded",
                    "Error count {{ value }} exceeds threshold {{ threshold }}",
                    "scout,threshold,error"
                ]
            ),
            (
                "CriticalThreshold",
                "critical",
                10.0,
                "CRITICAL",
                [
                    "Scout: Critical threshold exceeded",
                    "Critical count {{ value }} exceeds threshold {{ threshold }}",
                    "scout,threshold,critical"
                ]
            ),
        ]
    );
    for rule in &rules {
        assert_eq!(
            (rule.kind, rule.time, rule.clear_below),
            (RuleKind::Count, TimeOf::Arrival, rule.text.threshold)
        );
        assert_eq!(rule.window, RuleWindow::Last(Duration::from_secs(60)));
        assert_eq!(rule.text.repeat_interval, Duration::from_secs(300));
        assert_eq!((rule.hold_for, rule.select.severities.len()), (Duration::ZERO, 1));
        assert_eq!(names(&rule.text.receivers), ["pitcher"]);
        for text in rule.text.annotations.values() {
            scout_alert::Templates::check_with_labels(text, &["alertname"]).unwrap();
        }
    }
}

#[test]
fn count_within_one_interval_unless_said_otherwise() {
    let window = |variables: &[(&str, &str)]| {
        let threshold = [PITCHER, ("ALERT_ERROR_THRESHOLD", "1")];
        rules(&[variables, &threshold].concat())[0].window
    };
    let last = |seconds| RuleWindow::Last(Duration::from_secs(seconds));
    assert_eq!(window(&[("SCOUT_INTERVAL", "5m")]), last(300));
    assert_eq!(window(&[("SCOUT_INTERVAL", "100ms")]), last(1));
    assert_eq!(window(&[("SCOUT_INTERVAL", "5m"), ("ALERT_WINDOW", "1h")]), last(3600));
    assert_eq!(window(&[("ALERT_WINDOW", "retention")]), RuleWindow::Retained);
    for text in ["61m", "999ms", "all", "0"] {
        assert_eq!(problems(from_environment(&[("ALERT_WINDOW", text)])).len(), 1, "{text}");
    }
}

#[test]
fn count_an_hour_at_most_and_say_so_where_the_interval_is_longer() {
    let variables = [PITCHER, ("ALERT_ERROR_THRESHOLD", "1"), ("SCOUT_INTERVAL", "2h")];
    let loaded = from_environment(&variables).unwrap();
    assert_eq!(loaded.settings.alert.rules[0].window, RuleWindow::Last(Duration::from_secs(3600)));
    assert_eq!(
        warnings(&loaded),
        [
            "ALERT_ERROR_THRESHOLD \"1\": counts what arrived within 1h and not within one interval, since arrivals are kept no \
          longer (environment)"
        ]
    );
}

#[test]
fn are_repeated_by_the_cooldown_but_not_with_each_judging() {
    let repeat = |cooldown| {
        let variables = [PITCHER, ("ALERT_ERROR_THRESHOLD", "1"), ("ALERT_COOLDOWN", cooldown)];
        rules(&variables)[0].text.repeat_interval
    };
    assert_eq!(repeat("10m"), Duration::from_secs(600));
    assert_eq!(repeat("0"), Duration::from_secs(1));
}

#[test]
fn of_zero_or_less_are_off() {
    assert!(rules(&[PITCHER, ("ALERT_ERROR_THRESHOLD", "0"), ("ALERT_CRITICAL_THRESHOLD", "-5")]).is_empty());
}

#[test]
fn tell_all_receivers_where_none_is_named_pitcher() {
    let text = "[alert]\nerror_threshold = 5\n[receivers.b]\nkind = \"log\"\n[receivers.a]\nkind = \"log\"\n";
    let alert = from_file(text).unwrap().settings.alert;
    assert_eq!(names(&alert.rules[0].text.receivers), ["a", "b"]);
    let with_pitcher = format!("{text}[receivers.pitcher]\nkind = \"log\"\n");
    let alert = from_file(&with_pitcher).unwrap().settings.alert;
    assert_eq!(names(&alert.rules[0].text.receivers), ["pitcher"]);
}

#[test]
fn without_any_receiver_are_worth_a_warning() {
    let loaded = from_environment(&[("ALERT_CRITICAL_THRESHOLD", "1")]).unwrap();
    assert_eq!(
        warnings(&loaded),
        [
            "ALERT_CRITICAL_THRESHOLD \"1\": nobody is told, since there is neither alert.pitcher_url (ALERT_PITCHER_URL) nor \
          another receiver (environment)"
        ]
    );
}

#[test]
fn come_before_the_rules_of_the_file_and_may_not_share_a_name_with_one() {
    let (_folder, path) = file("[[rules]]\nname = \"ErrorThreshold\"\nthreshold = 7\n");
    let of = |variables: &[(&str, &str)]| {
        load(&Sources { file: Some(path.clone()), environment: environment(variables), ..Sources::default() })
    };
    let both = of(&[PITCHER, ("ALERT_CRITICAL_THRESHOLD", "1")]).unwrap().settings.alert.rules;
    let names: Vec<&str> = both.iter().map(Rule::name).collect();
    assert_eq!(names, ["CriticalThreshold", "ErrorThreshold"]);
    let text = problems(of(&[PITCHER, ("ALERT_ERROR_THRESHOLD", "1")])).concat();
    assert!(
        text.starts_with(
            "invalid ALERT_ERROR_THRESHOLD \"1\": makes the rule ErrorThreshold, as rules[1] does"
        ),
        "{text}"
    );
}

#[test]
fn are_shown_with_the_variable_that_made_them() {
    let loaded = from_environment(&[PITCHER, ("ALERT_ERROR_THRESHOLD", "50")]).unwrap();
    let row = loaded.effective.iter().find(|row| row.key == "rules.ErrorThreshold.threshold").unwrap();
    assert_eq!((row.value.as_deref(), row.origin.layer), (Some("50"), Layer::Environment));
    assert_eq!(row.name, "ALERT_ERROR_THRESHOLD");
}
