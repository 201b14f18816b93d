//! Configuration in layers: defaults < `scout.toml` < environment < flags.
//!
//! [`load`] merges the layers, reads every key of the one table of keys, and gives either [`Settings`] or every
//! problem at once.
//!
//! ```
//! use scout_bin::config::{Overrides, Sources, load};
//!
//! let mut overrides = Overrides::default();
//! overrides.set("http.port", "0");
//! let loaded = load(&Sources { overrides, ..Sources::default() })?;
//! assert_eq!(loaded.settings.http.port, 0);
//! assert_eq!(loaded.settings.interval.text, "60s");
//! # Ok::<(), scout_bin::config::ConfigError>(())
//! ```

mod alert;
mod assemble;
mod environment;
pub(crate) mod file;
mod key;
pub(crate) mod keys;
mod kind;
mod layer;
pub(crate) mod nearest;
pub(crate) mod problem;
mod reader;
mod receivers;
pub mod reference;
pub(crate) mod rules;
mod secret;
mod settings;
pub(crate) mod table;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::path::PathBuf;

pub use environment::Environment;
pub(crate) use key::AnyKey;
pub(crate) use kind::number::brief;
pub use layer::Layer;
pub use problem::{ConfigError, Origin, Problem, Warning};
pub(crate) use rules::words::in_words;
pub use secret::Secret;
pub use settings::{
    AlertSettings, HeartbeatSettings, HttpSettings, Interval, KubernetesSettings, Listen, LogFormat,
    LogLevel, LogSettings, ReceiverKind, ReceiverSettings, RedisAddress, RedisProtocol, RedisSettings,
    RetentionSettings, Settings, StoreSettings,
};

pub(crate) use alert::Purpose;
use alert::{Shown, Tables};
use file::ConfigFile;
use layer::{Layers, Texts};
use reader::Reader;

/// Where a configuration comes from, beside the defaults.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The file; when unset, the one that `SCOUT_CONFIG` names, else none.
    pub file: Option<PathBuf>,
    /// The environment.
    pub environment: Environment,
    /// What stands in place of the defaults: the weakest of all, as a program with habits of its own wants them.
    pub defaults: Overrides,
    /// What overrides all of them.
    pub overrides: Overrides,
    /// What overrides even that, with a warning to whoever has set something else.
    pub fixed: Overrides,
}

/// Values by path of key: the command line's flags, or what an embedding program sets.
#[derive(Clone, Default)]
pub struct Overrides(std::collections::BTreeMap<String, String>);

/// Paths only, since a value may be a secret.
impl std::fmt::Debug for Overrides {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_set().entries(self.0.keys()).finish()
    }
}

impl Overrides {
    /// Sets a key by its path in the file, such as `http.port`, to a text as the environment would have it.
    /// A path that is no key is a problem when the configuration is loaded; an empty text is the same as none.
    pub fn set(&mut self, path: impl Into<String>, text: impl Into<String>) {
        self.0.insert(path.into(), text.into());
    }

    fn texts(&self) -> Texts {
        let known = |(path, text): (&String, &String)| Some((keys::by_path(path)?.info().path, text.clone()));
        self.0.iter().filter_map(known).collect()
    }

    fn problems(&self) -> impl Iterator<Item = Problem> {
        self.0.keys().filter(|path| keys::by_path(path).is_none()).map(|path| Problem::UnknownKey {
            name: path.clone(),
            nearest: nearest::nearest(path, keys::ALL.iter().map(|key| key.info().path)),
            origin: Origin { layer: Layer::Flag, file: None },
        })
    }
}

/// A configuration that may be started with.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Loaded {
    /// What to work by.
    pub settings: Settings,
    /// What its author should know.
    pub warnings: Vec<Warning>,
    /// Every key in the order of the documents, then those of receivers and rules, with what holds for it and why.
    pub effective: Vec<Effective>,
}

