use super::*;
use crate::info::{Attribute, Progress, Refusal};

fn attribute(name: &str, kind: &str) -> Attribute {
    Attribute {
        identifier: format!("$.{name}"),
        name: name.to_owned(),
        kind: kind.to_owned(),
        ..Attribute::default()
    }
}

fn texts() -> IndexInfo {
    IndexInfo {
        key_type: KeyType::Json,
        prefixes: vec![String::new()],
        filter: None,
        attributes: TEXTS.map(|name| attribute(name, "TEXT")).to_vec(),
        documents: 10,
        last_number: 10,
        progress: Progress::Built,
        refused: 0,
        last_refusal: None,
    }
}

fn newest() -> IndexInfo {
    let mut info = texts();
    info.attributes.push(attribute("timestamp_unix", "NUMERIC"));
    info
}

fn with_types(change: &[(&str, &str)]) -> IndexInfo {
    let mut info = newest();
    for (name, kind) in change {
        let found = info.attributes.iter_mut().find(|attribute| attribute.name == *name);
        found.unwrap().kind = (*kind).to_owned();
    }
    info
}

fn tags() -> IndexInfo {
    let mut info = with_types(&[("severity", "TAG"), ("system", "TAG"), ("author", "TAG"), ("tags", "TAG")]);
    info.attributes.pop();
    info
}

/// The only finding about that index.
fn finding(info: &IndexInfo) -> Finding {
    let mut findings = findings("messages", info);
    assert_eq!(findings.len(), 1, "{findings:?}");
    findings.remove(0)
}

#[test]
fn item_53_a_missing_index_is_made_with_the_platforms_fields_in_its_order() {
    let arguments: Vec<String> = create("messages")
        .args_iter()
        .filter_map(|argument| match argument {
            redis::Arg::Simple(bytes) => Some(String::from_utf8(bytes.to_vec()).unwrap()),
            _ => None,
        })
        .collect();
    assert_eq!(
        arguments.join(" "),
        "FT.CREATE messages ON JSON SCHEMA $.severity AS severity TEXT $.system AS system TEXT \
         $.timestamp AS timestamp TEXT $.title AS title TEXT $.message AS message TEXT $.author AS author TEXT \
         $.tags AS tags TEXT $.timestamp_unix AS timestamp_unix NUMERIC SORTABLE"
    );
}

#[test]
fn each_generation_is_recognised() {
    assert_eq!(Generation::of(&texts()), Generation::Texts);
    assert_eq!(Generation::of(&tags()), Generation::Tags);
    assert_eq!(Generation::of(&IndexInfo { key_type: KeyType::Hash, ..texts() }), Generation::Hashes);
    assert_eq!(Generation::of(&newest()), Generation::TextsAndSeconds);
    assert_eq!(Generation::of(&with_types(&[("severity", "TAG")])), Generation::Other);
    assert_eq!(Generation::of(&IndexInfo { prefixes: vec!["a:".to_owned()], ..newest() }), Generation::Other);
}

#[test]
fn the_platforms_text_indexes_give_no_finding() {
    assert_eq!(findings("messages", &texts()), []);
    assert_eq!(findings("messages", &newest()), []);
}

#[test]
fn tags_are_said_to_break_text_searches() {
    let finding = finding(&tags());
    assert_eq!((finding.kind, finding.count), (FindingKind::IndexAttributeType, 4));
    assert!(finding.text.contains("severity is TAG"), "{}", finding.text);
    assert!(finding.text.contains("`FT.DROPINDEX messages`"), "{}", finding.text);
}

#[test]
fn an_index_over_hashes_says_whose_numbers_it_gives() {
    let finding = finding(&IndexInfo { key_type: KeyType::Hash, attributes: Vec::new(), ..texts() });
    assert_eq!((finding.kind, finding.count), (FindingKind::IndexOnHash, 10));
    assert!(finding.text.contains("10 hashes"), "{}", finding.text);
    assert!(finding.text.contains("FT.DROPINDEX messages"), "{}", finding.text);
}

#[test]
fn lacking_attributes_are_named() {
    let mut info = newest();
    info.attributes.retain(|attribute| !["severity", "timestamp", "title"].contains(&&*attribute.name));
    let finding = finding(&info);
    assert_eq!((finding.kind, finding.count), (FindingKind::IndexLacksAttribute, 2));
    assert!(finding.text.contains("severity, timestamp:"), "{}", finding.text);
}

