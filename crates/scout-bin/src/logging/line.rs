//! One line an event.

use std::io::Write as _;

use serde_json::Value;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::fields::Fields;
use crate::config::LogFormat;

/// Where a line's time comes from.
pub type Timestamps = fn() -> jiff::Timestamp;

/// What the targets of Scout's own crates begin with.
pub(super) const OWN_TARGETS: &str = "scout";

/// Writes each event as one line, in one call, so that lines of several threads do not mix.
#[derive(Debug)]
pub(super) struct LineLayer<W> {
    format: LogFormat,
    timestamps: Timestamps,
    writer: W,
}

impl<W> LineLayer<W> {
    pub(super) fn new(format: LogFormat, timestamps: Timestamps, writer: W) -> Self {
        Self { format, timestamps, writer }
    }

    fn render(&self, metadata: &Metadata<'_>, mut fields: Fields) -> String {
        let message = fields.take_message();
        let mut line = Line::begin(self.format, (self.timestamps)(), *metadata.level(), message);
        for (name, value) in fields.iter() {
            match name {
                // A second key of the same name would hide the first from most readers.
                "time" | "level" | "msg" => line.push(&format!("{name}_"), value),
                _ => line.push(name, value),
            }
        }
        if !metadata.target().starts_with(OWN_TARGETS) {
            line.push("target", &metadata.target().into());
        }
        line.finish()
    }
}

impl<S, W> Layer<S> for LineLayer<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(of_span) = span.extensions().get::<Fields>() {
                fields.extend_from(of_span);
            }
        }
        let line = self.render(event.metadata(), fields);
        // A log that cannot be written has nobody to tell.
        drop(self.writer.make_writer_for(event.metadata()).write_all(line.as_bytes()));
    }
}

/// The line that stands in the place of those that were dropped.
pub(super) fn gap(format: LogFormat, at: jiff::Timestamp, dropped: u64) -> String {
    let mut line = Line::begin(format, at, Level::WARN, "log lines were dropped".to_owned());
    line.push("dropped", &dropped.into());
    line.finish()
}

/// A line under way.
struct Line {
    format: LogFormat,
    text: String,
}

impl Line {
    /// With what every line begins with.
    fn begin(format: LogFormat, at: jiff::Timestamp, level: Level, message: String) -> Self {
        let text = match format {
            LogFormat::Json => "{".to_owned(),
            LogFormat::Text => String::new(),
        };
        let mut line = Self { format, text };
        line.push("time", &at.to_string().into());
        line.push("level", &level.as_str().into());
        line.push("msg", &message.into());
        line
    }

    fn push(&mut self, name: &str, value: &Value) {
        match self.format {
            LogFormat::Json => {
                if self.text.len() > 1 {
                    self.text.push(',');
                }
                self.text.push_str(&Value::from(name).to_string());
                self.text.push(':');
                self.text.push_str(&value.to_string());
            }
            LogFormat::Text => {
                if !self.text.is_empty() {
                    self.text.push(' ');
                }
                self.text.push_str(name);
                self.text.push('=');
                match value {
                    Value::String(text) if is_bare(text) => self.text.push_str(text),
                    other => self.text.push_str(&other.to_string()),
                }
            }
        }
    }

    fn finish(mut self) -> String {
        if self.format == LogFormat::Json {
            self.text.push('}');
        }
        self.text.push('\n');
        self.text
    }
}

/// Whether a text can stand in a `key=value` line without quotes.
fn is_bare(text: &str) -> bool {
    !text.is_empty()
        && !text.contains(|letter: char| {
            letter.is_whitespace() || letter.is_control() || matches!(letter, '"' | '=' | '\\')
        })
}
