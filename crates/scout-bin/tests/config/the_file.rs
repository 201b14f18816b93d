//! `scout.toml`.

use super::*;

#[test]
fn names_all_its_unknown_keys_and_the_likely_ones() {
    let text =
        "intervall = \"1s\"\nport = 1\n[redis]\nadr = \"x\"\n[redsi]\naddr = \"x\"\n[http.tls]\nx = 1\n";
    assert_eq!(
        problems(from_file(text)),
        [
            "unknown key http.tls (file scout.toml)",
            "unknown key intervall; did you mean interval? (file scout.toml)",
            "unknown key port; did you mean redis.port? (file scout.toml)",
            "unknown key redis.adr; did you mean redis.addr? (file scout.toml)",
            "unknown key redsi; did you mean redis? (file scout.toml)",
        ]
    );
}

#[test]
fn wants_each_value_in_its_own_type() {
    let text = "interval = 60\nredis = 5\n[http]\nport = \"8080\"\nmax_connections = 1.5\npitch = \"true\"\n\
                auth_token = 12345\nauth_tokens = [1]\n[log]\nlevel = { x = 1 }\n[retention]\nttl = 2026-01-01\n";
    assert_eq!(
        problems(from_file(text)),
        [
            "invalid http.auth_token: must be text in quotes (file scout.toml)",
            "invalid http.auth_tokens: must be a list of texts in quotes (file scout.toml)",
            "invalid http.max_connections \"1.5\": must be a whole number (file scout.toml)",
            "invalid http.pitch \"true\": must be true or false without quotes (file scout.toml)",
            "invalid http.port \"8080\": must be a whole number without quotes (file scout.toml)",
            "invalid interval \"60\": must be text in quotes (file scout.toml)",
            "invalid log.level: must be text in quotes (file scout.toml)",
            "invalid redis: is a section: its keys stand below [redis] (file scout.toml)",
            "invalid retention.ttl: must be text in quotes (file scout.toml)",
        ]
    );
}

#[test]
fn that_is_no_toml_is_told_by_place_and_never_by_its_text() {
    for (text, place) in [
        ("[redis]\npassword = hunter2\n", "line 2, column 12"),
        ("[redis]\npassword = 00hunter2\n", "line 2, column 1"),
        ("[redis]\npassword = \"hunter2\npassword = \"x\"\n", "line 2, column 20"),
        ("[redis]\npassword = \"hunter2\"\npassword = \"x\"\n", "line 3, column 1"),
    ] {
        let texts = problems(from_file(text));
        assert_eq!(texts.len(), 1);
        assert!(texts[0].contains("no valid TOML at"), "{texts:?}");
        assert!(texts[0].contains(place), "{texts:?}");
        assert!(!texts[0].contains("hunter2"), "{texts:?}");
    }
}

#[test]
fn that_cannot_be_read_is_told_by_its_path() {
    let path = PathBuf::from("/nonexistent/scout.toml");
    let error = load(&Sources { file: Some(path), ..Sources::default() }).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot use /nonexistent/scout.toml: no such file or directory (os error 2)"
    );
}

#[test]
fn that_is_no_text_or_too_long_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scout.toml");
    let reason = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        load(&Sources { file: Some(path.clone()), ..Sources::default() }).unwrap_err().to_string()
    };
    assert!(reason(b"a = \"\xff\"").ends_with("not valid UTF-8"));
    assert!(reason(&vec![b'\n'; (1 << 20) + 1]).ends_with("longer than 1048576 bytes"));
}