#[test]
fn types_that_refuse_documents_are_named() {
    for (name, kind) in [("timestamp", "NUMERIC"), ("message", "GEO"), ("timestamp_unix", "TEXT")] {
        let finding = finding(&with_types(&[(name, kind)]));
        assert_eq!((finding.kind, finding.count), (FindingKind::IndexRefusesMessages, 1));
        assert!(finding.text.contains(&format!("{name} is {kind}")), "{}", finding.text);
    }
}

#[test]
fn a_type_that_refuses_documents_is_found_on_fields_beyond_the_platforms_and_on_one_indexed_twice() {
    for (name, kind) in [("url", "NUMERIC"), ("assigneename", "VECTOR"), ("severity", "NUMERIC")] {
        let mut info = newest();
        info.attributes.push(attribute(name, kind));
        let finding = finding(&info);
        assert_eq!((finding.kind, finding.count), (FindingKind::IndexRefusesMessages, 1));
        assert!(finding.text.contains(&format!("{name} is {kind}")), "{}", finding.text);
    }
    let mut info = newest();
    info.attributes.extend([attribute("url", "TAG"), attribute("somebody_elses", "NUMERIC")]);
    assert_eq!(findings("messages", &info), []);
}

#[test]
fn types_that_refuse_documents_stand_apart_from_those_that_do_not() {
    let both = findings("messages", &with_types(&[("severity", "TAG"), ("timestamp", "NUMERIC")]));
    let kinds: Vec<FindingKind> = both.iter().map(|finding| finding.kind).collect();
    assert_eq!(kinds, [FindingKind::IndexAttributeType, FindingKind::IndexRefusesMessages]);
    assert!(!both[0].text.contains("timestamp") && !both[1].text.contains("severity"), "{both:?}");
}

#[test]
fn fields_that_are_not_indexed_are_named() {
    let mut info = newest();
    info.attributes[1].not_indexed = true;
    let finding = finding(&info);
    assert_eq!(finding.kind, FindingKind::IndexAttributeType);
    assert!(finding.text.contains("system is NOINDEX"), "{}", finding.text);
}

#[test]
fn prefixes_and_filters_are_named() {
    let info = IndexInfo {
        prefixes: vec!["a:".to_owned(), "b:".to_owned()],
        filter: Some("@x > 1".to_owned()),
        ..newest()
    };
    let limited = finding(&info);
    assert_eq!(limited.kind, FindingKind::IndexIsFiltered);
    assert!(limited.text.contains("a: or b: and documents for which @x > 1"), "{}", limited.text);
    assert_eq!(findings("messages", &IndexInfo { prefixes: vec!["*".to_owned()], ..newest() }), []);
}

#[test]
fn refused_writes_are_counted_with_the_last_one() {
    let last = Refusal { reason: "Invalid JSON type".to_owned(), key: "k7".to_owned() };
    let refused = finding(&IndexInfo { refused: 3, last_refusal: Some(last), ..newest() });
    assert_eq!((refused.kind, refused.count), (FindingKind::RefusedDocuments, 3));
    assert!(refused.text.contains("k7: Invalid JSON type"), "{}", refused.text);
    let nameless = finding(&IndexInfo { refused: 3, ..newest() });
    assert_eq!(nameless.count, 3);
}

#[test]
fn what_keeps_every_message_out_is_an_obstacle() {
    let hashes = IndexInfo { key_type: KeyType::Hash, ..newest() };
    assert_eq!(obstacle("messages", &hashes).unwrap().kind, FindingKind::IndexOnHash);
    let limited = IndexInfo { prefixes: vec!["zzz:".to_owned()], ..newest() };
    assert_eq!(obstacle("messages", &limited).unwrap().kind, FindingKind::IndexIsFiltered);
    for (name, kind) in [("timestamp", "NUMERIC"), ("title", "GEO"), ("timestamp_unix", "TEXT")] {
        let refusing = obstacle("messages", &with_types(&[(name, kind)])).unwrap();
        assert!(refusing.text.contains(&format!("{name} is {kind}")), "{}", refusing.text);
    }
    let mut keeps_some_out = newest();
    keeps_some_out.attributes.push(attribute("url", "NUMERIC"));
    for index in [texts(), newest(), tags(), keeps_some_out] {
        assert_eq!(obstacle("messages", &index), None);
    }
}
