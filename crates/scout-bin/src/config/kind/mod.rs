//! How the text of a key is read, and what it may be.

pub(crate) mod destination;
pub(crate) mod number;
pub(crate) mod remote;
pub(crate) mod word;

use std::path::PathBuf;

use super::layer::Layer;
use super::secret::Secret;

/// How a value is written in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Text,
    Integer,
    Boolean,
    /// A text, or a list of texts.
    List,
}

/// What a text means, with a note where its author may have meant something else.
#[derive(Debug)]
pub(crate) struct Meaning<V> {
    pub(crate) value: V,
    pub(crate) note: Option<String>,
}

impl<V> From<V> for Meaning<V> {
    fn from(value: V) -> Self {
        Self { value, note: None }
    }
}

/// The meaning of a text, or why it has none. The reason repeats no text that may be secret.
pub(crate) type Reading<V> = Result<Meaning<V>, String>;

/// A type of value.
pub(crate) trait Kind: Sync {
    type Value;

    /// Reads a text that is not empty. The environment may be read more leniently than the other layers, where
    /// the Go service took any text.
    fn read(&self, text: &str, layer: Layer) -> Reading<Self::Value>;

    /// The value as it would be written plainly, where an accepted text may say it otherwise. None for a text that
    /// is not accepted, and for kinds whose texts mean themselves.
    fn plainly(&self, _text: &str, _layer: Layer) -> Option<String> {
        None
    }

    /// The values it accepts, in words.
    fn domain(&self) -> String;

    fn shape(&self) -> Shape {
        Shape::Text
    }

    fn choices(&self) -> Vec<&'static str> {
        Vec::new()
    }
}

/// The longest name or path.
const TEXT_BYTES: usize = 512;

/// A name of somebody else's making.
#[derive(Debug)]
pub(crate) struct Name;

impl Kind for Name {
    type Value = String;

    fn read(&self, text: &str, _: Layer) -> Reading<String> {
        plain(text)?;
        Ok(text.to_owned().into())
    }

    fn domain(&self) -> String {
        "text".to_owned()
    }
}

/// Several names between commas.
#[derive(Debug)]
pub(crate) struct Names;

/// The most names that one key may hold.
const NAMES: usize = 16;

impl Kind for Names {
    type Value = Vec<String>;

    fn read(&self, text: &str, _: Layer) -> Reading<Vec<String>> {
        let mut names: Vec<String> = Vec::new();
        for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            plain(name)?;
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
        match names.len() {
            0 => Err("holds no name".to_owned()),
            1..=NAMES => Ok(names.into()),
            _ => Err(format!("holds more than {NAMES} names")),
        }
    }

    fn domain(&self) -> String {
        format!("up to {NAMES} names, between commas")
    }

    fn shape(&self) -> Shape {
        Shape::List
    }
}

pub(crate) fn plain(text: &str) -> Result<(), String> {
    if text.len() > TEXT_BYTES {
        return Err(format!("must not be longer than {TEXT_BYTES} bytes"));
    }
    if text.chars().any(char::is_control) {
        return Err("must not contain control characters".to_owned());
    }
    Ok(())
}

/// A folder, which need not exist yet.
#[derive(Debug)]
pub(crate) struct Folder;

impl Kind for Folder {
    type Value = PathBuf;

    fn read(&self, text: &str, _: Layer) -> Reading<PathBuf> {
        plain(text)?;
        Ok(PathBuf::from(text).into())
    }

    fn domain(&self) -> String {
        "path of a folder".to_owned()
    }
}

/// Any text, taken to the letter and never shown.
#[derive(Debug)]
pub(crate) struct Hidden;

impl Kind for Hidden {
    type Value = Secret;

    fn read(&self, text: &str, _: Layer) -> Reading<Secret> {
        Ok(Secret::new(text).into())
    }

    fn domain(&self) -> String {
        "text".to_owned()
    }
}
