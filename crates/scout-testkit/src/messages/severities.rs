//! Spellings of severities, and what each folds to.

use serde_json::{Value, json};

use super::expectation::RefusedBy;

/// One way to write a severity.
#[derive(Clone, Debug)]
pub(super) struct Spelling {
    /// How often it is written, beside the others.
    pub weight: u64,
    /// `None` leaves the field out.
    pub value: Option<Value>,
    pub folded: String,
    pub refused_by: RefusedBy,
}

/// Texts as producers write them: weight, text, folded.
const TEXTS: [(u64, &str, &str); 56] = [
    (3400, "info", "info"),
    (1400, "INFO", "info"),
    (100, "Info", "info"),
    (800, "debug", "debug"),
    (100, "DEBUG", "debug"),
    (900, "success", "success"),
    (700, "SUCCESS", "success"),
    (50, "Success", "success"),
    (700, "warning", "warning"),
    (400, "WARNING", "warning"),
    (30, "Warning", "warning"),
    (100, "warn", "warning"),
    (60, "WARN", "warning"),
    (10, "Warn", "warning"),
    (500, "error", "error"),
    (400, "ERROR", "error"),
    (40, "Error", "error"),
    (20, "err", "error"),
    (10, "ERR", "error"),
    (80, "critical", "critical"),
    (80, "CRITICAL", "critical"),
    (20, "Critical", "critical"),
    (10, "fatal", "critical"),
    (5, "FATAL", "critical"),
    (10, "crit", "critical"),
    (5, "Crit", "critical"),
    (5, "emerg", "critical"),
    (5, "emergency", "critical"),
    (5, "EMERGENCY", "critical"),
    (5, "panic", "critical"),
    (5, "Panic", "critical"),
    (10, "informational", "info"),
    (5, "Informational", "info"),
    // What a search for words would take for an error.
    (20, "errors", "errors"),
    (10, "no error", "no error"),
    (10, "ERROR-resolved", "error-resolved"),
    (10, "Error: critical", "error: critical"),
    (20, "critical failure", "critical failure"),
    (5, "criticality", "criticality"),
    (5, "CRITICAL\nline2", "critical\nline2"),
    // Blanks around.
    (20, "error ", "error"),
    (10, " Error", "error"),
    (10, "\tWARN\r\n", "warning"),
    (10, "", "unknown"),
    (10, "   ", "unknown"),
    // What alert sources pass through.
    (10, "page", "page"),
    (10, "HIGH", "high"),
    (10, "notice", "notice"),
    (10, "trace", "trace"),
    (5, "unknown", "unknown"),
    (5, "5", "5"),
    (5, "true", "true"),
    (5, "is", "is"),
    (5, "ÉLEVÉ", "élevé"),
    (5, "重大", "重大"),
    (5, "a \"quoted\" <b>&amp;</b>", "a \"quoted\" <b>&amp;</b>"),
];

/// Every spelling, common ones first.
pub(super) fn spellings() -> Vec<Spelling> {
    let mut spellings: Vec<Spelling> = TEXTS
        .iter()
        .map(|&(weight, text, folded)| taken(weight, Some(text.into()), folded))
        .chain([taken(100, None, "unknown"), taken(20, Some(Value::Null), "unknown")])
        .collect();
    for (value, folded) in [
        (json!(["ERROR"]), "error"),
        (json!([" Warn "]), "warning"),
        (json!(["fatal"]), "critical"),
        (json!(["ÉLEVÉ"]), "élevé"),
        (json!(["say \"when\""]), "say \"when\""),
        (json!([""]), "unknown"),
        (json!([]), "[]"),
        (json!([null]), "[null]"),
        (json!(["error", "critical"]), r#"["error","critical"]"#),
        (json!(["Error", "CRITICAL"]), r#"["error","critical"]"#),
        (json!(["error", null]), r#"["error",null]"#),
        (json!(["a \"b\"", "Ü/ü"]), r#"["a \"b\"","ü/ü"]"#),
    ] {
        spellings.push(taken(5, Some(value), folded));
    }
    for value in [
        json!(5),
        json!(-1.5),
        json!({"level": "error"}),
        json!({}),
        json!(["error", 5]),
        json!([true]),
        json!([["error"]]),
    ] {
        spellings.push(Spelling { refused_by: RefusedBy::All, ..taken(5, Some(value), "") });
    }
    // A tag takes a boolean, and hands it out as a number.
    for (value, folded) in [(true, "1"), (false, "0")] {
        spellings.push(Spelling { refused_by: RefusedBy::Text, ..taken(5, Some(value.into()), folded) });
    }
    spellings
}

fn taken(weight: u64, value: Option<Value>, folded: &str) -> Spelling {
    Spelling { weight, value, folded: folded.to_owned(), refused_by: RefusedBy::Nobody }
}
