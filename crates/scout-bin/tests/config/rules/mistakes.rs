//! What is wrong with a rule is told with file, rule, key and value.

use super::*;

/// Lines of a rule named R beside `threshold = 10`, and what is said of them.
const MISTAKES: [(&str, &str); 72] = [
    ("name = 5", r#"invalid rules[1].name "5": must be text in quotes"#),
    ("name = \"a b\"", r#"invalid rules[1].name "a b": must be 1 to 128 letters, digits, _, - or ."#),
    ("name = \"ä\"", r#"invalid rules[1].name "ä": must be 1 to 128 letters, digits, _, - or ."#),
    (
        "name = \"source_reset\"",
        r#"invalid rules.source_reset.name "source_reset": is the name of an alert of Scout's own"#,
    ),
    ("name = \"\"", "missing rules[1].name: every rule has one (file scout.toml)"),
    (
        "kind = \"cuont\"",
        r#"invalid rules.R.kind "cuont": must be count, ratio, spike, absence or new_system"#,
    ),
    ("kind = 1", r#"invalid rules.R.kind "1": must be text in quotes"#),
    ("treshold = 1", "unknown key rules.R.treshold; did you mean threshold? (file scout.toml)"),
    ("colour = 1", "unknown key rules.R.colour (file scout.toml)"),
    ("severities = 5", r#"invalid rules.R.severities "5": must be a list of texts in quotes"#),
    ("severities = [5]", "invalid rules.R.severities: must be a list of texts in quotes"),
    ("severities = [\"error\", \" \"]", r#"invalid rules.R.severities " ": holds an empty text"#),
    ("systems = { a = \"b\" }", "invalid rules.R.systems: must be a list of texts in quotes"),
    ("systems = \"a,,b\"", r#"invalid rules.R.systems "": holds an empty text"#),
    (
        "without_systems = [\"a\\u0007\"]",
        r#"invalid rules.R.without_systems "a\u{7}": must not contain control characters"#,
    ),
    (
        "tags = \"a\"\ntime = \"event\"",
        r#"invalid rules.R.tags "a": are known of arrivals alone: they go with time = "arrival" and a window of up to 1h"#,
    ),
    (
        "tags = \"a\"\nwindow = \"retention\"",
        r#"invalid rules.R.tags "a": are known of arrivals alone: they go with time = "arrival" and a window of up to 1h"#,
    ),
    ("time = \"evnt\"", r#"invalid rules.R.time "evnt": must be arrival or event"#),
    ("window = 5", r#"invalid rules.R.window "5": must be text in quotes"#),
    ("window = \"5\"", r#"invalid rules.R.window "5": time: missing unit in duration "5""#),
    ("window = \"1ms\"", r#"invalid rules.R.window "1ms": must be 1s to 8784h, or retention"#),
    (
        "window = \"61m\"",
        r#"invalid rules.R.window "61m": must not reach back further than 1h; time = "event" can"#,
    ),
    (
        "time = \"event\"\nwindow = \"49h\"",
        r#"invalid rules.R.window "49h": must not reach back further than messages are kept, 48h"#,
    ),
    ("threshold = \"10\"", r#"invalid rules.R.threshold "10": must be a number without quotes"#),
    ("threshold = nan", r#"invalid rules.R.threshold "NaN": must be a number without quotes"#),
    ("threshold = inf", r#"invalid rules.R.threshold "inf": must be a number without quotes"#),
    ("threshold = 0", r#"invalid rules.R.threshold "0": must be a whole number of 1 or more"#),
    ("threshold = 1.5", r#"invalid rules.R.threshold "1.5": must be a whole number of 1 or more"#),
    (
        "threshold = 9007199254740994",
        r#"invalid rules.R.threshold "9007199254740994": must be a whole number of 1 or more"#,
    ),
    ("clear_below = 11", r#"invalid rules.R.clear_below "11": must be at most the threshold, 10"#),
    ("clear_below = 0", r#"invalid rules.R.clear_below "0": must be a whole number of 1 or more"#),
    ("for = \"-1s\"", r#"invalid rules.R.for "-1s": must be 0s to 8784h"#),
    ("for = 60", r#"invalid rules.R.for "60": must be text in quotes"#),
    (
        "keep_firing_for = \"1d\"",
        r#"invalid rules.R.keep_firing_for "1d": time: unknown unit "d" in duration "1d""#,
    ),
    ("minimum = 5", r#"invalid rules.R.minimum "5": means nothing to a rule of kind count"#),
    ("windows = 5", r#"invalid rules.R.windows "5": means nothing to a rule of kind count"#),
    ("missing = \"ok\"", r#"invalid rules.R.missing "ok": means nothing to a rule of kind count"#),
    ("group_by = \"sytem\"", r#"invalid rules.R.group_by "sytem": must be system or severity"#),
    ("labels = \"a\"", r#"invalid rules.R.labels "a": must be a table of texts, such as { name = "text" }"#),
    ("labels = { a = 1 }", r#"invalid rules.R.labels.a "1": must be text in quotes"#),
    (
        "labels = { a-b = \"1\" }",
        r#"invalid rules.R.labels.a-b "1": as a name must be 1 to 128 letters, digits or _, and not begin with a digit"#,
    ),
    (
        "labels = { system = \"x\" }",
        r#"invalid rules.R.labels.system "x": is a label that Scout sets itself"#,
    ),
    (
        "labels = { severity = \"x\" }",
        r#"invalid rules.R.labels.severity "x": is a key of its own: severity"#,
    ),
    ("labels = { a = \"\\n\" }", r#"invalid rules.R.labels.a "\n": must not contain control characters"#),
    (
        "annotations = { summary = \"{{ valeu }}\" }",
        r#"invalid rules.R.annotations.summary "{{ valeu }}": unknown variable "valeu"; there are value, threshold, labels, rule, severity, state, reason, starts_at, ends_at, firings, at_least, receiver"#,
    ),
    (
        "annotations = { summary = \"{{ value\" }",
        r#"invalid rules.R.annotations.summary "{{ value": syntax error: unexpected end of input, expected end of variable block (line 1)"#,
    ),
    (
        "annotations = { summary = \"{{ labels.system }}\" }",
        r#"invalid rules.R.annotations.summary "{{ labels.system }}": undefined value (line 1)"#,
    ),
    (
        "annotations = { 1st = \"x\" }",
        r#"invalid rules.R.annotations.1st "x": as a name must be 1 to 128 letters, digits or _, and not begin with a digit"#,
    ),
    (
        "severity = \" x\"",
        r#"invalid rules.R.severity " x": must be up to 128 bytes without control characters or blanks around it"#,
    ),
    (
        "receivers = [\"lgo\"]",
        r#"invalid rules.R.receivers "lgo": is the name of no receiver; did you mean log?"#,
    ),
    ("receivers = [\"pager\"]", r#"invalid rules.R.receivers "pager": is the name of no receiver"#),
    ("receivers = []", "invalid rules.R.receivers: holds no name; without this key all receivers are told"),
    ("repeat_interval = \"0s\"", r#"invalid rules.R.repeat_interval "0s": must be 1s to 8784h"#),
    ("limit = 0", r#"invalid rules.R.limit "0": must be a whole number from 1 to 1000, without quotes"#),
    (
        "limit = 1001",
        r#"invalid rules.R.limit "1001": must be a whole number from 1 to 1000, without quotes"#,
    ),
    ("limit = \"5\"", r#"invalid rules.R.limit "5": must be a whole number from 1 to 1000, without quotes"#),
    (
        "kind = \"ratio\"\nseverities = \"error\"",
        r#"invalid rules.R.threshold "10": must be more than 0 and at most 1"#,
    ),
    (
        "kind = \"ratio\"\nseverities = \"error\"\nthreshold = 0.5\nclear_below = 0",
        r#"invalid rules.R.clear_below "0": must be more than 0"#,
    ),
    (
        "kind = \"ratio\"\nthreshold = 0.5",
        "missing rules.R.severities: a ratio is their part of the messages of all severities (file scout.toml)",
    ),
    (
        "kind = \"ratio\"\nthreshold = 0.5\nseverities = \"error\"\ngroup_by = \"severity\"",
        r#"invalid rules.R.group_by "severity": means nothing to a ratio, which is of all severities"#,
    ),
    (
        "kind = \"ratio\"\nthreshold = 0.5\nseverities = \"error\"\nmissing = \"fire\"",
        r#"invalid rules.R.missing "fire": must be keep, ok or alert"#,
    ),
    (
        "kind = \"ratio\"\nthreshold = 0.5\nseverities = \"error\"\nminimum = -1",
        r#"invalid rules.R.minimum "-1": must be a whole number from 0 to 9007199254740992, without quotes"#,
    ),
    (
        "kind = \"spike\"\nthreshold = 1",
        r#"invalid rules.R.threshold "1": must be more than 1 and at most 1000000"#,
    ),
    (
        "kind = \"spike\"\nwindows = 101",
        r#"invalid rules.R.windows "101": must be a whole number from 1 to 100, without quotes"#,
    ),
    (
        "kind = \"spike\"\nwindow = \"11m\"",
        r#"invalid rules.R.window "11m": reaches back 1h6m with the windows before it, must not reach back further than 1h; time = "event" can"#,
    ),
    (
        "kind = \"spike\"\nwindows = 12",
        r#"invalid rules.R.windows "12": reaches back 1h5m with the windows before it, must not reach back further than 1h; time = "event" can"#,
    ),
    (
        "kind = \"spike\"\ntime = \"event\"\nwindow = \"24h\"\nwindows = 2",
        r#"invalid rules.R.window "24h": reaches back 72h with the windows before it, must not reach back further than messages are kept, 48h"#,
    ),
    (
        "kind = \"spike\"\nwindow = \"retention\"",
        r#"invalid rules.R.window "retention": must be a duration: a rule of kind spike looks at what was before"#,
    ),
    ("kind = \"absence\"", r#"invalid rules.R.threshold "10": means nothing to a rule of kind absence"#),
    (
        "kind = \"absence\"\nthreshold = \"\"\ngroup_by = \"system\"",
        r#"invalid rules.R.group_by "system": means nothing to a rule of kind absence"#,
    ),
    (
        "kind = \"absence\"\nthreshold = \"\"\ntime = \"event\"\nwindow = \"48h\"",
        r#"invalid rules.R.window "48h": must be shorter than messages are kept, 48h"#,
    ),
    (
        "kind = \"new_system\"\nthreshold = \"\"\nclear_below = 1",
        r#"invalid rules.R.clear_below "1": means nothing to a rule of kind new_system"#,
    ),
];

#[test]
fn with_a_mistake_end_the_start_with_the_rule_the_key_and_the_value() {
    for (lines, expected) in MISTAKES {
        let sets = |key: &str| lines.lines().any(|line| line.starts_with(key));
        let name = if sets("name =") { "" } else { "name = \"R\"\n" };
        let threshold = if sets("threshold =") { "" } else { "threshold = 10\n" };
        let text = format!("[[rules]]\n{name}{threshold}{lines}\n");
        let expected = match expected.strip_suffix(" (file scout.toml)") {
            Some(_) => expected.to_owned(),
            None => format!("{expected} (file scout.toml)"),
        };
        assert_eq!(problems(from_rules(&text)), [expected], "{lines}");
    }
}

#[test]
fn of_one_file_are_told_off_together() {
    let text = "interval = \"60\"\n\
        [alert]\nwindow = \"2h\"\n\
        [receivers.x]\nkind = \"webhok\"\n\
        [[rules]]\nthreshold = 1\n\
        [[rules]]\nname = \"A\"\n\
        [[rules]]\nname = \"A\"\nthreshold = 1\nlimit = 0\n\
        [[rules]]\nname = \"B\"\nkind = \"spike\"\nthreshold = 1\nfor = \"x\"\nreceivers = \"x,y\"\n";
    let (_folder, path) = file(text);
    let environment = environment(&[("ALERT_ERROR_THRESHOLD", "x"), ("SCOUT_SOURCE_RECEIVERS", "z")]);
    assert_eq!(
        problems(load(&Sources { file: Some(path), environment, ..Sources::default() })),
        [
            r#"invalid interval "60": time: missing unit in duration "60" (file scout.toml)"#,
            r#"invalid receivers.x.kind "webhok": must be pitcher, webhook or log (file scout.toml)"#,
            r#"invalid SCOUT_SOURCE_RECEIVERS "z": there is no receiver z (environment)"#,
            "missing rules[1].name: every rule has one (file scout.toml)",
            "missing rules.A.threshold: a rule of kind count has one (file scout.toml)",
            r#"invalid rules[3].name "A": is the name of rules[2] as well (file scout.toml)"#,
            r#"invalid rules[3].limit "0": must be a whole number from 1 to 1000, without quotes (file scout.toml)"#,
            r#"invalid rules.B.threshold "1": must be more than 1 and at most 1000000 (file scout.toml)"#,
            r#"invalid rules.B.for "x": time: invalid duration "x" (file scout.toml)"#,
            r#"invalid rules.B.receivers "y": is the name of no receiver (file scout.toml)"#,
            r#"invalid ALERT_ERROR_THRESHOLD "x": must be a whole number in decimal digits (environment)"#,
            r#"invalid alert.window "2h": must be 1s to 1h, or retention (file scout.toml)"#,
        ]
    );
}

#[test]
fn that_are_no_tables_are_refused() {
    assert_eq!(
        problems(from_file("rules = 5\n")),
        ["invalid rules: is a list of tables: each stands below [[rules]] (file scout.toml)"]
    );
    assert_eq!(
        problems(from_file("[rules.a]\nthreshold = 1\n")),
        ["invalid rules: is a list of tables: each stands below [[rules]] (file scout.toml)"]
    );
    assert_eq!(
        problems(from_file("rules = [5]\n")),
        ["invalid rules[1]: is a table: its keys stand below [[rules]] (file scout.toml)"]
    );
    assert_eq!(
        problems(from_file("[[rule]]\nname = \"a\"\n")),
        ["unknown key rule; did you mean rules? (file scout.toml)"]
    );
}

#[test]
fn are_limited_in_number_and_in_the_length_of_their_texts() {
    let of = |count: usize| {
        (0..count)
            .map(|n| format!("[[rules]]\nname = \"R{n}\"\nthreshold = 1\n"))
            .collect::<Vec<_>>()
            .concat()
    };
    assert_eq!(alert_of(&of(MAX_RULES)).rules.len(), MAX_RULES);
    assert_eq!(
        problems(from_rules(&of(MAX_RULES + 1))),
        ["invalid rules: there are 201, more than 200 (file scout.toml)"]
    );
    let (_folder, path) = file(&of(MAX_RULES));
    let environment = environment(&[("ALERT_ERROR_THRESHOLD", "1"), ("ALERT_PITCHER_URL", "local")]);
    assert_eq!(
        problems(load(&Sources { file: Some(path), environment, ..Sources::default() })),
        ["invalid rules: with those of the thresholds there are 201, more than 200 (file scout.toml)"]
    );
    let of_length = |bytes: usize| {
        let text = "x".repeat(bytes - "Rdescription".len());
        from_rules(&format!(
            "[[rules]]\nname = \"R\"\nthreshold = 1\nannotations = {{ description = {text:?} }}\n"
        ))
    };
    assert!(of_length(MAX_RULE_TEXT).is_ok());
    assert_eq!(
        problems(of_length(MAX_RULE_TEXT + 1)),
        [
            "invalid rules.R.annotations: name, labels and annotations are 8193 bytes together, more than 8192 \
          (file scout.toml)"
        ]
    );
}
