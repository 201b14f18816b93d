//! What nothing may show.

use super::*;

const SECRETS: [(&str, &str); 5] = [
    ("REDIS_URL", "redis://:hunter2@redis.example"),
    ("REDIS_PASSWORD", "hunter2"),
    ("ALERT_PITCHER_TOKEN", "hunter2"),
    ("AUTH_TOKEN", "hunter2"),
    ("AUTH_TOKENS", "hunter2,hunter2b"),
];

#[test]
fn are_in_no_debug_text_no_warning_and_no_effective_value() {
    let environment = environment(&SECRETS);
    assert!(!format!("{environment:?}").contains("hunter2"));
    let mut overrides = Overrides::default();
    overrides.set("http.auth_token", "hunter2");
    let sources = Sources { environment, overrides, ..Sources::default() };
    assert!(!format!("{sources:?}").contains("hunter2"));
    let loaded = load(&sources).unwrap();
    assert!(!format!("{loaded:?}").contains("hunter2"));
    let hidden = loaded.effective.iter().filter(|row| row.value.as_deref() == Some("***")).count();
    assert_eq!(hidden, SECRETS.len());
}

#[test]
fn are_in_no_problem() {
    let bad =
        [("REDIS_URL", "redis://:hunter2@redis.example/3"), ("REDIS_ADDR", "redis://:hunter2@redis.example")];
    let error = from_environment(&bad).unwrap_err();
    assert_eq!(error.problems().len(), 2);
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    let error = from_file("[redis]\npassword = 424242\nurl = 424242\n").unwrap_err();
    assert_eq!(error.problems().len(), 2);
    assert!(!format!("{error} {error:?}").contains("424242"), "{error}");
}

#[test]
fn are_in_no_problem_with_a_url_that_only_its_user_refuses() {
    for url in [
        "redis://u:hunter2@redis:99999",
        "redis://u:hunter2@redis:hunter2",
        "redis://u:hunter2@redis:0",
        "redis://u:top#hunter2@redis/0",
        "redis://u:hunter2@redis/0?protocol=hunter2",
        "redis://u:%FFhunter2@redis",
        "rediss://u:hunter2@redis/#insecure",
    ] {
        let bad = [("REDIS_URL", url), ("ALERT_PITCHER_URL", "http://u:top#hunter2@pitcher")];
        let error = from_environment(&bad).unwrap_err();
        assert_eq!(error.problems().len(), 2, "{url}");
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    }
}

#[test]
fn show_nothing_of_themselves() {
    let secret = Secret::new("hunter2");
    assert_eq!(format!("{secret} {secret:?}"), "*** Secret(***)");
    assert_eq!(secret.expose(), "hunter2");
}
