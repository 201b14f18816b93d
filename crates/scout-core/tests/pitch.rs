//! Request bodies are read as the platform's intake reads them.
#![expect(clippy::panic, reason = "tests show behaviour by failing loudly")]

use proptest::prelude::*;
use scout_core::{Message, MessageError, WallTime};

/// 2026-04-01T08:00:00.987Z
const NOW: WallTime = WallTime::from_unix_ms(1_775_030_400_987);

fn pitch(body: &str) -> Result<Message, MessageError> {
    Message::from_pitch(body.as_bytes(), NOW)
}

fn accepted(body: &str) -> Message {
    pitch(body).unwrap_or_else(|error| panic!("{body}: {error}"))
}

#[test]
fn what_a_body_leaves_out_gets_the_intakes_defaults() {
    let message = accepted(r#"{"title":"t","message":"m"}"#);
    assert_eq!(
        serde_json::to_string(&message).unwrap(),
        concat!(
            r#"{"title":"t","message":"m","severity":"info","author":"unknown","timestamp":"2026-04-01T08:00:00Z","#,
            r#""system":"homerun2-omni-pitcher","timestamp_unix":1775030400}"#
        )
    );
}

#[test]
fn what_a_body_says_is_kept_as_it_is() {
    let message = accepted(
        r#"{"title":" T ","message":"a\nb","severity":"WARN","author":"me","timestamp":"2026-04-01T10:00:00.5+02:00",
            "system":"org/repo","tags":"x,y","assigneeaddress":"a","assigneename":"n","artifacts":"f","url":"u"}"#,
    );
    assert_eq!(message.title, " T ");
    assert_eq!(message.message, "a\nb");
    assert_eq!(message.severity, "WARN");
    assert_eq!(message.timestamp, "2026-04-01T10:00:00.5+02:00");
    assert_eq!(message.system, "org/repo");
    assert_eq!(message.timestamp_unix, Some(1_775_030_400));
    let rest = [
        message.author,
        message.tags,
        message.assigneeaddress,
        message.assigneename,
        message.artifacts,
        message.url,
    ];
    assert_eq!(rest, ["me", "x,y", "a", "n", "f", "u"]);
}

