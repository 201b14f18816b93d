//! What must hold for the table of keys as a whole, whichever keys are in it.

use std::collections::BTreeSet;

use super::key::AnyKey;
use super::kind::Shape;
use super::{Environment, Layer, Loaded, Overrides, Sources, keys, load};

/// A text that the key accepts in every layer.
fn text_of(key: &dyn AnyKey) -> &'static str {
    key.info().default.unwrap_or(key.info().example)
}

fn environment(variables: impl IntoIterator<Item = (&'static str, &'static str)>) -> Environment {
    Environment::from_os(variables.into_iter().map(|(name, text)| (name.into(), text.into())))
}

/// A file that sets this key alone.
fn file_with(key: &dyn AnyKey) -> tempfile::NamedTempFile {
    let text = match key.shape() {
        Shape::Integer | Shape::Boolean => text_of(key).to_owned(),
        Shape::Text | Shape::List => format!("{:?}", text_of(key)),
    };
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!("{} = {text}\n", key.info().path)).unwrap();
    file
}

/// What `http.pitch = true` needs, in the weakest possible place for each test.
fn load_with(file: &tempfile::NamedTempFile, environment: Environment, overrides: Overrides) -> Loaded {
    load(&Sources { file: Some(file.path().to_owned()), environment, overrides, ..Sources::default() })
        .unwrap()
}

fn layer_of(loaded: &Loaded, key: &dyn AnyKey) -> Layer {
    loaded.effective.iter().find(|row| row.key == key.info().path).unwrap().origin.layer
}

#[test]
fn every_key_is_read_from_each_layer_and_a_later_layer_overrides() {
    for key in keys::ALL {
        let info = key.info();
        // Without these the keys are refused; their own keys are set by the test itself.
        let needed = match info.path {
            "http.pitch" => Some(("AUTH_TOKEN", "token")),
            "alert.source_receivers" => Some(("ALERT_PITCHER_URL", "http://pitcher")),
            _ => None,
        };
        let with_needed =
            |variables: &[(&'static str, &'static str)]| environment(variables.iter().copied().chain(needed));
        let mut overrides = Overrides::default();
        overrides.set(info.path, text_of(*key));
        let empty = tempfile::NamedTempFile::new().unwrap();
        let file = file_with(*key);
        let variable = [(info.env, text_of(*key))];

        let cases = [
            (load_with(&empty, with_needed(&[]), Overrides::default()), Layer::Default),
            (load_with(&file, with_needed(&[]), Overrides::default()), Layer::File),
            (load_with(&file, with_needed(&variable), Overrides::default()), Layer::Environment),
            (load_with(&file, with_needed(&variable), overrides.clone()), Layer::Flag),
            (load_with(&file, with_needed(&[]), overrides), Layer::Flag),
            (load_with(&empty, with_needed(&variable), Overrides::default()), Layer::Environment),
        ];
        for (loaded, layer) in &cases {
            assert_eq!(layer_of(loaded, *key), *layer, "{}", info.path);
        }
    }
}

#[test]
fn an_empty_text_is_unset_in_every_layer() {
    for key in keys::ALL {
        let info = key.info();
        let file = tempfile::NamedTempFile::new().unwrap();
        if matches!(key.shape(), Shape::Text | Shape::List) {
            std::fs::write(file.path(), format!("{} = \"\"\n", info.path)).unwrap();
        }
        let mut overrides = Overrides::default();
        overrides.set(info.path, "");
        let loaded = load_with(&file, environment([(info.env, "")]), overrides);
        assert_eq!(layer_of(&loaded, *key), Layer::Default, "{}", info.path);
    }
}

#[test]
fn a_control_character_is_refused_by_every_key_that_is_not_taken_to_the_letter() {
    let to_the_letter = [
        "redis.password",
        "alert.pitcher_token",
        "http.auth_token",
        "http.auth_tokens",
        "log.level",
        "log.format",
    ];
    for key in keys::ALL.iter().filter(|key| !to_the_letter.contains(&key.info().path)) {
        let mut overrides = Overrides::default();
        overrides.set(key.info().path, format!("{}\u{7}", text_of(*key)));
        let error = load(&Sources { overrides, ..Sources::default() }).unwrap_err();
        assert_eq!(error.problems().len(), 1, "{error}");
    }
}

#[test]
fn paths_variables_and_flags_name_one_key_each() {
    let count = keys::ALL.len();
    let paths: BTreeSet<_> = keys::ALL.iter().map(|key| key.info().path).collect();
    let variables: BTreeSet<_> = keys::ALL.iter().map(|key| key.info().env).collect();
    assert_eq!((paths.len(), variables.len()), (count, count));
    let flags: Vec<_> = keys::ALL.iter().filter_map(|key| key.info().flag).collect();
    assert_eq!(flags.iter().collect::<BTreeSet<_>>().len(), flags.len());
    assert!(!variables.contains(keys::CONFIG_FILE_ENV));
}

#[test]
fn every_key_without_a_default_says_what_unset_means_and_gives_an_example() {
    for info in keys::ALL.iter().map(|key| key.info()) {
        let documented = !info.unset.is_empty() && !info.example.is_empty();
        assert!(info.default.is_some() != documented, "{}", info.path);
        assert!(info.help.ends_with('.'), "{}", info.path);
    }
}

#[test]
fn keys_of_one_section_stand_together_and_bare_ones_first() {
    let section = |key: &&dyn AnyKey| key.info().path.split_once('.').map_or("", |(section, _)| section);
    let mut seen: Vec<&str> = keys::ALL.iter().map(section).collect();
    seen.dedup();
    assert_eq!(seen.first(), Some(&""));
    assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), seen.len());
}

#[test]
fn a_misspelt_name_finds_its_neighbour_and_a_strange_one_finds_none() {
    let find = |name| super::nearest::nearest(name, ["redis.addr", "redis.port"].into_iter());
    assert_eq!(find("redis.adr"), Some("redis.addr"));
    assert_eq!(find("rediss.prot"), Some("redis.port"));
    assert_eq!(find("colour"), None);
    assert_eq!(find("redis.port"), None);
}

#[test]
fn what_stands_before_an_at_sign_is_masked_and_long_values_are_cut() {
    use super::problem::masked;
    assert_eq!(masked("http://user:pass@word@host/x"), "http://***@host/x");
    assert_eq!(masked("user:password@host"), "***@host");
    assert_eq!(masked("plain"), "plain");
    assert_eq!(masked(&"ä".repeat(121)), format!("{}…", "ä".repeat(120)));
}
