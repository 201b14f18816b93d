//! Stored documents are read leniently, whatever their producers make of the fields.
#![expect(clippy::expect_used, reason = "tests show behaviour by failing loudly")]

use proptest::prelude::*;
use scout_core::{Facts, Message, Row, Severity, WallTime};
use serde::Deserialize;
use serde_json::{Value, json};

/// Documents in every shape that producers of the platform write, with what counts of each.
const DOCUMENTS: &str = include_str!("golden/documents.jsonl");

#[derive(Deserialize)]
struct Sample {
    document: Value,
    severity: Option<String>,
    system: Option<String>,
    event_time: Option<String>,
    #[serde(default)]
    foreign: bool,
}

fn read(document: &Value) -> Message {
    Message::read(document.to_string().as_bytes()).expect("a document")
}

/// The facts of a document as severity, system and event time; `None` for a foreign one.
fn facts(message: &Message) -> Option<(String, Option<String>, Option<WallTime>)> {
    message.with_row(|row| {
        let Facts { severity, system, event_time, .. } = row.facts()?;
        Some((severity.as_str().to_owned(), system.map(str::to_owned), event_time))
    })
}

#[test]
fn what_counts_of_every_sample_is_read() {
    let mut samples = 0;
    for line in DOCUMENTS.lines() {
        let sample: Sample = serde_json::from_str(line).unwrap();
        let event_time = sample.event_time.map(|text| WallTime::parse_rfc3339(&text).expect("a time"));
        let expected = sample.severity.map(|severity| (severity, sample.system, event_time));
        assert_eq!(expected.is_none(), sample.foreign);
        assert_eq!(facts(&read(&sample.document)), expected, "{line}");
        samples += 1;
    }
    assert!(samples > 20);
}

#[test]
fn a_field_that_is_missing_or_null_is_empty() {
    let message = read(&json!({"title": null, "severity": null, "timestamp_unix": null}));
    assert_eq!(message, Message::default());
    assert_eq!(read(&json!({})), Message::default());
}

