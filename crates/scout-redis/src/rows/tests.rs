use super::*;
use crate::config::Address;
use scout_core::Moment;

#[derive(Default)]
struct Seen(Vec<String>);

impl ScanSink for Seen {
    fn begin(&mut self, _: &Moment) {}

    fn row(&mut self, key: &str, row: &Row<'_>) {
        self.0.push(format!(
            "{key} {:?} {:?} {:?} {:?}",
            row.severity, row.system, row.timestamp, row.timestamp_unix
        ));
    }
}

fn faults() -> Faults {
    Faults::new(Address::Tcp("redis".to_owned(), 6379), None)
}

fn text(word: &str) -> Value {
    Value::BulkString(word.as_bytes().to_vec())
}

fn flat(pairs: &[(&str, Value)]) -> Value {
    Value::Array(pairs.iter().flat_map(|(name, value)| [text(name), value.clone()]).collect())
}

fn map(pairs: &[(&str, Value)]) -> Value {
    Value::Map(pairs.iter().map(|(name, value)| (text(name), value.clone())).collect())
}

fn resp2(rows: Vec<Value>, cursor: i64) -> Value {
    let mut body = vec![Value::Int(1)];
    body.extend(rows);
    Value::Array(vec![Value::Array(body), Value::Int(cursor)])
}

fn resp3(rows: Vec<Value>, warning: Vec<Value>, cursor: i64) -> Value {
    let row = |fields| map(&[("extra_attributes", fields), ("values", Value::Array(Vec::new()))]);
    let body = map(&[
        ("attributes", Value::Array(Vec::new())),
        ("total_results", Value::Int(1)),
        ("format", text("STRING")),
        ("results", Value::Array(rows.into_iter().map(row).collect())),
        ("warning", Value::Array(warning)),
    ]);
    Value::Array(vec![body, Value::Int(cursor)])
}

fn deliver(answer: &Value) -> Result<(Vec<String>, Tally), StoreError> {
    let mut seen = Seen::default();
    let tally = Batch::read(answer, &faults())?.deliver(&mut seen, &faults())?;
    Ok((seen.0, tally))
}

fn document() -> Vec<(&'static str, Value)> {
    vec![("k", text("key")), ("s", text("INFO")), ("y", text("a b")), ("t", text("x")), ("u", text("5"))]
}

#[test]
fn a_document_reads_alike_in_both_protocols() {
    let expected = vec![r#"key Some("INFO") Some("a b") Some("x") Some("5")"#.to_owned()];
    for answer in [resp2(vec![flat(&document())], 0), resp3(vec![map(&document())], Vec::new(), 0)] {
        assert_eq!(deliver(&answer).unwrap(), (expected.clone(), Tally { documents: 1, vanished: 0 }));
    }
}

#[test]
fn missing_and_null_fields_are_none_but_empty_ones_are_not() {
    let fields = vec![("k", text("key")), ("s", Value::Nil), ("y", text(""))];
    for answer in [resp2(vec![flat(&fields)], 0), resp3(vec![map(&fields)], Vec::new(), 0)] {
        let (rows, _) = deliver(&answer).unwrap();
        assert_eq!(rows, [r#"key None Some("") None None"#]);
    }
}

#[test]
fn what_is_not_utf8_is_replaced_and_numbers_become_texts() {
    let fields = [
        ("k", text("key")),
        ("y", Value::BulkString(vec![0xff])),
        ("u", Value::Int(5)),
        ("t", Value::Double(1.5)),
    ];
    let (rows, _) = deliver(&resp2(vec![flat(&fields)], 0)).unwrap();
    assert_eq!(rows, ["key None Some(\"\u{fffd}\") Some(\"1.5\") Some(\"5\")"]);
}

#[test]
fn a_document_that_cannot_be_opened_has_vanished() {
    for answer in [
        resp2(vec![flat(&document()), Value::Nil], 0),
        resp3(vec![map(&document()), Value::Nil], Vec::new(), 0),
    ] {
        assert_eq!(deliver(&answer).unwrap().1, Tally { documents: 1, vanished: 1 });
    }
}

#[test]
fn the_empty_row_of_a_step_that_ran_out_of_time_is_no_document() {
    let answer = resp3(vec![map(&[])], vec![text("Timeout limit was reached")], 7);
    assert_eq!(deliver(&answer).unwrap().1, Tally::default());
}

#[test]
fn time_that_ran_out_with_no_more_to_come_is_an_error() {
    let error = deliver(&resp3(vec![map(&[])], vec![text("Timeout limit was reached")], 0)).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Partial);
}

#[test]
fn any_other_warning_is_an_error() {
    let warning = vec![text("Max prefix expansions limit was reached")];
    let error = deliver(&resp3(vec![map(&document())], warning, 7)).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Partial);
    assert!(error.to_string().contains("Max prefix expansions"), "{error}");
}

#[test]
fn an_error_in_the_place_of_a_row_is_an_error() {
    let Ok(broken) = redis::parse_redis_value(b"-Timeout limit was reached\r\n") else { panic!("an error") };
    let error = deliver(&resp2(vec![broken], 0)).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Timeout);
}

#[test]
fn an_unknown_form_is_an_error() {
    let unknown = [
        Value::Nil,
        Value::Array(Vec::new()),
        Value::Array(vec![Value::Array(vec![Value::Int(0)])]),
        Value::Array(vec![Value::Array(Vec::new()), Value::Int(0)]),
        Value::Array(vec![Value::Array(vec![Value::Int(0)]), text("0")]),
        Value::Array(vec![Value::Map(Vec::new()), Value::Int(0)]),
    ];
    for answer in unknown {
        let error = Batch::read(&answer, &faults()).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Protocol, "{answer:?}");
    }
    let rows_without_fields = map(&[("results", Value::Array(vec![Value::Map(Vec::new())]))]);
    let answer = Value::Array(vec![rows_without_fields, Value::Int(0)]);
    assert_eq!(deliver(&answer).unwrap_err().kind(), StoreErrorKind::Protocol);
}
