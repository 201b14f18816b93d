//! `scout.toml`: read, parsed, and flattened into the texts that all layers are made of.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use figment::providers::{Format, Toml};
use figment::value::{Dict, Value};

use super::key::AnyKey;
use super::keys;
use super::kind::Shape;
use super::layer::{Layer, Texts};
use super::nearest::nearest;
use super::problem::{Origin, Problem};

/// More than any configuration needs; a wrong path may lead to anything.
const FILE_BYTES: u64 = 1 << 20;

/// What a file says, and what is wrong with it.
#[derive(Debug, Default)]
pub(crate) struct ConfigFile {
    pub(crate) texts: Texts,
    /// What stands below `[[rules]]`.
    pub(crate) rules: Vec<Value>,
    /// What stands below `[receivers.NAME]`.
    pub(crate) receivers: Dict,
    pub(crate) problems: Vec<Problem>,
}

impl ConfigFile {
    /// Reads the file whole; a problem with one key does not hide those of others.
    pub(crate) fn read(path: &Path) -> Self {
        match read_table(path) {
            Ok(root) => {
                let mut file = Self::default();
                file.flatten(root, path);
                file
            }
            Err(problem) => Self { problems: vec![problem], ..Self::default() },
        }
    }

    fn flatten(&mut self, root: Dict, file: &Path) {
        let origin = Origin { layer: Layer::File, file: Some(file.to_owned()) };
        for (name, value) in root {
            let (name, value) = match (name.as_str(), value) {
                ("rules", Value::Array(_, rules)) => {
                    self.rules = rules;
                    continue;
                }
                ("receivers", Value::Dict(_, receivers)) => {
                    self.receivers = receivers;
                    continue;
                }
                ("rules", _) => {
                    self.refuse(name, "is a list of tables: each stands below [[rules]]", &origin);
                    continue;
                }
                ("receivers", _) => {
                    self.refuse(name, "is a section of tables: each stands below [receivers.NAME]", &origin);
                    continue;
                }
                (_, value) => (name, value),
            };
            if !is_section(&name) {
                // A dot in a bare name was quoted, and is not the dot between a section and its key.
                let key = keys::by_path(&name).filter(|_| !name.contains('.'));
                self.take(key, name, &value, &origin);
                continue;
            }
            let Value::Dict(_, section) = value else {
                let reason = format!("is a section: its keys stand below [{name}]");
                self.refuse(name, &reason, &origin);
                continue;
            };
            for (inner, value) in section {
                let path = format!("{name}.{inner}");
                self.take(keys::by_path(&path), path, &value, &origin);
            }
        }
    }

    fn refuse(&mut self, name: String, reason: &str, origin: &Origin) {
        let (reason, origin) = (reason.to_owned(), origin.clone());
        self.problems.push(Problem::Invalid { name, value: None, origin, reason });
    }

    fn take(&mut self, key: Option<&'static dyn AnyKey>, name: String, value: &Value, origin: &Origin) {
        let Some(key) = key else {
            let nearest = likely(&name);
            self.problems.push(Problem::UnknownKey { name, nearest, origin: origin.clone() });
            return;
        };
        match text_of(value, key.shape()) {
            Ok(text) => drop(self.texts.insert(key.info().path, text)),
            Err(reason) => {
                let value = if key.info().secret { None } else { scalar(value).map(|text| key.shown(&text)) };
                let reason = reason.to_owned();
                self.problems.push(Problem::Invalid { name, value, origin: origin.clone(), reason });
            }
        }
    }
}

/// A file of TOML as it is.
pub(crate) fn read_table(path: &Path) -> Result<Dict, Problem> {
    let parsed = contents(path).and_then(|text| parse(&text));
    parsed.map_err(|reason| Problem::File { path: path.to_owned(), reason })
}

fn contents(path: &Path) -> Result<String, String> {
    let reason = |error: std::io::Error| error.to_string().to_lowercase();
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(FILE_BYTES + 1).read_to_end(&mut bytes)).map_err(reason)?;
    if bytes.len() as u64 > FILE_BYTES {
        return Err(format!("longer than {FILE_BYTES} bytes"));
    }
    String::from_utf8(bytes).map_err(|_| "not valid UTF-8".to_owned())
}

/// The parser's error prints the line at fault, which may hold a secret: only its message and the place are told.
fn parse(text: &str) -> Result<Dict, String> {
    <Toml as Format>::from_str::<Dict>(text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        let before = text.get(..start).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|letter| *letter != '\n').count() + 1;
        let message = error.message().replace('\n', ", ");
        format!("no valid TOML at line {line}, column {column}: {message}")
    })
}

fn is_section(name: &str) -> bool {
    let starts = |path: &str| path.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
    keys::ALL.iter().any(|key| starts(key.info().path))
}

/// The key that was probably meant: one spelt alike, or one of that name in a section.
fn likely(name: &str) -> Option<&'static str> {
    let paths = || keys::ALL.iter().map(|key| key.info().path);
    let in_section = || {
        let bare = name.rsplit('.').next().unwrap_or(name);
        paths().find(|path| path.rsplit('.').next() == Some(bare) && *path != name)
    };
    nearest(name, paths()).or_else(in_section).or_else(|| {
        let sections = paths().filter_map(|path| path.split_once('.').map(|(section, _)| section));
        let sections = sections.chain(["rules", "receivers"]);
        nearest(name.split('.').next().unwrap_or(name), sections)
    })
}

/// The value as it would be written in the environment; else what it must be.
fn text_of(value: &Value, shape: Shape) -> Result<String, &'static str> {
    match (shape, value) {
        (Shape::Text | Shape::List, Value::String(_, text)) => Ok(text.clone()),
        (Shape::Integer, Value::Num(_, number)) => {
            number.to_i128().map(|number| number.to_string()).ok_or("must be a whole number")
        }
        (Shape::Boolean, Value::Bool(_, switch)) => Ok(switch.to_string()),
        (Shape::List, Value::Array(_, items)) => joined(items),
        (Shape::Text, _) => Err("must be text in quotes"),
        (Shape::Integer, _) => Err("must be a whole number without quotes"),
        (Shape::Boolean, _) => Err("must be true or false without quotes"),
        (Shape::List, _) => Err("must be a list of texts in quotes"),
    }
}

fn joined(items: &[Value]) -> Result<String, &'static str> {
    let texts: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
    let texts = texts.ok_or("must be a list of texts in quotes")?;
    if texts.iter().any(|text| text.contains(',')) {
        return Err("must not contain commas within a text");
    }
    Ok(texts.join(","))
}

pub(crate) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(_, text) => Some(text.clone()),
        Value::Bool(_, switch) => Some(switch.to_string()),
        Value::Num(_, number) => {
            number.to_i128().map(|n| n.to_string()).or_else(|| number.to_f64().map(|n| n.to_string()))
        }
        _ => None,
    }
}
