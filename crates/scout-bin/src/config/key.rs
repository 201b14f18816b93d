//! What is known about one key of the configuration.

use super::kind::{Kind, Shape};
use super::layer::Layer;

/// A key: what it is called in each layer, what holds when it is unset, and how its text is read.
#[derive(Debug)]
pub(crate) struct Key<K> {
    pub(crate) info: Info,
    pub(crate) kind: K,
}

/// All about a key but how its text is read.
#[derive(Debug)]
pub(crate) struct Info {
    /// In the file: `section.name`, or a bare name.
    pub(crate) path: &'static str,
    /// The environment variable.
    pub(crate) env: &'static str,
    /// The long flag, without its dashes.
    pub(crate) flag: Option<&'static str>,
    /// As it would be written in the environment; `None` where unset has a meaning of its own.
    pub(crate) default: Option<&'static str>,
    /// What it means to be unset, for keys without a default.
    pub(crate) unset: &'static str,
    /// What the sample file shows for a key without a default.
    pub(crate) example: &'static str,
    /// Never shown.
    pub(crate) secret: bool,
    /// What this version leaves undone although the key is accepted; empty for keys in full function.
    pub(crate) planned: &'static str,
    /// One line.
    pub(crate) help: &'static str,
}

impl Info {
    /// The name under which the layer's author knows the key.
    pub(crate) fn name_in(&self, layer: Layer) -> String {
        match (layer, self.flag) {
            (Layer::Environment, _) => self.env.to_owned(),
            (Layer::Flag, Some(flag)) => format!("--{flag}"),
            _ => self.path.to_owned(),
        }
    }
}

impl<K> Key<K> {
    pub(crate) const fn new(path: &'static str, env: &'static str, kind: K, help: &'static str) -> Self {
        let info = Info {
            path,
            env,
            flag: None,
            default: None,
            unset: "",
            example: "",
            secret: false,
            planned: "",
            help,
        };
        Self { info, kind }
    }

    pub(crate) const fn flag(mut self, flag: &'static str) -> Self {
        self.info.flag = Some(flag);
        self
    }

    pub(crate) const fn default(mut self, text: &'static str) -> Self {
        self.info.default = Some(text);
        self
    }

    /// For a key without a default: what unset means, and an example for the sample file.
    pub(crate) const fn unset(mut self, meaning: &'static str, example: &'static str) -> Self {
        self.info.unset = meaning;
        self.info.example = example;
        self
    }

    pub(crate) const fn secret(mut self) -> Self {
        self.info.secret = true;
        self
    }

    pub(crate) const fn planned(mut self, undone: &'static str) -> Self {
        self.info.planned = undone;
        self
    }
}

/// A key of any kind, as the table lists it.
pub(crate) trait AnyKey: Sync {
    fn info(&self) -> &Info;
    fn shape(&self) -> Shape;
    /// The values it accepts, in words.
    fn domain(&self) -> String;
    /// The texts it accepts, where they can be listed.
    fn choices(&self) -> Vec<&'static str>;
    /// The text without what must not be seen.
    fn shown(&self, text: &str) -> String;
    /// What the text means, without what must not be seen.
    fn in_effect(&self, text: &str, layer: Layer) -> String;
}

impl<K: Kind> AnyKey for Key<K> {
    fn info(&self) -> &Info {
        &self.info
    }

    fn shape(&self) -> Shape {
        self.kind.shape()
    }

    fn domain(&self) -> String {
        self.kind.domain()
    }

    fn choices(&self) -> Vec<&'static str> {
        self.kind.choices()
    }

    fn shown(&self, text: &str) -> String {
        if self.info.secret { super::secret::HIDDEN.to_owned() } else { super::problem::masked(text) }
    }

    fn in_effect(&self, text: &str, layer: Layer) -> String {
        self.shown(self.kind.plainly(text, layer).as_deref().unwrap_or(text))
    }
}
