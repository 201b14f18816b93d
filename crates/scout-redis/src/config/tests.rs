use super::*;

fn url(text: &str) -> RedisConfig {
    RedisConfig::from_url(text).unwrap()
}

#[test]
fn a_url_may_leave_out_all_but_the_host() {
    assert_eq!(url("redis://redis").address, Address::Tcp("redis".to_owned(), 6379));
    assert_eq!(url("redis://redis").password, None);
    assert_eq!(url("redis://redis/0"), url("redis://redis"));
}

#[test]
fn user_and_password_are_percent_decoded() {
    let config = url("redis://sc%40ut:p%2Fw%23@redis:7000");
    assert_eq!(config.username.as_deref(), Some("sc@ut"));
    assert_eq!(config.password, Some(Password::new("p/w#")));
}

#[test]
fn a_password_may_stand_without_a_user() {
    let config = url("redis://:secret@redis");
    assert_eq!((config.username, config.password), (None, Some(Password::new("secret"))));
}

#[test]
fn rediss_means_tls() {
    assert_eq!(url("rediss://redis:6380").address, Address::Tls("redis".to_owned(), 6380));
}

#[test]
fn a_socket_is_an_address() {
    assert_eq!(url("unix:///run/redis.sock").address, Address::Unix("/run/redis.sock".into()));
}

#[test]
fn an_ipv6_address_needs_no_brackets_beside_its_port() {
    let expected = Address::Tcp("::1".to_owned(), 6379);
    assert_eq!(RedisConfig::tcp("::1", 6379).address, expected);
    assert_eq!(RedisConfig::tcp("[::1]", 6379).address, expected);
    assert_eq!(url("redis://[::1]").address, expected);
    assert_eq!(expected.to_string(), "[::1]:6379");
}

#[test]
fn the_protocol_can_be_chosen_in_the_url() {
    assert_eq!(url("redis://redis").protocol, Protocol::Auto);
    assert_eq!(url("redis://redis?protocol=resp2").protocol, Protocol::Resp2);
    assert_eq!(url("redis://redis?protocol=resp3").protocol, Protocol::Resp3);
}

#[test]
fn another_database_is_refused_with_a_reason() {
    for text in ["redis://:secret@redis/1", "unix:///run/redis.sock?db=1"] {
        let error = RedisConfig::from_url(text).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Refused);
        assert!(error.to_string().contains("database 1"), "{error}");
    }
}

#[test]
fn a_port_or_a_protocol_that_there_is_not_is_refused_with_what_there_is() {
    for (text, said) in [
        ("redis://redis:99999", "at most 65535"),
        ("redis://redis:abc", "at most 65535"),
        ("rediss://redis:0/0", "port 0"),
        ("redis://redis?protocol=resp9", "resp2 or resp3"),
    ] {
        let error = RedisConfig::from_url(text).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Refused);
        assert!(error.to_string().contains(said), "{text}: {error}");
    }
}

#[test]
fn no_error_repeats_the_password() {
    for text in [
        "redis://:secret@redis:port",
        "redis://:secret@",
        "http://:secret@redis",
        "redis://:secret@redis/x",
        "redis://:secret#1@redis",
        "redis://:secret@redis?protocol=secret",
        "redis://:%FFsecret@redis",
        "secret",
    ] {
        let error = RedisConfig::from_url(text).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
    }
}

#[test]
fn nothing_shows_the_password() {
    let config = url("redis://:secret@redis");
    assert!(!format!("{config:?}").contains("secret"));
    assert!(!config.address.to_string().contains("secret"));
}

#[test]
fn a_setting_that_cannot_work_is_named() {
    type Change = fn(&mut RedisConfig);
    let cases: [(&str, Change); 8] = [
        ("host", |config| config.address = Address::Tcp(String::new(), 1)),
        ("index", |config| config.index.clear()),
        ("stream", |config| config.stream.clear()),
        ("stall budget", |config| config.stall_budget = Duration::ZERO),
        ("connect timeout", |config| config.connect_timeout = Duration::ZERO),
        ("response timeout", |config| config.response_timeout = Duration::ZERO),
        ("share", |config| config.share = 0.6),
        ("share", |config| config.share = f64::NAN),
    ];
    for (name, change) in cases {
        let mut config = RedisConfig::tcp("redis", 6379);
        assert!(config.check().is_ok());
        change(&mut config);
        let error = config.check().unwrap_err();
        assert!(error.to_string().contains(name), "{name}: {error}");
    }
}
