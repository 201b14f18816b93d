//! A table of the file whose keys are no keys of the one table: a rule, or a receiver.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use figment::value::{Dict, Value};

use super::file::scalar;
use super::kind::Kind as _;
use super::kind::number::Span;
use super::kind::word::{Choice, one_of};
use super::layer::Layer;
use super::nearest::nearest;
use super::problem::{Origin, Problem, masked};

/// Reads values key by key, and collects what is wrong with them. An empty text or list is the same as none.
#[derive(Debug)]
pub(crate) struct Table<'a> {
    /// How problems call it, such as `rules.Errors`; empty for a whole file.
    name: String,
    values: &'a Dict,
    origin: &'a Origin,
    pub(crate) problems: Vec<Problem>,
}

impl<'a> Table<'a> {
    pub(crate) fn new(name: String, values: &'a Dict, origin: &'a Origin) -> Self {
        Self { name, values, origin, problems: Vec::new() }
    }

    /// A path that is taken from the file's own folder on, as it stands in the file.
    pub(crate) fn beside_file(&self, path: &str) -> PathBuf {
        let folder = self.origin.file.as_deref().and_then(Path::parent);
        folder.unwrap_or(Path::new("")).join(path)
    }

    /// What the key is set to.
    pub(crate) fn get(&self, key: &str) -> Option<&'a Value> {
        self.values.get(key).filter(|value| match value {
            Value::String(_, text) => !text.is_empty(),
            Value::Array(_, items) => !items.is_empty(),
            _ => true,
        })
    }

    /// Whether the key is there, and set to nothing.
    pub(crate) fn holds_nothing(&self, key: &str) -> bool {
        self.values.contains_key(key) && self.get(key).is_none()
    }

    /// The keys that are set to something.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &'a str> {
        let values = self.values;
        values.keys().map(String::as_str).filter(|key| self.get(key).is_some())
    }

    /// The key as problems name it.
    fn path(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    /// Tables in a list, each with the name that problems give it: people count from one.
    pub(crate) fn tables(&mut self, key: &str) -> Vec<Table<'a>> {
        let Some(value) = self.get(key) else { return Vec::new() };
        let items = value.as_array().unwrap_or_default();
        let tables: Option<Vec<&Dict>> = items.iter().map(Value::as_dict).collect();
        let Some(tables) = tables.filter(|tables| !tables.is_empty()) else {
            self.refuse(key, "must be a list of tables");
            return Vec::new();
        };
        let named = tables.into_iter().zip(1..);
        named
            .map(|(values, number)| Table::new(format!("{}[{number}]", self.path(key)), values, self.origin))
            .collect()
    }

    /// Notes that a key's value is not accepted.
    pub(crate) fn refuse(&mut self, key: &str, reason: impl Into<String>) {
        let value = self.values.get(key).and_then(scalar).map(|text| masked(&text));
        self.note(key, value, reason.into());
    }

    /// Notes that one of the texts that a key is set to is not accepted.
    pub(crate) fn refuse_item(&mut self, key: &str, item: &str, reason: impl Into<String>) {
        self.note(key, Some(masked(item)), reason.into());
    }

    /// Notes that a key's value is not accepted, which may be a secret.
    pub(crate) fn refuse_hidden(&mut self, key: &str, reason: impl Into<String>) {
        self.note(key, None, reason.into());
    }

    fn note(&mut self, key: &str, value: Option<String>, reason: String) {
        let name = self.path(key);
        self.problems.push(Problem::Invalid { name, value, origin: self.origin.clone(), reason });
    }

    /// Notes that a key is not set that has to be.
    pub(crate) fn missing(&mut self, key: &str, reason: &str) {
        let name = self.path(key);
        self.problems.push(Problem::Missing { name, reason: format!("{reason} ({})", self.origin) });
    }

    /// Refuses whatever is none of these keys.
    pub(crate) fn only(&mut self, known: &[&'static str]) {
        for key in self.values.keys().filter(|key| !known.contains(&key.as_str())) {
            self.problems.push(Problem::UnknownKey {
                name: self.path(key),
                nearest: nearest(key, known.iter().copied()),
                origin: self.origin.clone(),
            });
        }
    }

    pub(crate) fn text(&mut self, key: &str) -> Option<&'a str> {
        let value = self.get(key)?;
        let text = value.as_str();
        if text.is_none() {
            self.refuse(key, "must be text in quotes");
        }
        text
    }

    /// A text that must not be shown.
    pub(crate) fn secret(&mut self, key: &str) -> Option<&'a str> {
        let value = self.get(key)?;
        let text = value.as_str();
        if text.is_none() {
            self.refuse_hidden(key, "must be text in quotes");
        }
        text
    }

    /// A list of texts, or one text with commas between them.
    pub(crate) fn texts(&mut self, key: &str) -> Option<Vec<&'a str>> {
        let texts = match self.get(key)? {
            Value::String(_, text) => text.split(',').map(|text| Some(text.trim())).collect(),
            Value::Array(_, items) => items.iter().map(Value::as_str).collect::<Option<Vec<_>>>(),
            _ => None,
        };
        if texts.is_none() {
            self.refuse(key, "must be a list of texts in quotes");
        }
        texts
    }

    /// Texts by name.
    pub(crate) fn named_texts(&mut self, key: &str) -> Option<BTreeMap<&'a str, &'a str>> {
        let Value::Dict(_, inner) = self.get(key)? else {
            self.refuse(key, "must be a table of texts, such as { name = \"text\" }");
            return None;
        };
        let mut texts = BTreeMap::new();
        for (name, value) in inner {
            match value.as_str() {
                Some("") => {}
                Some(text) => drop(texts.insert(name.as_str(), text)),
                None => {
                    let value = scalar(value).map(|text| masked(&text));
                    self.note(&format!("{key}.{name}"), value, "must be text in quotes".to_owned());
                }
            }
        }
        Some(texts)
    }

    /// A number that is one.
    pub(crate) fn number(&mut self, key: &str) -> Option<f64> {
        let value = self.get(key)?;
        let number = match value {
            Value::Num(_, number) => number.to_f64().or_else(|| number.to_i128().map(|whole| whole as f64)),
            _ => None,
        };
        let number = number.filter(|number| number.is_finite());
        if number.is_none() {
            self.refuse(key, "must be a number without quotes");
        }
        number
    }

    pub(crate) fn whole(&mut self, key: &str, range: RangeInclusive<u64>) -> Option<u64> {
        let value = self.get(key)?;
        let whole = value.to_i128().filter(|_| matches!(value, Value::Num(..)));
        let accepted =
            whole.and_then(|whole| u64::try_from(whole).ok()).filter(|whole| range.contains(whole));
        if accepted.is_none() {
            let (min, max) = range.into_inner();
            self.refuse(key, format!("must be a whole number from {min} to {max}, without quotes"));
        }
        accepted
    }

    pub(crate) fn span(&mut self, key: &str, range: RangeInclusive<Duration>) -> Option<Duration> {
        let text = self.text(key)?;
        let (min, max) = range.into_inner();
        match (Span { min, max }).read(text, Layer::File) {
            Ok(meaning) => Some(meaning.value),
            Err(reason) => {
                self.refuse(key, reason);
                None
            }
        }
    }

    pub(crate) fn choice<T: Copy + Sync + Debug>(
        &mut self,
        key: &str,
        options: &'static [(&'static str, T)],
    ) -> Option<T> {
        let text = self.text(key)?;
        match (Choice { options, otherwise: None }).read(text, Layer::File) {
            Ok(meaning) => Some(meaning.value),
            Err(reason) => {
                self.refuse(key, reason);
                None
            }
        }
    }

    /// Some of a few words, each once.
    pub(crate) fn choices(&mut self, key: &str, options: &[&'static str]) -> Option<Vec<&'static str>> {
        let mut chosen = Vec::new();
        for text in self.texts(key)? {
            match options.iter().find(|option| **option == text) {
                Some(option) if chosen.contains(option) => {}
                Some(option) => chosen.push(*option),
                None => self.refuse_item(key, text, format!("must be {}", one_of(options))),
            }
        }
        Some(chosen)
    }
}
