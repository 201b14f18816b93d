//! The process' environment, as a value.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;

use super::keys;
use super::layer::{Layer, Texts};
use super::nearest::nearest;
use super::problem::{Origin, Problem, Suggestion, Warning};
use super::secret::Secret;

/// Variables that programs agree on for proxies.
const PROXIES: [&str; 6] = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"];

/// The variables of an environment. The binary reads the process' own once; tests and embedders bring a map.
#[derive(Clone, Default)]
pub struct Environment {
    texts: BTreeMap<String, String>,
    not_unicode: BTreeSet<String>,
}

/// Names only, since any variable may hold a secret.
impl std::fmt::Debug for Environment {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_set().entries(self.texts.keys()).entries(&self.not_unicode).finish()
    }
}

impl Environment {
    /// Takes variables as the operating system has them. One whose name is not Unicode is none of Scout's.
    pub fn from_os(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let mut environment = Self::default();
        for (name, value) in variables {
            let Ok(name) = name.into_string() else { continue };
            match value.into_string() {
                Ok(text) => drop(environment.texts.insert(name, text)),
                Err(_) => drop(environment.not_unicode.insert(name)),
            }
        }
        environment
    }

    /// A variable's text; `None` when it is unset or empty, which is the same.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.texts.get(name).map(String::as_str).filter(|text| !text.is_empty())
    }

    /// What is set of the variables that name proxies.
    pub(crate) fn proxies(&self) -> BTreeMap<&'static str, Secret> {
        let set = |name: &&'static str| Some((*name, Secret::new(self.get(name)?)));
        PROXIES.iter().filter_map(set).collect()
    }

    /// The texts of known keys.
    pub(crate) fn texts(&self) -> Texts {
        let set = |info: &super::key::Info| Some((info.path, self.get(info.env)?.to_owned()));
        keys::ALL.iter().filter_map(|key| set(key.info())).collect()
    }

    /// Known variables that hold something else than text.
    pub(crate) fn problems(&self) -> impl Iterator<Item = Problem> {
        known().filter(|name| self.not_unicode.contains(*name)).map(|name| Problem::Invalid {
            name: name.to_owned(),
            value: None,
            origin: origin(),
            reason: "is not valid UTF-8".to_owned(),
        })
    }

    /// Variables that look like keys and are none: at most worth a word, since Kubernetes makes such names too.
    pub(crate) fn warnings(&self) -> impl Iterator<Item = Warning> {
        let texts = self.texts.iter().map(|(name, text)| (name, text.as_str()));
        texts
            .chain(self.not_unicode.iter().map(|name| (name, "")))
            .filter(|(name, text)| {
                name.starts_with(PREFIX)
                    && !known().any(|known| known == *name)
                    && !is_service_link(name, text)
            })
            .map(|(name, _)| Warning {
                name: name.clone(),
                value: None,
                origin: origin(),
                text: format!("is no key of Scout's{}", Suggestion(likely(name))),
            })
    }
}

/// What Scout's own variables begin with; the older ones do not.
const PREFIX: &str = "SCOUT_";

fn origin() -> Origin {
    Origin { layer: Layer::Environment, file: None }
}

fn known() -> impl Iterator<Item = &'static str> {
    keys::ALL.iter().map(|key| key.info().env).chain([keys::CONFIG_FILE_ENV])
}

/// The variable that was probably meant.
fn likely(name: &str) -> Option<&'static str> {
    let bare = without_prefix(name);
    let known_as = |wanted: &str| known().find(|known| without_prefix(known) == wanted);
    known_as(bare).or_else(|| nearest(bare, known().map(without_prefix)).and_then(known_as))
}

/// The prefix does not count when names are compared, since the older ones have none.
fn without_prefix(name: &str) -> &str {
    name.strip_prefix(PREFIX).unwrap_or(name)
}

/// Whether Kubernetes made this variable for a Service whose name begins with `scout`
/// (`SCOUT_PORT=tcp://…`, `SCOUT_SERVICE_HOST`, `SCOUT_PORT_8080_TCP_ADDR`, …): its author wrote no key.
fn is_service_link(name: &str, text: &str) -> bool {
    let port_of_protocol = || {
        let (_, tail) = name.split_once("_PORT_")?;
        let (number, protocol) = tail.split_once('_')?;
        let protocol = protocol.split('_').next()?;
        Some(number.parse::<u16>().is_ok() && matches!(protocol, "TCP" | "UDP" | "SCTP"))
    };
    name.ends_with("_SERVICE_HOST")
        || name.ends_with("_SERVICE_PORT")
        || name.contains("_SERVICE_PORT_")
        || (name.ends_with("_PORT") && text.contains("://"))
        || port_of_protocol().unwrap_or(false)
}
