//! The tokens of the API.

use super::*;

#[test]
fn of_both_keys_are_joined_without_blanks_and_repetitions() {
    let variables = [("AUTH_TOKEN", "one"), ("AUTH_TOKENS", "two, one,,three ,two")];
    let tokens = from_environment(&variables).unwrap().settings.http.tokens;
    let texts: Vec<&str> = tokens.iter().map(Secret::expose).collect();
    assert_eq!(texts, ["one", "two", "three"]);
}

#[test]
fn may_stand_in_the_file_as_a_list_or_a_text() {
    for list in ["[\"one\", \"two\"]", "\"one,two\""] {
        let loaded = from_file(&format!("[http]\nauth_tokens = {list}\n")).unwrap();
        assert_eq!(loaded.settings.http.tokens, [Secret::new("one"), Secret::new("two")]);
    }
    assert_eq!(
        problems(from_file("[http]\nauth_tokens = [\"hunter2,hunter3\"]\n")),
        ["invalid http.auth_tokens: must not contain commas within a text (file scout.toml)"]
    );
}

#[test]
fn that_no_request_can_match_are_a_warning() {
    for text in ["token\n", " token", "to\tken"] {
        let loaded = from_environment(&[("AUTH_TOKEN", text)]).unwrap();
        assert!(loaded.warnings[0].text.starts_with("no request can match it"), "{:?}", loaded.warnings);
        assert_eq!(loaded.settings.http.tokens, [Secret::new(text)]);
    }
}

#[test]
fn that_everybody_knows_are_a_warning() {
    let loaded = from_environment(&[("AUTH_TOKENS", "x,changeme")]).unwrap();
    assert_eq!(
        loaded.warnings[0].to_string(),
        "AUTH_TOKENS: holds the token \"changeme\", which everybody knows (environment)"
    );
}

#[test]
fn beyond_what_can_be_compared_each_time_are_refused() {
    let many = (0..65).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
    assert_eq!(
        problems(from_environment(&[("AUTH_TOKENS", &many)])),
        ["invalid AUTH_TOKENS: holds more than 64 tokens (environment)"]
    );
}
