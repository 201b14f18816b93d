//! Reads typed values out of the layers, and collects what is wrong with them.

use std::path::PathBuf;

use super::key::{AnyKey, Info, Key};
use super::keys;
use super::kind::Kind;
use super::layer::{Found, Layer, Layers, Texts};
use super::problem::{Origin, Problem, Warning};

/// One reading of a configuration. It goes on after a bad value, so that all of them can be told at once.
#[derive(Debug)]
pub(crate) struct Reader {
    layers: Layers,
    file: Option<PathBuf>,
    pub(crate) problems: Vec<Problem>,
    pub(crate) warnings: Vec<Warning>,
}

impl Reader {
    pub(crate) fn new(layers: Layers, file: Option<PathBuf>) -> Self {
        Self { layers, file, problems: Vec::new(), warnings: Vec::new() }
    }

    /// Goes on with other layers, in which these texts hold; warns of what was set in vain.
    pub(crate) fn overrule(&mut self, fixed: &Texts, layers: Layers) {
        for (key, text) in fixed.iter().filter_map(|(path, text)| Some((keys::by_path(path)?, text))) {
            let is_other = |found: Found| found.layer != Layer::Default && found.text != *text;
            if self.find(key.info()).is_some_and(is_other) {
                self.warn(key, "not used, since this command sets it itself".to_owned());
            }
        }
        self.layers = layers;
    }

    /// The value of a key that has a default. After a problem it is an arbitrary one, which nobody will see.
    pub(crate) fn get<K: Kind<Value: Default>>(&mut self, key: &Key<K>) -> K::Value {
        self.optional(key).unwrap_or_default()
    }

    /// The value of a key that may be unset.
    pub(crate) fn optional<K: Kind>(&mut self, key: &Key<K>) -> Option<K::Value> {
        let found = self.layers.find(&key.info)?;
        match key.kind.read(&found.text, found.layer) {
            Ok(meaning) => {
                if let Some(note) = meaning.note {
                    self.warn(key, note);
                }
                Some(meaning.value)
            }
            Err(reason) => {
                self.refuse(key, reason);
                None
            }
        }
    }

    /// The effective text and its layer.
    pub(crate) fn find(&self, key: &Info) -> Option<Found> {
        self.layers.find(key)
    }

    /// Whether somebody set the key; a default does not count.
    pub(crate) fn is_set(&self, key: &Info) -> bool {
        self.find(key).is_some_and(|found| found.layer != Layer::Default)
    }

    pub(crate) fn origin(&self, layer: Layer) -> Origin {
        Origin { layer, file: self.file.clone().filter(|_| layer == Layer::File) }
    }

    /// Notes that the key's value is not accepted.
    pub(crate) fn refuse(&mut self, key: &dyn AnyKey, reason: String) {
        let (name, value, origin) = self.as_written(key);
        self.problems.push(Problem::Invalid { name, value, origin, reason });
    }

    /// Notes something about the key's value, or about its being unset.
    pub(crate) fn warn(&mut self, key: &dyn AnyKey, text: String) {
        let (name, value, origin) = self.as_written(key);
        self.warnings.push(Warning { name, value, origin, text });
    }

    /// The key's name and value as their author wrote them, as far as the value may be seen. An unset key goes by
    /// its variable, which most know it by.
    fn as_written(&self, key: &dyn AnyKey) -> (String, Option<String>, Origin) {
        let info = key.info();
        let Some(Found { text, layer }) = self.find(info) else {
            return (info.env.to_owned(), None, self.origin(Layer::Default));
        };
        let value = (!info.secret).then(|| key.shown(&text));
        (info.name_in(layer), value, self.origin(layer))
    }
}