#[test]
fn a_field_of_another_type_is_its_json_text() {
    let message = read(
        &json!({"title": 5, "message": true, "author": {"a": 1}, "tags": ["x", "y"], "url": [], "system": 1.5}),
    );
    assert_eq!(message.title, "5");
    assert_eq!(message.message, "true");
    assert_eq!(message.author, r#"{"a":1}"#);
    assert_eq!(message.tags, r#"["x","y"]"#);
    assert_eq!(message.url, "[]");
    assert_eq!(message.system, "1.5");
}

#[test]
fn an_array_of_one_string_is_that_string_in_any_field() {
    let message = read(&json!({"severity": ["WARN"], "system": ["flux"], "tags": ["a,b"], "title": [7]}));
    assert_eq!(message.severity, "WARN");
    assert_eq!(message.system, "flux");
    assert_eq!(message.tags, "a,b");
    assert_eq!(message.title, "[7]");
}

#[test]
fn a_key_in_another_case_is_another_key() {
    let message = read(&json!({"Severity": "error", "SYSTEM": "flux", "Timestamp": "2026-04-01T08:00:00Z"}));
    assert_eq!(message, Message::default());
    assert_eq!(facts(&message), None);
}

#[test]
fn the_last_of_two_equal_keys_counts() {
    let message = Message::read(br#"{"severity":"error","severity":"info"}"#).unwrap();
    assert_eq!(message.severity, "info");
}

#[test]
fn the_indexed_time_is_whole_seconds_of_a_number_and_nothing_else() {
    let table = [
        (json!(1_775_030_400), Some(1_775_030_400)),
        (json!(1_775_030_400.9), Some(1_775_030_400)),
        (json!(-0.5), Some(-1)),
        (json!(0), Some(0)),
        (json!(1e300), Some(i64::MAX)),
        (json!("1775030400"), None),
        (json!([1_775_030_400]), None),
        (json!(true), None),
        (json!(null), None),
    ];
    for (value, seconds) in table {
        assert_eq!(read(&json!({"timestamp_unix": value})).timestamp_unix, seconds, "{value}");
    }
}

#[test]
fn the_event_time_is_the_timestamp_else_the_indexed_time_else_none() {
    let at = |seconds: i64| Some(WallTime::from_unix_ms(seconds * 1000));
    let table = [
        (Some("2026-04-01T08:00:00Z"), Some("5"), at(1_775_030_400)),
        (Some("soon"), Some("5"), at(5)),
        (None, Some("5.0019"), Some(WallTime::from_unix_ms(5001))),
        (None, Some("1.7750304e9"), at(1_775_030_400)),
        (None, Some("-1"), at(-1)),
        (Some("soon"), None, None),
        (None, Some(""), None),
        (None, Some("nan"), None),
        (None, Some("inf"), None),
        (None, Some("-infinity"), None),
        (None, Some("1e16"), None),
        (None, Some("1e308"), None),
        (None, Some("5s"), None),
        (None, None, None),
    ];
    for (timestamp, timestamp_unix, expected) in table {
        let row = Row { severity: Some("info"), timestamp, timestamp_unix, ..Row::default() };
        let facts = row.facts().expect("a message");
        assert_eq!(facts.event_time, expected, "{timestamp:?} {timestamp_unix:?}");
    }
}

#[test]
fn a_document_without_severity_system_and_timestamp_is_foreign() {
    assert_eq!(Row::default().facts(), None);
    assert_eq!(Row { timestamp_unix: Some("5"), ..Row::default() }.facts(), None);
    for row in [
        Row { severity: Some(""), ..Row::default() },
        Row { system: Some(""), ..Row::default() },
        Row { timestamp: Some(""), ..Row::default() },
    ] {
        let facts = row.facts().expect("an empty field is a field");
        assert_eq!(facts.severity, Severity::UNKNOWN);
        assert_eq!(facts.system, None);
        assert_eq!(facts.event_time, None);
    }
}

#[test]
fn a_system_keeps_its_spelling_unless_it_is_blank() {
    let system = |text| Row { system: Some(text), ..Row::default() }.facts().and_then(|facts| facts.system);
    assert_eq!(system(" Org/Repo "), Some(" Org/Repo "));
    assert_eq!(system("FLUX"), Some("FLUX"));
    assert_eq!(system(" \t\u{2003}"), None);
}

#[test]
fn what_is_no_json_object_is_no_message() {
    for document in ["", " ", "null", "[]", "\"text\"", "5", "{", "{\"a\":1}x", "{\"title\":\"\\ud800\"}"] {
        assert!(Message::read(document.as_bytes()).is_err(), "{document}");
    }
    assert!(Message::read(b"{\"title\":\"\xff\"}").is_err());
}

#[test]
fn the_stored_document_has_the_platforms_order_and_no_empty_fields() {
    let mut message = Message::default();
    assert_eq!(serde_json::to_string(&message).unwrap(), "{}");
    message.timestamp_unix = Some(1_775_030_400);
    message.url = "u".to_owned();
    message.artifacts = "f".to_owned();
    message.assigneename = "n".to_owned();
    message.assigneeaddress = "a".to_owned();
    message.tags = "x,y".to_owned();
    message.system = "flux".to_owned();
    message.timestamp = "2026-04-01T08:00:00Z".to_owned();
    message.author = "me".to_owned();
    message.severity = "INFO".to_owned();
    message.message = "m".to_owned();
    message.title = "t".to_owned();
    assert_eq!(
        serde_json::to_string(&message).unwrap(),
        concat!(
            r#"{"title":"t","message":"m","severity":"INFO","author":"me","timestamp":"2026-04-01T08:00:00Z","#,
            r#""system":"flux","tags":"x,y","assigneeaddress":"a","assigneename":"n","artifacts":"f","url":"u","#,
            r#""timestamp_unix":1775030400}"#
        )
    );
}

#[test]
fn the_row_of_a_message_has_no_empty_fields() {
    Message::default().with_row(|row| assert_eq!(*row, Row::default()));
    let message = read(
        &json!({"severity": "INFO", "system": "flux", "timestamp": "t", "timestamp_unix": 7, "tags": "a,b"}),
    );
    message.with_row(|row| {
        let expected = Row {
            severity: Some("INFO"),
            system: Some("flux"),
            timestamp: Some("t"),
            timestamp_unix: Some("7"),
            tags: Some("a,b"),
        };
        assert_eq!(*row, expected);
    });
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map("[a-z]{0,3}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn any_document() -> impl Strategy<Value = Value> {
    let key = prop::sample::select(vec![
        "title",
        "severity",
        "system",
        "timestamp",
        "timestamp_unix",
        "tags",
        "Severity",
        "x",
    ]);
    prop::collection::hash_map(key, any_json(), 0..8)
        .prop_map(|map| Value::Object(map.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()))
}

proptest! {
    #[test]
    fn every_json_object_is_read(document in any_document()) {
        let message = read(&document);
        facts(&message);
    }

    #[test]
    fn a_stored_message_reads_back_as_the_same_facts(document in any_document()) {
        let message = read(&document);
        let stored = serde_json::to_vec(&message).unwrap();
        let again = Message::read(&stored).unwrap();
        prop_assert_eq!(facts(&again), facts(&message));
        prop_assert_eq!(again, message);
    }

    #[test]
    fn no_bytes_panic(bytes in any::<Vec<u8>>()) {
        let _ = Message::read(&bytes);
    }
}
