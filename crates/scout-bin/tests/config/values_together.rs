//! Values that depend on each other.

use super::*;

#[test]
fn the_embedded_store_needs_a_folder() {
    assert_eq!(
        problems(from_environment(&[("SCOUT_STORE", "embedded")])),
        ["missing store.data (SCOUT_DATA, --data): the embedded store needs a folder for its file"]
    );
    let variables = [("SCOUT_STORE", "embedded"), ("SCOUT_DATA", "/data"), ("SCOUT_CACHE_BYTES", "1000000")];
    let settings = from_environment(&variables).unwrap().settings;
    let expected = StoreSettings::Embedded { data: PathBuf::from("/data"), cache_bytes: 1_000_000 };
    assert_eq!(settings.store, expected);
}

#[test]
fn a_folder_without_the_embedded_store_is_a_warning() {
    let loaded = from_environment(&[("SCOUT_DATA", "/data")]).unwrap();
    assert_eq!(
        warnings(&loaded),
        ["SCOUT_DATA \"/data\": not used, since store.kind is redis (environment)"]
    );
}

#[test]
fn what_is_said_about_redis_beside_the_embedded_store_is_a_warning() {
    let variables = [
        ("SCOUT_STORE", "embedded"),
        ("SCOUT_DATA", "/data"),
        ("REDIS_URL", "redis://:hunter2@redis.example"),
        ("REDIS_ADDR", "other"),
        ("REDIS_PASSWORD", "p"),
        ("SCOUT_STREAMS", "messages"),
        ("SCOUT_STALL_BUDGET", "1ms"),
    ];
    let why = "not used, since store.kind is embedded (environment)";
    assert_eq!(
        warnings(&from_environment(&variables).unwrap()),
        [
            format!("REDIS_URL: {why}"),
            format!("REDIS_ADDR \"other\": {why}"),
            format!("REDIS_PASSWORD: {why}"),
            format!("SCOUT_STREAMS \"messages\": {why}"),
            format!("SCOUT_STALL_BUDGET \"1ms\": {why}"),
        ]
    );
    assert_eq!(warnings(&from_environment(&variables[..2]).unwrap()), Vec::<String>::new());
}

#[test]
fn pitching_is_on_with_the_embedded_store_and_off_over_redis_unless_said_otherwise() {
    let embedded = [("SCOUT_STORE", "embedded"), ("SCOUT_DATA", "/data")];
    let pitch = |variables: &[(&str, &str)]| from_environment(variables).unwrap().settings.http.pitch;
    assert!(pitch(&embedded));
    assert!(!pitch(&[embedded[0], embedded[1], ("SCOUT_PITCH", "false")]));
    assert!(!pitch(&[("AUTH_TOKEN", "t")]));
    assert!(pitch(&[("AUTH_TOKEN", "t"), ("SCOUT_PITCH", "true")]));
    assert!(pitch(&[("AUTH_TOKENS", "t"), ("SCOUT_PITCH", "true")]));
}

#[test]
fn pitching_over_redis_without_a_token_is_refused() {
    assert_eq!(
        problems(from_environment(&[("SCOUT_PITCH", "true")])),
        [
            "invalid SCOUT_PITCH \"true\": over Redis, POST /pitch needs a token: set http.auth_token (AUTH_TOKEN) \
          (environment)"
        ]
    );
}

#[test]
fn a_url_of_redis_wins_over_address_and_port_and_says_so() {
    let variables =
        [("REDIS_URL", "rediss://redis.example:6380"), ("REDIS_ADDR", "other"), ("REDIS_PORT", "1")];
    let loaded = from_environment(&variables).unwrap();
    assert_eq!(loaded.settings.redis.address, RedisAddress::Url(Secret::new("rediss://redis.example:6380")));
    assert_eq!(
        warnings(&loaded),
        [
            "REDIS_ADDR \"other\": not used, since redis.url says where Redis is (environment)",
            "REDIS_PORT \"1\": not used, since redis.url says where Redis is (environment)",
        ]
    );
}

#[test]
fn a_url_without_a_user_takes_user_and_password_from_their_own_keys() {
    let variables =
        [("REDIS_URL", "redis://redis.example/0"), ("REDIS_USERNAME", "u"), ("REDIS_PASSWORD", "p")];
    let loaded = from_environment(&variables).unwrap();
    assert_eq!(loaded.settings.redis.username.as_deref(), Some("u"));
    assert_eq!(loaded.settings.redis.password, Some(Secret::new("p")));
    assert_eq!(warnings(&loaded), Vec::<String>::new());
}

#[test]
fn a_url_with_a_user_is_taken_alone_and_says_so() {
    let variables =
        [("REDIS_URL", "redis://:hunter2@redis.example"), ("REDIS_USERNAME", "u"), ("REDIS_PASSWORD", "p")];
    let loaded = from_environment(&variables).unwrap();
    assert_eq!((&loaded.settings.redis.username, &loaded.settings.redis.password), (&None, &None));
    assert_eq!(
        warnings(&loaded),
        [
            "REDIS_USERNAME \"u\": not used, since redis.url carries a user (environment)",
            "REDIS_PASSWORD: not used, since redis.url carries a user (environment)",
        ]
    );
}

#[test]
fn an_ipv6_address_of_redis_may_stand_in_brackets_or_without() {
    for text in ["::1", "[::1]"] {
        let settings = from_environment(&[("REDIS_ADDR", text)]).unwrap().settings;
        assert_eq!(settings.redis.address, RedisAddress::HostPort { host: "::1".to_owned(), port: 6379 });
    }
}

#[test]
fn the_streams_are_the_one_named_as_the_index_unless_said_otherwise() {
    let streams = |variables| from_environment(variables).unwrap().settings.redis.streams;
    assert_eq!(streams(&[]), ["messages"]);
    assert_eq!(streams(&[("REDISEARCH_INDEX", "other")]), ["other"]);
    let several = [("REDISEARCH_INDEX", "other"), ("SCOUT_STREAMS", " messages,alerts, ,alerts")];
    assert_eq!(streams(&several), ["messages", "alerts"]);
    assert_eq!(
        problems(from_environment(&[("SCOUT_STREAMS", " , ")])),
        ["invalid SCOUT_STREAMS \" , \": holds no name (environment)"]
    );
}

#[test]
fn a_share_of_redis_is_in_percent() {
    let share =
        |text| from_environment(&[("SCOUT_REDIS_SHARE", text)]).map(|loaded| loaded.settings.redis.share);
    let is = |share: f64, expected: f64| (share - expected).abs() < 1e-12;
    assert!(is(from_environment(&[]).unwrap().settings.redis.share, 0.01));
    assert!(is(share("2.5 %").unwrap(), 0.025));
    for bad in ["1", "0%", "51%", "-1%", "one%", "nan%", "%"] {
        let text = problems(from_environment(&[("SCOUT_REDIS_SHARE", bad)])).concat();
        assert!(text.contains("must be 0.1% to 50%"), "{bad}: {text}");
    }
}
