//! Variables of the environment, taken to the letter.

use super::*;

#[test]
fn is_taken_to_the_letter() {
    for text in ["00123", "true", "\"q\"", " sp ", "1.0", "[1,2]", "{a=1}", "null", "#x", "a=b"] {
        let loaded = from_environment(&[("REDIS_PASSWORD", text)]).unwrap();
        assert_eq!(loaded.settings.redis.password, Some(Secret::new(text)));
    }
}

#[test]
fn item_1_an_empty_variable_is_an_unset_one() {
    let (_folder, path) = file("[redis]\npassword = \"of the file\"\n");
    let environment = environment(&[("REDIS_PASSWORD", ""), ("SCOUT_INTERVAL", "")]);
    let loaded = load(&Sources { file: Some(path), environment, ..Sources::default() }).unwrap();
    assert_eq!(loaded.settings.redis.password, Some(Secret::new("of the file")));
    assert_eq!(loaded.settings.interval.text, "60s");
}

#[cfg(unix)]
#[test]
fn a_value_that_is_not_unicode_is_told_by_its_name() {
    use std::os::unix::ffi::OsStringExt as _;
    let broken = || OsString::from_vec(vec![b'a', 0xff]);
    let environment = Environment::from_os([
        ("REDIS_PASSWORD".into(), broken()),
        ("UNRELATED".into(), broken()),
        ("SCOUT_CONFIG".into(), broken()),
    ]);
    let result = load(&Sources { environment, ..Sources::default() });
    assert_eq!(
        problems(result),
        [
            "invalid REDIS_PASSWORD: is not valid UTF-8 (environment)",
            "invalid SCOUT_CONFIG: is not valid UTF-8 (environment)"
        ]
    );
}

#[test]
fn an_unknown_variable_of_ours_is_a_warning_with_the_likely_name() {
    let variables = [
        ("SCOUT_INTERVALL", "1s"),
        ("SCOUT_LOG_LEVEL", "x"),
        ("SCOUT_PORT", "9"),
        ("SCOUT_ZZZ", ""),
        ("ZZZ", ""),
    ];
    let loaded = from_environment(&variables).unwrap();
    assert_eq!(
        warnings(&loaded),
        [
            "SCOUT_INTERVALL: is no key of Scout's; did you mean SCOUT_INTERVAL? (environment)",
            "SCOUT_LOG_LEVEL: is no key of Scout's; did you mean LOG_LEVEL? (environment)",
            "SCOUT_PORT: is no key of Scout's; did you mean PORT? (environment)",
            "SCOUT_ZZZ: is no key of Scout's (environment)",
        ]
    );
    assert_eq!(loaded.settings.http.port, 8080);
}

#[test]
fn what_kubernetes_sets_for_a_service_named_scout_is_passed_over() {
    let loaded = from_environment(&[
        ("SCOUT_SERVICE_HOST", "10.0.0.1"),
        ("SCOUT_SERVICE_PORT", "80"),
        ("SCOUT_SERVICE_PORT_HTTP", "80"),
        ("SCOUT_PORT", "tcp://10.0.0.1:80"),
        ("SCOUT_PORT_80_TCP", "tcp://10.0.0.1:80"),
        ("SCOUT_PORT_80_TCP_PROTO", "tcp"),
        ("SCOUT_PORT_80_TCP_ADDR", "10.0.0.1"),
        ("SCOUT_WEB_PORT_80_UDP_PORT", "80"),
    ]);
    assert_eq!(warnings(&loaded.unwrap()), Vec::<String>::new());
}

#[test]
fn what_kubernetes_sets_for_a_service_named_redis_is_refused_with_the_way_out() {
    let result = from_environment(&[("REDIS_PORT", "tcp://10.0.0.1:6379")]);
    let texts = problems(result);
    assert_eq!(texts.len(), 1);
    assert!(
        texts[0].starts_with("invalid REDIS_PORT \"tcp://10.0.0.1:6379\": must be a port alone"),
        "{texts:?}"
    );
    assert!(texts[0].contains("enableServiceLinks"), "{texts:?}");
}
