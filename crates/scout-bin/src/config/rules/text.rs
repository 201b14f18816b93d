//! What a rule's alerts carry along: labels, annotations, severity, and who is told.

use std::sync::Arc;

use scout_alert::Templates;
use scout_core::alerting::{GroupBy, Labels, MAX_RULE_TEXT};

use crate::config::kind::plain;
use crate::config::nearest::nearest;
use crate::config::problem::Suggestion;
use crate::config::table::Table;

/// Labels that Scout sets itself.
const OWN_LABELS: [&str; 3] = ["alertname", "system", "message_severity"];

/// The severity of alerts unless it is said.
const SEVERITY: &str = "warning";

pub(super) fn labels(table: &mut Table<'_>) -> Labels {
    let mut labels = Labels::new();
    for (name, text) in table.named_texts("labels").unwrap_or_default() {
        let key = format!("labels.{name}");
        if let Err(reason) = check_name(name) {
            table.refuse_item(&key, text, reason);
        } else if OWN_LABELS.contains(&name) {
            table.refuse_item(&key, text, "is a label that Scout sets itself");
        } else if name == "severity" {
            table.refuse_item(&key, text, "is a key of its own: severity");
        } else if let Err(reason) = plain(text) {
            table.refuse_item(&key, text, reason);
        } else {
            labels.insert(name.to_owned(), text.to_owned());
        }
    }
    labels
}

/// Templates, which may ask for the labels that the rule's alerts have.
pub(super) fn annotations(table: &mut Table<'_>, labels: &Labels, group_by: GroupBy) -> Labels {
    let mut annotations = Labels::new();
    let [name, system, severity] = OWN_LABELS;
    let own = [(name, true), (system, group_by.system), (severity, group_by.severity)];
    let own = own.into_iter().filter(|(_, is_there)| *is_there).map(|(name, _)| name);
    let known: Vec<&str> = own.chain(labels.keys().map(String::as_str)).collect();
    for (name, text) in table.named_texts("annotations").unwrap_or_default() {
        let checked = check_name(name)
            .and_then(|()| check_template_length(text))
            .and_then(|()| Templates::check_with_labels(text, &known));
        match checked {
            Ok(()) => drop(annotations.insert(name.to_owned(), text.to_owned())),
            Err(reason) => table.refuse_item(&format!("annotations.{name}"), text, reason),
        }
    }
    annotations
}

/// As Prometheus names labels, so that receivers can do something with them.
fn check_name(name: &str) -> Result<(), String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let begins_well = name.bytes().next().is_some_and(|first| !first.is_ascii_digit());
    if name.len() > 128 || !begins_well || !name.bytes().all(is_plain) {
        return Err("as a name must be 1 to 128 letters, digits or _, and not begin with a digit".to_owned());
    }
    Ok(())
}

/// Before it is compiled, which takes as much of the stack as the text is deep.
fn check_template_length(text: &str) -> Result<(), String> {
    let bytes = text.len();
    if bytes > MAX_RULE_TEXT {
        Err(format!("is {bytes} bytes long, more than {MAX_RULE_TEXT}"))
    } else {
        Ok(())
    }
}

/// Each alert is stored with all of it.
pub(super) fn check_length(table: &mut Table<'_>, name: &str, labels: &Labels, annotations: &Labels) {
    let length = |texts: &Labels| texts.iter().map(|(name, text)| name.len() + text.len()).sum::<usize>();
    let bytes = name.len() + length(labels) + length(annotations);
    if bytes > MAX_RULE_TEXT {
        let longest = if length(labels) > length(annotations) { "labels" } else { "annotations" };
        let reason =
            format!("name, labels and annotations are {bytes} bytes together, more than {MAX_RULE_TEXT}");
        table.refuse_hidden(longest, reason);
    }
}

/// The severity of the alerts, in its spelling.
pub(super) fn severity(table: &mut Table<'_>) -> Arc<str> {
    let text = table.text("severity").unwrap_or(SEVERITY);
    if text.len() > 128 || text.trim() != text || text.chars().any(char::is_control) {
        table.refuse("severity", "must be up to 128 bytes without control characters or blanks around it");
    }
    text.into()
}

/// Who is told: all there are, unless it is said. Where it is not known who there is, any name will do.
pub(super) fn receivers(table: &mut Table<'_>, known: Option<&[Arc<str>]>) -> Vec<Arc<str>> {
    let Some(known) = known else {
        return table.texts("receivers").unwrap_or_default().into_iter().map(Arc::from).collect();
    };
    let Some(names) = table.texts("receivers") else {
        if table.holds_nothing("receivers") {
            table.refuse("receivers", "holds no name; without this key all receivers are told");
        }
        return known.to_vec();
    };
    let mut receivers: Vec<Arc<str>> = Vec::new();
    for name in names {
        match known.iter().find(|known| &***known == name) {
            Some(known) if receivers.contains(known) => {}
            Some(known) => receivers.push(Arc::clone(known)),
            None => {
                let suggestion = Suggestion(nearest(name, known.iter().map(|known| &**known)));
                table.refuse_item("receivers", name, format!("is the name of no receiver{suggestion}"));
            }
        }
    }
    receivers
}
