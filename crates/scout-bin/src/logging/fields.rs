//! The fields of an event or a span, as JSON values.

use std::fmt;

use serde_json::Value;
use tracing::field::{Field, Visit};

/// Fields in the order in which they were recorded; a name stands once, with its last value.
#[derive(Debug, Default)]
pub(super) struct Fields(Vec<(&'static str, Value)>);

/// What tracing calls the text of an event.
const MESSAGE: &str = "message";

impl Fields {
    /// Takes the event's text out from among the fields.
    pub(super) fn take_message(&mut self) -> String {
        let Some(index) = self.0.iter().position(|(name, _)| *name == MESSAGE) else { return String::new() };
        match self.0.remove(index).1 {
            Value::String(text) => text,
            other => other.to_string(),
        }
    }

    /// Adds those of a surrounding span that are not there yet.
    pub(super) fn extend_from(&mut self, span: &Self) {
        for (name, value) in &span.0 {
            if !self.0.iter().any(|(known, _)| known == name) {
                self.0.push((name, value.clone()));
            }
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        self.0.iter().map(|(name, value)| (*name, value))
    }

    fn put(&mut self, field: &Field, value: Value) {
        match self.0.iter_mut().find(|(name, _)| *name == field.name()) {
            Some((_, old)) => *old = value,
            None => self.0.push((field.name(), value)),
        }
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        // JSON has no text for infinities.
        let number = serde_json::Number::from_f64(value);
        self.put(field, number.map_or_else(|| Value::String(value.to_string()), Value::Number));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value.into());
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        let causes = std::iter::successors(Some(value), |error| error.source());
        self.put(field, causes.map(ToString::to_string).collect::<Vec<_>>().join(": ").into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}").into());
    }
}
