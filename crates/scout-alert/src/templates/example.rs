//! Templates tried out on notifications that stand for all.

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::value::{Enumerator, Object};
use minijinja::{Environment, Error, UndefinedBehavior, Value};
use scout_core::WallTime;
use scout_core::alerting::{AlertState, Notification, Reason};

use super::MAX_TEXT_BYTES;
use super::bounded::Bounded;
use super::environment::environment;
use super::variables::{NAMES, variables_with};

/// What stands for a label's value.
const LABEL: &str = "example";

/// Checks a template for alerts with these labels, or with any.
pub(super) fn check(text: &str, labels: Option<&[&str]>) -> Result<(), String> {
    let environment = environment(UndefinedBehavior::Strict);
    let template = environment.template_from_named_str("template", text).map_err(|error| sentence(&error))?;
    // A variable may stand where no example leads to.
    if let Some(name) = unknown(&environment, template.undeclared_variables(false)) {
        return Err(format!("unknown variable {name:?}; there are {}", NAMES.join(", ")));
    }
    let labels = labels.map_or_else(|| Value::from_object(AnyLabel), given);
    for example in examples() {
        let mut written = Bounded::new(MAX_TEXT_BYTES);
        let rendered = template.render_captured_to(variables_with(&example, labels.clone()), &mut written);
        if written.is_full() {
            return Err(format!("the text gets longer than {MAX_TEXT_BYTES} bytes"));
        }
        rendered.map_err(|error| sentence(&error))?;
    }
    Ok(())
}

/// The first by name, so that the same text gives the same sentence.
fn unknown(environment: &Environment<'_>, used: impl IntoIterator<Item = String>) -> Option<String> {
    let is_known =
        |name: &str| NAMES.contains(&name) || environment.globals().any(|(global, _)| global == name);
    used.into_iter().filter(|name| !is_known(name)).min()
}

/// The library's sentence, with the line if there is one.
fn sentence(error: &Error) -> String {
    let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
    let line = error.line().map(|line| format!(" (line {line})")).unwrap_or_default();
    format!("{}{detail}{line}", error.kind())
}

/// One that fires with a count, one that is over with a ratio, one that stands for many.
fn examples() -> [Notification; 3] {
    let at = WallTime::from_unix_ms(1_772_366_400_000);
    let firing = Notification::example(LABEL, AlertState::Firing, at);
    let mut over = Notification::example(LABEL, AlertState::Resolved, at);
    (over.value, over.threshold) = (0.25, 0.5);
    let mut many = over.clone();
    (many.reason, many.firings, many.is_lower_bound) = (Reason::CameAndWent, 3, true);
    [firing, over, many]
}

fn given(labels: &[&str]) -> Value {
    labels.iter().map(|&name| (name, Value::from(LABEL))).collect::<BTreeMap<_, _>>().into()
}

/// Labels of which each is there that is asked for.
#[derive(Debug)]
struct AnyLabel;

impl Object for AnyLabel {
    fn get_value(self: &Arc<Self>, _: &Value) -> Option<Value> {
        Some(LABEL.into())
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Str(&["alertname"])
    }
}
