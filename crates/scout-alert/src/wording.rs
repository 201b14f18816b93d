//! What is said of an alert, whoever it is said to.

use scout_core::alerting::{AlertState, Ended, Labels, Notification, Reason};

use crate::Templates;
use crate::number::Number;

/// The texts of a notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wording {
    /// One line, of the annotation `summary`.
    pub(crate) summary: String,
    /// The annotation `description`, and what a receiver should know that it may not say.
    pub(crate) description: String,
    /// The annotation `tags`, separated by commas.
    pub(crate) tags: String,
    /// The annotation `url`, if there is one.
    pub(crate) url: Option<String>,
    /// All other annotations.
    pub(crate) others: Labels,
}

impl Wording {
    pub(crate) fn of(notification: &Notification, templates: &Templates) -> Self {
        let mut rendered: Labels = notification
            .annotations
            .iter()
            .map(|(name, text)| (name.clone(), templates.render(text, notification).into_owned()))
            .collect();
        let mut take = |name: &str| rendered.remove(name).filter(|text| !text.is_empty());
        let rule = &notification.rule;
        let mut description = take("description").unwrap_or_else(|| measured(notification));
        for remark in remarks(notification, &description) {
            description.push('\n');
            description.push_str(&remark);
        }
        Self {
            summary: take("summary").unwrap_or_else(|| format!("Scout: {rule}")),
            description,
            tags: take("tags").unwrap_or_else(|| format!("scout,{rule}")),
            url: take("url"),
            others: rendered,
        }
    }

    /// All of it as annotations.
    pub(crate) fn into_annotations(self) -> Labels {
        let Self { summary, description, tags, url, others: mut annotations } = self;
        let texts = [
            ("summary", Some(summary)),
            ("description", Some(description)),
            ("tags", Some(tags)),
            ("url", url),
        ];
        for (name, text) in texts {
            annotations.extend(text.map(|text| (name.to_owned(), text)));
        }
        annotations
    }
}

/// What is said where the rule says nothing.
fn measured(notification: &Notification) -> String {
    let Notification { rule, value, threshold, .. } = notification;
    let (value, threshold) = (Number(*value), Number(*threshold));
    let at_least = if notification.is_lower_bound { "at least " } else { "" };
    match notification.key.state {
        AlertState::Firing => format!("{rule}: the value is {at_least}{value}, the threshold {threshold}."),
        AlertState::Resolved => {
            format!("{rule}: the value last was {at_least}{value} while it fired, the threshold {threshold}.")
        }
    }
}

/// What has to be said, and a rule's own description may leave out.
fn remarks(notification: &Notification, said: &str) -> Vec<String> {
    let mut remarks = Vec::new();
    if notification.is_lower_bound && !said.contains("at least") {
        remarks.push(format!("The value is at least {}, and perhaps more.", Number(notification.value)));
    }
    let firings = notification.firings;
    match (notification.reason, firings) {
        (Reason::CameAndWent, ..=1) => {
            remarks.push("It came and went before this could be sent.".to_owned());
        }
        (Reason::CameAndWent, _) => {
            remarks.push(format!("It came and went {firings} times before this could be sent."));
        }
        (_, 2..) => {
            remarks.push(format!("It fired {firings} times before this could be sent."));
        }
        _ => {}
    }
    if let Some((at, ended)) = notification.ended {
        let why = match ended {
            Ended::NoData => ": there is nothing to count any more",
            Ended::RuleRemoved => ": its rule is gone, or gives other labels",
            _ => "",
        };
        remarks.push(format!("It is over since {at}{why}."));
    }
    remarks
}
