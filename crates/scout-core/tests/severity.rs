//! Severities fold such that every producer's spelling of one counts as one.

use std::borrow::Cow;

use proptest::prelude::*;
use scout_core::{Rank, Severity};

fn fold(text: &str) -> String {
    Severity::fold(Some(text)).as_str().to_owned()
}

#[test]
fn the_whole_table_of_aliases_folds_in_any_case() {
    let table = [
        ("warn", "warning"),
        ("err", "error"),
        ("informational", "info"),
        ("fatal", "critical"),
        ("crit", "critical"),
        ("emerg", "critical"),
        ("emergency", "critical"),
        ("panic", "critical"),
    ];
    for (alias, folded) in table {
        let capitalised = alias[..1].to_uppercase() + &alias[1..];
        for spelling in [alias.to_owned(), alias.to_uppercase(), capitalised, format!(" {alias}\t")] {
            assert_eq!(fold(&spelling), folded, "{spelling:?}");
        }
    }
}

#[test]
fn the_platforms_own_severities_keep_their_names() {
    for name in ["debug", "info", "success", "warning", "error", "critical"] {
        assert_eq!(fold(name), name);
        assert_eq!(fold(&name.to_uppercase()), name);
    }
}

#[test]
fn other_texts_keep_their_folded_spelling() {
    let table = [
        ("Page", "page"),
        ("HIGH ", "high"),
        ("no error", "no error"),
        ("errors", "errors"),
        ("42", "42"),
        ("-", "-"),
    ];
    for (text, folded) in table {
        assert_eq!(fold(text), folded);
    }
}

#[test]
fn a_missing_or_blank_severity_is_unknown() {
    assert_eq!(Severity::fold(None), Severity::UNKNOWN);
    for blank in ["", " ", "\t\r\n", "\u{a0}\u{2003}\u{3000}", "[\"\"]", "[\" \"]"] {
        assert_eq!(Severity::fold(Some(blank)), Severity::UNKNOWN, "{blank:?}");
    }
}

#[test]
fn an_array_of_one_string_is_that_string() {
    for array in [r#"["WARN"]"#, r#"[ " warn " ]"#, r#"["\u0057ARN"]"#, r#"["[\"Warn\"]"]"#] {
        assert_eq!(fold(array), "warning", "{array}");
    }
}

#[test]
fn any_other_array_is_its_json_text() {
    for array in [r#"["error","critical"]"#, "[]", "[null]", "[1]", r#"[["error"]]"#, r#"["error""#] {
        assert_eq!(fold(&array.to_uppercase()), array);
    }
}

#[test]
fn letters_beyond_ascii_are_lowered_too() {
    for (text, folded) in [
        ("FEHLER-Ä", "fehler-ä"),
        ("ОШИБКА", "ошибка"),
        ("ΛΆΘΟΣ", "λάθος"),
        ("İ", "i\u{307}"),
        ("重大", "重大"),
    ] {
        assert_eq!(fold(text), folded);
    }
}

#[test]
fn every_severity_has_its_rank() {
    let table = [
        ("debug", Rank::Debug),
        ("info", Rank::Info),
        ("success", Rank::Success),
        ("warn", Rank::Warning),
        ("err", Rank::Alert),
        ("fatal", Rank::Alert),
        ("unknown", Rank::Info),
        ("page", Rank::Info),
        ("[\"error\",\"critical\"]", Rank::Info),
    ];
    for (text, rank) in table {
        assert_eq!(Severity::fold(Some(text)).rank(), rank, "{text}");
    }
    assert!(Rank::Debug < Rank::Info && Rank::Info < Rank::Success);
    assert!(Rank::Success < Rank::Warning && Rank::Warning < Rank::Alert);
}

#[test]
fn the_severities_that_count_as_alerts_are_those_of_the_highest_rank() {
    for name in Severity::ALERTS {
        assert_eq!(Severity::fold(Some(name)).rank(), Rank::Alert);
    }
}

#[test]
fn a_text_that_lowering_turns_into_an_array_of_one_string_is_that_string() {
    assert_eq!(fold(r#"["\N"]"#), "unknown");
    assert_eq!(fold(r#"["A\TB"]"#), "a\tb");
}

#[test]
fn every_letter_folds_to_what_folds_to_itself() {
    for letter in '\0'..=char::MAX {
        let once = fold(&format!("a{letter}b"));
        assert_eq!(fold(&once), once, "{letter:?}");
    }
}

proptest! {
    #[test]
    fn folding_twice_is_folding_once(text in any::<String>()) {
        prop_assert_eq!(fold(&fold(&text)), fold(&text));
    }

    #[test]
    fn folding_what_looks_like_json_twice_is_folding_once(text in r#"[\[\]"\\ ,nuNUaA0-9]{0,12}"#) {
        let array = format!("[\"{text}\"]");
        for text in [text, array] {
            prop_assert_eq!(fold(&fold(&text)), fold(&text), "{}", text);
        }
    }

    #[test]
    fn an_array_of_one_string_folds_as_the_string(text in any::<String>()) {
        let array = serde_json::to_string(&[Cow::Borrowed(text.as_str())]).unwrap();
        prop_assert_eq!(fold(&array), fold(&text));
    }
}