/// What holds for one key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Effective {
    /// The key's path in the file.
    pub key: Cow<'static, str>,
    /// What is in effect, fit to be seen; `None` when unset.
    pub value: Option<String>,
    /// The text that stands for it, fit to be seen, where it is another one.
    pub written: Option<String>,
    /// Where it stands.
    pub origin: Origin,
    /// The variable or flag that carried it; the path otherwise.
    pub name: String,
}

/// Merges the layers and checks the whole.
///
/// # Errors
/// Every problem there is: an unreadable file, unknown keys, bad values, values that do not go together.
pub fn load(sources: &Sources) -> Result<Loaded, ConfigError> {
    load_for(Purpose::Serve, sources)
}

/// The same, for a purpose.
pub(crate) fn load_for(purpose: Purpose, sources: &Sources) -> Result<Loaded, ConfigError> {
    let environment = &sources.environment;
    let path = sources.file.clone().or_else(|| environment.get(keys::CONFIG_FILE_ENV).map(PathBuf::from));
    let file = path.as_deref().map(ConfigFile::read).unwrap_or_default();

    let mut defaults: Texts =
        keys::ALL.iter().filter_map(|key| Some((key.info().path, key.info().default?.to_owned()))).collect();
    defaults.extend(sources.defaults.texts());
    let layers = [
        (Layer::Default, &defaults),
        (Layer::File, &file.texts),
        (Layer::Environment, &environment.texts()),
        (Layer::Flag, &sources.overrides.texts()),
    ];
    let fixed = sources.fixed.texts();

    let mut reader = Reader::new(Layers::merge(layers), path);
    reader.overrule(&fixed, Layers::merge(layers.into_iter().chain([(Layer::Flag, &fixed)])));
    reader.problems.extend(file.problems.iter().cloned());
    reader.problems.extend(environment.problems());
    reader.problems.extend(sources.defaults.problems());
    reader.problems.extend(sources.overrides.problems());
    reader.problems.extend(sources.fixed.problems());
    reader.warnings.extend(environment.warnings());
    let tables = Tables { file: &file, environment, purpose };
    let (settings, shown) = assemble::settings(&mut reader, &tables);
    let of_keys = keys::ALL.iter().map(|key| effective(&reader, *key, &settings));
    let of_tables = shown.iter().flat_map(|shown| effective_of_table(&reader, shown));
    let effective = of_keys.chain(of_tables).collect();
    match ConfigError::of(reader.problems) {
        Some(error) => Err(error),
        None => Ok(Loaded { settings, warnings: reader.warnings, effective }),
    }
}

fn effective(reader: &Reader, key: &dyn AnyKey, settings: &Settings) -> Effective {
    let info = key.info();
    let found = reader.find(info);
    let layer = found.as_ref().map_or(Layer::Default, |found| found.layer);
    let (value, written) = match found {
        Some(found) => (Some(key.in_effect(&found.text, layer)), Some(key.shown(&found.text))),
        None => (assemble::implied(info, settings), None),
    };
    Effective {
        key: info.path.into(),
        written: written.filter(|written| Some(written) != value.as_ref()),
        value,
        origin: reader.origin(layer),
        name: info.name_in(layer),
    }
}

/// The keys of a receiver or a rule.
fn effective_of_table(reader: &Reader, shown: &Shown) -> Vec<Effective> {
    let row = |(key, value): &(String, String)| {
        let path = format!("{}.{key}", shown.path);
        // A label is set by the table of labels, and a secret perhaps by the file that it stands in.
        let is_set = shown
            .set
            .iter()
            .any(|set| set == key || key.starts_with(&format!("{set}.")) || *set == format!("{key}_file"));
        let (layer, name) = match shown.by {
            Some(by) => {
                let layer = reader.find(by.info()).map_or(Layer::Default, |found| found.layer);
                (layer, by.info().name_in(layer))
            }
            None if is_set => (Layer::File, path.clone()),
            None => (Layer::Default, path.clone()),
        };
        Effective {
            key: path.into(),
            value: Some(value.clone()),
            written: None,
            origin: reader.origin(layer),
            name,
        }
    };
    shown.rows.iter().map(row).collect()
}
