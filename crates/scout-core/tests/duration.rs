//! Durations agree with Go's `time` package, whose results are in the golden file.
#![expect(clippy::expect_used, reason = "tests show behaviour by failing loudly")]

use std::time::Duration;

use proptest::prelude::*;
use scout_core::{GoDuration, ParseDurationError};
use serde::Deserialize;

const GOLDEN: &str = include_str!("golden/go-durations.jsonl");

/// What Go makes of a text: either the span and how it is written, or an error.
#[derive(Deserialize)]
struct Golden {
    text: String,
    nanos: Option<i64>,
    #[serde(default)]
    string: String,
    #[serde(default)]
    error: String,
}

fn golden() -> impl Iterator<Item = Golden> {
    GOLDEN.lines().map(|line| serde_json::from_str(line).expect("a line of the golden file"))
}

#[test]
fn every_text_gives_the_span_that_go_gives() {
    for case in golden() {
        let parsed = case.text.parse::<GoDuration>().ok().map(GoDuration::as_nanos);
        assert_eq!(parsed, case.nanos, "{:?}", case.text);
    }
}

#[test]
fn every_refused_text_gets_the_sentence_that_go_gives() {
    let mut refused = 0;
    for case in golden().filter(|case| case.nanos.is_none()) {
        let error = case.text.parse::<GoDuration>().expect_err(&case.text);
        assert_eq!(error.to_string(), case.error, "{:?}", case.text);
        refused += 1;
    }
    assert!(refused > 100, "the golden file has {refused} refused texts");
}

#[test]
fn every_span_is_written_as_go_writes_it() {
    for case in golden() {
        if let Some(nanos) = case.nanos {
            assert_eq!(GoDuration::from_nanos(nanos).to_string(), case.string);
        }
    }
}

#[test]
fn a_sum_that_go_lets_wrap_around_to_nothing_is_refused() {
    let text = "9223372036854775808ns9223372036854775808ns";
    for text in [text.to_owned(), format!("-{text}")] {
        assert_eq!(text.parse::<GoDuration>(), Err(ParseDurationError::Invalid(text)));
    }
}

#[test]
fn the_error_says_which_unit_is_unknown() {
    let error = "1h5d".parse::<GoDuration>().unwrap_err();
    assert_eq!(error, ParseDurationError::UnknownUnit { unit: "d".to_owned(), text: "1h5d".to_owned() });
}

#[test]
fn a_negative_span_has_no_standard_duration() {
    assert_eq!(GoDuration::from_nanos(-1).to_std(), None);
    assert_eq!(GoDuration::from_nanos(0).to_std(), Some(Duration::ZERO));
    assert_eq!(GoDuration::from_nanos(i64::MAX).to_std(), Some(Duration::from_nanos(i64::MAX as u64)));
}

#[test]
fn a_standard_duration_beyond_what_go_can_hold_is_cut() {
    assert_eq!(GoDuration::from(Duration::from_secs(90)).to_string(), "1m30s");
    assert_eq!(GoDuration::from(Duration::MAX).as_nanos(), i64::MAX);
}

proptest! {
    #[test]
    fn what_is_written_reads_back_as_the_same_span(nanos in any::<i64>(), shift in 0_u32..64) {
        let span = GoDuration::from_nanos(nanos >> shift);
        prop_assert_eq!(span.to_string().parse(), Ok(span));
    }

    #[test]
    fn no_text_panics(text in any::<String>()) {
        let _ = text.parse::<GoDuration>();
    }

    #[test]
    fn no_text_that_looks_like_a_duration_panics(text in "[-+]?([0-9]{0,22}[.]?[0-9]{0,22}(ns|us|µs|ms|s|m|h|d)?){0,4}") {
        match text.parse::<GoDuration>() {
            Ok(span) => prop_assert_eq!(span.to_string().parse(), Ok(span)),
            Err(error) => prop_assert!(error.to_string().starts_with("time: ")),
        }
    }
}
