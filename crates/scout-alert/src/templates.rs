//! Annotations as templates.

mod bounded;
mod environment;
mod example;
mod variables;

use std::borrow::Cow;
use std::fmt;

use minijinja::{Environment, UndefinedBehavior, Value};
use scout_core::alerting::Notification;
use tracing::warn;

use bounded::Bounded;
use environment::environment;
use variables::variables;

/// The longest text that a template may make; what is beyond it is cut off.
const MAX_TEXT_BYTES: usize = 16 << 10;

/// Makes annotations' texts of their templates, in the language of Jinja.
///
/// A template knows these variables: `value` and `threshold` (numbers), `labels` (by name), `rule`, `severity`, `state`
/// (`firing` or `resolved`), `reason`, `starts_at` and `ends_at` (RFC3339; the latter is empty while the alert fires),
/// `firings` (a number), `at_least` (whether `value` is a lower bound), and `receiver`.
///
/// ```
/// use scout_alert::Templates;
///
/// assert!(Templates::check("{{ value }} errors in {{ labels.system }}").is_ok());
/// assert!(Templates::check("{{ valeu }} errors").unwrap_err().contains("valeu"));
/// ```
pub struct Templates(Environment<'static>);

impl Templates {
    /// Templates of these texts, compiled. Others are compiled whenever they are met, as those of an alert are whose rule has
    /// been changed since it fired.
    pub fn new<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut compiled = environment(UndefinedBehavior::Chainable);
        for text in texts {
            // What cannot be compiled is told by `check`, and sent as it is.
            drop(compiled.add_template_owned(text.to_owned(), text.to_owned()));
        }
        Self(compiled)
    }

    /// Whether a text is a template that works, whatever labels an alert has: for the start, before anything is sent.
    ///
    /// # Errors
    /// A sentence with what is wrong and in which line: syntax, an unknown variable, filter or function, a text that gets
    /// too long, a loop without end.
    pub fn check(text: &str) -> Result<(), String> {
        example::check(text, None)
    }

    /// The same for a rule whose alerts have these labels and no others.
    ///
    /// # Errors
    /// As [`Templates::check`]; a label that is none of these is unknown.
    pub fn check_with_labels(text: &str, labels: &[&str]) -> Result<(), String> {
        example::check(text, Some(labels))
    }

    /// The text that a template makes of a notification, without white space around it. A template that fails is better
    /// sent as it is than not at all.
    pub fn render<'a>(&self, text: &'a str, notification: &Notification) -> Cow<'a, str> {
        if !text.contains('{') {
            return bounded::cut(text.trim(), MAX_TEXT_BYTES).into();
        }
        match self.try_render(text, variables(notification)) {
            Ok(rendered) => rendered.trim().to_owned().into(),
            Err(error) => {
                let (rule, reason) = (&*notification.rule, error.detail().unwrap_or_default());
                warn!(rule, kind = %error.kind(), reason, "a template failed, its text is sent as it is");
                bounded::cut(text.trim(), MAX_TEXT_BYTES).into()
            }
        }
    }

    fn try_render(&self, text: &str, variables: Value) -> Result<String, minijinja::Error> {
        let mut written = Bounded::new(MAX_TEXT_BYTES);
        let rendered = if let Ok(compiled) = self.0.get_template(text) {
            compiled.render_captured_to(variables, &mut written).map(drop)
        } else {
            let compiled = self.0.template_from_named_str("template", text)?;
            compiled.render_captured_to(variables, &mut written).map(drop)
        };
        match rendered {
            Err(error) if !written.is_full() => Err(error),
            _ => Ok(written.into_text()),
        }
    }
}

impl fmt::Debug for Templates {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Templates({})", self.0.templates().count())
    }
}
