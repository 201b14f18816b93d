//! Which layer wins, and how it is told.

use super::*;

#[test]
fn go_from_defaults_to_file_to_environment_to_flags() {
    let (_folder, path) = file("interval = \"10s\"\n[redis]\naddr = \"file\"\nport = 1\n[http]\nport = 2\n");
    let mut overrides = Overrides::default();
    overrides.set("http.port", "4");
    let environment = environment(&[("REDIS_ADDR", "environment"), ("PORT", "3")]);
    let loaded = load(&Sources { file: Some(path), environment, overrides, ..Sources::default() }).unwrap();
    assert_eq!(loaded.settings.interval.text, "10s");
    let address = RedisAddress::HostPort { host: "environment".to_owned(), port: 1 };
    assert_eq!(loaded.settings.redis.address, address);
    assert_eq!(loaded.settings.http.port, 4);
    assert_eq!(loaded.settings.redis.index, "messages");
}

#[test]
fn say_where_each_value_came_from() {
    let (_folder, path) = file("interval = \"10s\"\n");
    let mut overrides = Overrides::default();
    overrides.set("http.port", "4");
    let environment = environment(&[("REDIS_ADDR", "environment")]);
    let loaded =
        load(&Sources { file: Some(path.clone()), environment, overrides, ..Sources::default() }).unwrap();
    let of = |key: &str| {
        let row = loaded.effective.iter().find(|row| row.key == key).unwrap();
        (row.origin.to_string(), row.name.clone(), row.value.clone().unwrap_or_default())
    };
    let owned = |texts: [&str; 3]| (texts[0].to_owned(), texts[1].to_owned(), texts[2].to_owned());
    assert_eq!(of("interval"), owned([&format!("file {}", path.display()), "interval", "10s"]));
    assert_eq!(of("redis.addr"), owned(["environment", "REDIS_ADDR", "environment"]));
    assert_eq!(of("http.port"), owned(["flag", "--port", "4"]));
    assert_eq!(of("redis.port"), owned(["default", "redis.port", "6379"]));
}

#[test]
fn take_the_file_that_the_environment_names_unless_a_flag_names_another() {
    let (_one, by_environment) = file("[http]\nport = 1\n");
    let (_two, by_flag) = file("[http]\nport = 2\n");
    let environment = environment(&[("SCOUT_CONFIG", by_environment.to_str().unwrap())]);
    let sources = Sources { environment, ..Sources::default() };
    assert_eq!(load(&sources).unwrap().settings.http.port, 1);
    let sources = Sources { file: Some(by_flag), ..sources };
    assert_eq!(load(&sources).unwrap().settings.http.port, 2);
}

#[test]
fn refuse_an_override_of_a_key_that_does_not_exist() {
    let mut overrides = Overrides::default();
    overrides.set("http.prot", "4");
    let result = load(&Sources { overrides, ..Sources::default() });
    assert_eq!(problems(result), ["unknown key http.prot; did you mean http.port? (flag)"]);
}

#[test]
fn yield_to_what_is_fixed_with_a_warning_to_who_wanted_something_else() {
    let mut fixed = Overrides::default();
    for (path, text) in [("store.kind", "embedded"), ("store.data", "own"), ("interval", "1s")] {
        fixed.set(path, text);
    }
    let mut overrides = Overrides::default();
    overrides.set("store.data", "theirs");
    overrides.set("interval", "1s");
    let environment = environment(&[("SCOUT_STORE", "redis")]);
    let loaded = load(&Sources { environment, overrides, fixed, ..Sources::default() }).unwrap();
    let StoreSettings::Embedded { data, .. } = &loaded.settings.store else { panic!("{loaded:?}") };
    assert_eq!(data.to_str(), Some("own"));
    assert_eq!(
        warnings(&loaded),
        [
            r#"--data "theirs": not used, since this command sets it itself (flag)"#,
            r#"SCOUT_STORE "redis": not used, since this command sets it itself (environment)"#,
        ]
    );
}

#[test]
fn refuse_to_fix_a_key_that_does_not_exist() {
    let mut fixed = Overrides::default();
    fixed.set("store.knid", "embedded");
    let result = load(&Sources { fixed, ..Sources::default() });
    assert_eq!(problems(result), ["unknown key store.knid; did you mean store.kind? (flag)"]);
}
