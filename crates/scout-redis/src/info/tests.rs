use super::*;

/// An answer of RediSearch 2.10.5 as RESP2 has it: lists of names and values, flags after the pairs.
const RESP2: &[&str] = &[
    "index_name",
    "messages",
    "index_options",
    "[",
    "]",
    "index_definition",
    "[",
    "key_type",
    "JSON",
    "prefixes",
    "[",
    "a:",
    "b:",
    "]",
    "filter",
    "@severity != \"x\"",
    "language_field",
    "$.l",
    "default_score",
    "1",
    "]",
    "attributes",
    "[",
    "[",
    "identifier",
    "$.severity",
    "attribute",
    "severity",
    "type",
    "TEXT",
    "WEIGHT",
    "1",
    "SORTABLE",
    "UNF",
    "]",
    "[",
    "identifier",
    "$.system",
    "attribute",
    "sys",
    "type",
    "TAG",
    "SEPARATOR",
    ";",
    "CASESENSITIVE",
    "]",
    "[",
    "identifier",
    "$.t",
    "attribute",
    "t",
    "type",
    "TEXT",
    "WEIGHT",
    "1",
    "NOINDEX",
    "]",
    "]",
    "num_docs",
    ":9",
    "max_doc_id",
    ":12",
    "hash_indexing_failures",
    ":2",
    "indexing",
    ":1",
    "percent_indexed",
    "0.25",
    "Index Errors",
    "[",
    "indexing failures",
    ":2",
    "last indexing error",
    "Invalid JSON type",
    "last indexing error key",
    "k7",
    "]",
];

/// Lists in brackets, integers with a colon, all else text.
fn value<'a>(words: &mut impl Iterator<Item = &'a &'a str>) -> Option<Value> {
    Some(match *words.next()? {
        "[" => Value::Array(std::iter::from_fn(|| value(words)).collect()),
        "]" => return None,
        word => match word.strip_prefix(':') {
            Some(number) => Value::Int(number.parse().unwrap()),
            None => Value::BulkString(word.as_bytes().to_vec()),
        },
    })
}

fn resp2() -> Value {
    Value::Array(
        std::iter::from_fn({
            let mut words = RESP2.iter();
            move || value(&mut words)
        })
        .collect(),
    )
}

fn text(word: &str) -> Value {
    Value::BulkString(word.as_bytes().to_vec())
}

fn map(pairs: &[(&str, Value)]) -> Value {
    Value::Map(pairs.iter().map(|(name, value)| (text(name), value.clone())).collect())
}

/// The same as RESP3 has it: maps, flags in a list of their own, numbers as numbers.
fn resp3() -> Value {
    let attribute = |identifier, name, kind, flags: &[&str]| {
        map(&[
            ("identifier", text(identifier)),
            ("attribute", text(name)),
            ("type", text(kind)),
            ("WEIGHT", Value::Double(1.0)),
            ("flags", Value::Array(flags.iter().map(|flag| text(flag)).collect())),
        ])
    };
    map(&[
        ("index_name", text("messages")),
        (
            "index_definition",
            map(&[
                ("key_type", text("JSON")),
                ("prefixes", Value::Array(vec![text("a:"), text("b:")])),
                ("filter", text("@severity != \"x\"")),
            ]),
        ),
        (
            "attributes",
            Value::Array(vec![
                attribute("$.severity", "severity", "TEXT", &["SORTABLE", "UNF"]),
                attribute("$.system", "sys", "TAG", &["CASESENSITIVE"]),
                attribute("$.t", "t", "TEXT", &["NOINDEX"]),
            ]),
        ),
        ("num_docs", Value::Int(9)),
        ("max_doc_id", Value::Int(12)),
        ("hash_indexing_failures", Value::Int(2)),
        ("indexing", Value::Int(1)),
        ("percent_indexed", Value::Double(0.25)),
        (
            "Index Errors",
            map(&[
                ("indexing failures", Value::Int(2)),
                ("last indexing error", text("Invalid JSON type")),
                ("last indexing error key", text("k7")),
            ]),
        ),
    ])
}

#[test]
fn both_protocols_read_alike() {
    let info = IndexInfo::read(&resp2()).unwrap();
    assert_eq!(Some(&info), IndexInfo::read(&resp3()).as_ref());
    assert_eq!(info.key_type, KeyType::Json);
    assert_eq!(info.prefixes, ["a:", "b:"]);
    assert_eq!(info.filter.as_deref(), Some("@severity != \"x\""));
    assert_eq!((info.documents, info.last_number, info.refused), (9, 12, 2));
    assert_eq!(info.progress, Progress::Building(0.25));
    let refusal = Refusal { reason: "Invalid JSON type".to_owned(), key: "k7".to_owned() };
    assert_eq!(info.last_refusal, Some(refusal));
    assert!(!info.takes_all());
}

#[test]
fn attributes_are_found_by_the_field_they_are_over() {
    let info = IndexInfo::read(&resp2()).unwrap();
    let severity = info.attribute("severity").unwrap();
    assert_eq!((&*severity.kind, severity.sortable, severity.not_indexed), ("TEXT", true, false));
    let system = info.attribute("system").unwrap();
    assert_eq!((&*system.name, &*system.kind), ("sys", "TAG"));
    assert!(info.attribute("t").unwrap().not_indexed);
    assert_eq!(info.attribute("timestamp"), None);
}

#[test]
fn an_index_that_is_built_is_not_building() {
    let progress = |flag: i64, part: f64| {
        let Value::Map(mut pairs) = resp3() else { panic!("a map") };
        for (name, value) in &mut pairs {
            match bytes(name) {
                Some(b"indexing") => *value = Value::Int(flag),
                Some(b"percent_indexed") => *value = Value::Double(part),
                _ => {}
            }
        }
        IndexInfo::read(&Value::Map(pairs)).unwrap().progress
    };
    assert_eq!(progress(0, 1.0), Progress::Built);
    assert_eq!(progress(1, 0.0), Progress::Building(0.0));
}

#[test]
fn an_answer_without_what_counting_depends_on_is_refused() {
    for name in ["index_definition", "attributes", "num_docs"] {
        let Value::Map(mut pairs) = resp3() else { panic!("a map") };
        pairs.retain(|(key, _)| bytes(key) != Some(name.as_bytes()));
        assert_eq!(IndexInfo::read(&Value::Map(pairs)), None, "{name}");
    }
    let Value::Map(mut pairs) = resp3() else { panic!("a map") };
    pairs.retain(|(key, _)| !matches!(bytes(key), Some(b"indexing" | b"percent_indexed")));
    assert_eq!(IndexInfo::read(&Value::Map(pairs)), None);
    assert_eq!(IndexInfo::read(&Value::Nil), None);
}