#[test]
fn a_timestamp_that_is_no_time_is_kept_and_indexed_as_now() {
    let message = accepted(r#"{"title":"t","message":"m","timestamp":"yesterday"}"#);
    assert_eq!(message.timestamp, "yesterday");
    assert_eq!(message.timestamp_unix, Some(1_775_030_400));
}

#[test]
fn the_indexed_time_is_not_the_callers_to_choose() {
    let message =
        accepted(r#"{"title":"t","message":"m","timestamp":"2026-04-01T07:00:00Z","timestamp_unix":"x"}"#);
    assert_eq!(message.timestamp_unix, Some(1_775_026_800));
}

#[test]
fn keys_are_taken_in_any_case() {
    let message = accepted(r#"{"Title":"t","MESSAGE":"m","Severity":"ERROR","assigneeAddress":"a"}"#);
    assert_eq!(message.title, "t");
    assert_eq!(message.message, "m");
    assert_eq!(message.severity, "ERROR");
    assert_eq!(message.assigneeaddress, "a");
}

#[test]
fn the_last_spelling_of_a_key_counts_and_null_changes_nothing() {
    let message = accepted(r#"{"title":"a","Title":"b","message":"m","MESSAGE":null,"severity":null}"#);
    assert_eq!(message.title, "b");
    assert_eq!(message.message, "m");
    assert_eq!(message.severity, "info");
}

#[test]
fn unknown_keys_are_dropped_whatever_they_hold() {
    let message = accepted(r#"{"title":"t","message":"m","extra":{"deep":[1,null,"\ud83d"]},"n":1e999}"#);
    assert_eq!(message.title, "t");
}

#[test]
fn what_follows_the_first_value_is_passed_over() {
    assert_eq!(accepted(r#"{"title":"t","message":"m"} and so on"#).title, "t");
    assert_eq!(accepted(r#"{"title":"t","message":"m"}{"title":"u"}"#).title, "t");
}

#[test]
fn a_body_without_anything_is_refused_as_empty() {
    for body in ["", " ", "\n\t\r"] {
        assert!(matches!(pitch(body), Err(MessageError::Empty)), "{body:?}");
    }
}

#[test]
fn a_body_that_is_no_json_object_of_texts_is_refused() {
    for body in [
        "{",
        "title",
        "[]",
        "\"t\"",
        "5",
        "true",
        r#"{"title":5,"message":"m"}"#,
        r#"{"title":"t","message":"m","tags":["a","b"]}"#,
        r#"{"title":"t","message":"m","severity":["error"]}"#,
        r#"{"title":"t","message":{"a":1}}"#,
        r#"{"title":"t","message":"m","system":true}"#,
        r#"{"title":"t" "message":"m"}"#,
        r#"{"title":"t","message":"a
b"}"#,
    ] {
        assert!(matches!(pitch(body), Err(MessageError::Json(_))), "{body}");
    }
}

#[test]
fn a_body_without_title_or_text_is_refused_in_that_order() {
    for body in ["{}", "null", r#"{"title":""}"#, r#"{"title":null,"message":"m"}"#, r#"{"message":"m"}"#] {
        assert!(matches!(pitch(body), Err(MessageError::NoTitle)), "{body}");
    }
    for body in [r#"{"title":"t"}"#, r#"{"title":"t","message":""}"#, r#"{"title":" "}"#] {
        assert!(matches!(pitch(body), Err(MessageError::NoMessage)), "{body}");
    }
}

#[test]
fn bytes_that_are_no_text_become_replacement_characters() {
    let message = Message::from_pitch(b"{\"title\":\"a\xffb\",\"message\":\"m\"}", NOW).unwrap();
    assert_eq!(message.title, "a\u{fffd}b");
}

#[test]
fn half_of_a_surrogate_pair_becomes_one_replacement_character() {
    let table = [
        (r"cut \ud83d", "cut \u{fffd}"),
        (r"\ude00 cut", "\u{fffd} cut"),
        (r"\ud83d\ud83d", "\u{fffd}\u{fffd}"),
        (r"\ud83d\ude00", "\u{1f600}"),
        (r"\ud83d\ud83d\ude00é", "\u{fffd}\u{1f600}é"),
        (r"\uD83D\n\uDE00", "\u{fffd}\n\u{fffd}"),
        (r"\\ud83d", r"\ud83d"),
        (r"\\\ud83d", "\\\u{fffd}"),
    ];
    for (escaped, text) in table {
        assert_eq!(accepted(&format!(r#"{{"title":"{escaped}","message":"m"}}"#)).title, text, "{escaped}");
    }
}

#[test]
fn a_refusal_says_what_is_wrong() {
    assert_eq!(pitch("").unwrap_err().to_string(), "not a message: the body is empty");
    assert_eq!(pitch("{}").unwrap_err().to_string(), "title is missing or empty");
    assert_eq!(pitch(r#"{"title":"t"}"#).unwrap_err().to_string(), "message is missing or empty");
    let error = pitch(r#"{"title":5}"#).unwrap_err().to_string();
    assert!(error.starts_with("not a message: invalid type: integer `5`, expected a string"), "{error}");
}

proptest! {
    #[test]
    fn any_text_survives_the_intake(title in ".+", text in ".+", severity in any::<String>()) {
        let body = serde_json::json!({"title": title, "message": text, "severity": severity}).to_string();
        let message = accepted(&body);
        prop_assert_eq!(message.title, title);
        prop_assert_eq!(message.message, text);
        prop_assert_eq!(message.severity, if severity.is_empty() { "info".to_owned() } else { severity });
    }

    #[test]
    fn no_body_panics(body in any::<Vec<u8>>()) {
        let _ = Message::from_pitch(&body, NOW);
    }

    #[test]
    fn no_body_that_looks_like_json_panics(body in r#"[{}\[\]":,a-dA-Dtilesmg0-9.\\u nul]{0,40}"#) {
        let _ = pitch(&body);
    }
}
