//! Where a value can come from, weakest first, and the stack that figment makes of it.

use std::collections::BTreeMap;
use std::fmt;

use figment::value::{Dict, Map, Tag, Value};
use figment::{Figment, Metadata, Profile, Provider};

use super::key::Info;

/// A layer of configuration; a later one overrides an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Layer {
    /// What holds when nobody says anything.
    Default,
    /// `scout.toml`.
    File,
    /// Environment variables.
    Environment,
    /// The command line, or a program that embeds Scout.
    Flag,
}

impl Layer {
    const ALL: [Self; 4] = [Self::Default, Self::File, Self::Environment, Self::Flag];

    /// The layer's name in messages and in `scout config`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::File => "file",
            Self::Environment => "environment",
            Self::Flag => "flag",
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// Texts by the path of their key.
pub(crate) type Texts = BTreeMap<&'static str, String>;

/// One layer as figment takes it. Every value is a text, so that nobody guesses types: a password `00123`
/// stays what it is. An empty text is the same as none.
struct Texted<'a> {
    layer: Layer,
    texts: &'a Texts,
}

impl Provider for Texted<'_> {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.layer.name())
    }

    fn data(&self) -> figment::Result<Map<Profile, Dict>> {
        let mut root = Dict::new();
        for (path, text) in self.texts.iter().filter(|(_, text)| !text.is_empty()) {
            let value = Value::from(text.as_str());
            let Some((section, name)) = path.split_once('.') else {
                root.insert((*path).to_owned(), value);
                continue;
            };
            let inner =
                root.entry(section.to_owned()).or_insert_with(|| Value::Dict(Tag::Default, Dict::new()));
            if let Value::Dict(_, inner) = inner {
                inner.insert(name.to_owned(), value);
            }
        }
        Ok(Map::from([(Profile::Default, root)]))
    }
}

/// A key's effective text, and the layer it came from.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) text: String,
    pub(crate) layer: Layer,
}

/// All layers, merged.
#[derive(Debug)]
pub(crate) struct Layers {
    figment: Figment,
    merged: Value,
}

impl Layers {
    /// Merges the layers; one given later overrides one given earlier.
    pub(crate) fn merge<'a>(layers: impl IntoIterator<Item = (Layer, &'a Texts)>) -> Self {
        let figment = layers
            .into_iter()
            .fold(Figment::new(), |figment, (layer, texts)| figment.merge(Texted { layer, texts }));
        // Texts alone cannot fail to merge.
        let root = figment.data().ok().and_then(|mut profiles| profiles.remove(&Profile::Default));
        Self { figment, merged: Value::Dict(Tag::Default, root.unwrap_or_default()) }
    }

    /// What holds for the key; `None` when no layer sets it.
    pub(crate) fn find(&self, key: &Info) -> Option<Found> {
        let value = self.merged.find_ref(key.path)?;
        let text = value.as_str()?.to_owned();
        let name = &self.figment.get_metadata(value.tag())?.name;
        let layer = Layer::ALL.into_iter().find(|layer| layer.name() == name)?;
        Some(Found { text, layer })
    }
}
