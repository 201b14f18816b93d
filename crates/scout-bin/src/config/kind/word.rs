//! Values out of a short list.

use std::fmt::Debug;

use super::{Kind, Meaning, Reading, Shape};
use crate::config::layer::Layer;

/// One of a few words.
#[derive(Debug)]
pub(crate) struct Choice<T: 'static> {
    pub(crate) options: &'static [(&'static str, T)],
    /// What any other text means in the environment, because it did to the Go service: an index of `options`.
    pub(crate) otherwise: Option<usize>,
}

impl<T> Choice<T> {
    /// The option that a text stands for.
    fn option(&self, text: &str, layer: Layer) -> Option<&'static (&'static str, T)> {
        let named = self.options.iter().find(|(name, _)| *name == text);
        let fallback = self.otherwise.filter(|_| layer == Layer::Environment);
        named.or_else(|| self.options.get(fallback?))
    }
}

impl<T: Copy + Sync + Debug> Kind for Choice<T> {
    type Value = T;

    fn read(&self, text: &str, layer: Layer) -> Reading<T> {
        match self.option(text, layer) {
            Some((name, value)) if *name == text => Ok((*value).into()),
            Some((name, value)) => Ok(Meaning { value: *value, note: Some(taken_as(name, &self.domain())) }),
            None => Err(format!("must be {}", self.domain())),
        }
    }

    fn plainly(&self, text: &str, layer: Layer) -> Option<String> {
        self.option(text, layer).map(|(name, _)| (*name).to_owned())
    }

    fn domain(&self) -> String {
        one_of(&self.choices())
    }

    fn choices(&self) -> Vec<&'static str> {
        self.options.iter().map(|(name, _)| *name).collect()
    }
}

fn taken_as(meaning: &str, domain: &str) -> String {
    format!("taken as {meaning}, as any text other than exactly {domain}")
}

pub(crate) fn one_of(names: &[&str]) -> String {
    match names {
        [rest @ .., last] if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        names => names.join(", "),
    }
}

/// `true` or `false`.
#[derive(Debug)]
pub(crate) struct Switch {
    /// In the environment any other text means false, because it did to the Go service.
    pub(crate) otherwise_false: bool,
}

impl Kind for Switch {
    type Value = bool;

    fn read(&self, text: &str, layer: Layer) -> Reading<bool> {
        match text {
            "true" => Ok(true.into()),
            "false" => Ok(false.into()),
            _ if self.otherwise_false && layer == Layer::Environment => {
                Ok(Meaning { value: false, note: Some(taken_as("false", &self.domain())) })
            }
            _ => Err(format!("must be {}", self.domain())),
        }
    }

    fn plainly(&self, text: &str, layer: Layer) -> Option<String> {
        self.read(text, layer).ok().map(|meaning| meaning.value.to_string())
    }

    fn domain(&self) -> String {
        one_of(&self.choices())
    }

    fn shape(&self) -> Shape {
        Shape::Boolean
    }

    fn choices(&self) -> Vec<&'static str> {
        vec!["true", "false"]
    }
}
