//! Alerts about the store itself.

use std::sync::Arc;
use std::time::Duration;

use super::outbox::Receivers;
use super::rule::RuleText;
use super::{Alert, Book, Ended, Fingerprint, Group, Labels, Record};
use crate::{MonoTime, Now, WallTime};

use super::alert::Waits;

/// The store cannot be read, or state cannot be written to it.
pub const SOURCE_UNREACHABLE: &str = "source_unreachable";

/// The store came back without the state that it had.
pub const SOURCE_RESET: &str = "source_reset";

/// Names that no rule may have.
pub(crate) const BUILT_IN: [&str; 2] = [SOURCE_UNREACHABLE, SOURCE_RESET];

/// How long a reset is shown.
const RESET_SHOWN: Duration = Duration::from_secs(300);

/// What is told of the store, and to whom.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceRules {
    /// How long the store must have been away.
    pub unreachable_for: Duration,
    /// How often it is told again that it still is.
    pub repeat_interval: Duration,
    /// Who is told.
    pub receivers: Vec<Arc<str>>,
}

impl SourceRules {
    fn text(&self, name: &str, severity: &str, summary: &str, description: &str) -> Arc<RuleText> {
        let annotations = [("summary", summary), ("description", description), ("tags", "scout,source")];
        Arc::new(RuleText {
            name: name.into(),
            severity: severity.into(),
            threshold: 1.0,
            annotations: annotations.map(|(name, text)| (name.to_owned(), text.to_owned())).into(),
            receivers: self.receivers.clone(),
            repeat_interval: self.repeat_interval,
        })
    }

    fn unreachable(&self) -> Arc<RuleText> {
        self.text(
            SOURCE_UNREACHABLE,
            "critical",
            "Scout: Store unreachable",
            "Messages cannot be read, or the state of alerts cannot be stored: nothing is judged until they can.",
        )
    }

    fn reset(&self) -> Arc<RuleText> {
        self.text(
            SOURCE_RESET,
            "warning",
            "Scout: Store was reset",
            "The store came back without the state of alerts that it had. What Scout remembers has been written back.",
        )
    }
}

fn labels(rule: &RuleText) -> Labels {
    [("alertname", &rule.name), ("severity", &rule.severity)]
        .map(|(name, value)| (name.to_owned(), value.to_string()))
        .into()
}

/// Makes the alert of a built-in rule fire, whether or not there is one already.
fn fire(book: &mut Book, rule: Arc<RuleText>, receivers: &Receivers, now: WallTime) {
    let labels = labels(&rule);
    let fingerprint = Fingerprint::of(&labels);
    if book.get(fingerprint).is_none() {
        book.insert(fingerprint, Record::new(Alert::new(rule, Group::default(), labels)));
    }
    let generation = book.next_generation(now);
    let at_once = Waits { hold_for: Duration::ZERO, keep_firing_for: Duration::ZERO };
    book.change(fingerprint, receivers, now, |record| {
        record.alert.value = 1.0;
        record.alert.holds(at_once, now, generation);
        true
    });
    book.change_meta(|meta| meta.generation = generation);
}

/// Ends the alert of a built-in rule that began no later than `before`.
fn end(book: &mut Book, name: &str, receivers: &Receivers, before: WallTime, now: WallTime) {
    let fires = |record: &Record| {
        let started = record.alert.firing.as_ref().map(|firing| firing.starts_at);
        record.alert.is_firing() && &*record.alert.rule.name == name && started.is_some_and(|at| at <= before)
    };
    let firing = book.records().find(|(_, record)| fires(record)).map(|(fingerprint, _)| fingerprint);
    if let Some(fingerprint) = firing {
        book.change(fingerprint, receivers, now, |record| {
            record.alert.end(Ended::Cleared, now);
            true
        });
    }
}

/// Raises `source_reset` in the book that has been written back.
pub(crate) fn was_reset(book: &mut Book, rules: &SourceRules, receivers: &Receivers, now: WallTime) {
    fire(book, rules.reset(), receivers, now);
}

/// Ends `source_reset` when it has been shown for long enough.
pub(crate) fn end_reset(book: &mut Book, receivers: &Receivers, now: WallTime) {
    end(book, SOURCE_RESET, receivers, now.minus(RESET_SHOWN), now);
}

/// Watches whether the store can be read and written, and keeps the alert about it, which needs no store.
#[derive(Debug, Default)]
pub(crate) struct SourceWatch {
    pub(crate) book: Book,
    unreadable_since: Option<MonoTime>,
    unwritable_since: Option<MonoTime>,
}

impl SourceWatch {
    /// The store was read, or could not be.
    pub(crate) fn read(&mut self, is_ok: bool, now: MonoTime) {
        note(&mut self.unreadable_since, is_ok, now);
    }

    /// State was written, or could not be.
    pub(crate) fn wrote(&mut self, is_ok: bool, now: MonoTime) {
        note(&mut self.unwritable_since, is_ok, now);
    }

    /// Raises or ends the alert. Only whoever `is_in_charge` raises it.
    pub(crate) fn judge(&mut self, rules: &SourceRules, receivers: &Receivers, is_in_charge: bool, now: Now) {
        let since = [self.unreadable_since, self.unwritable_since].into_iter().flatten().min();
        match since {
            Some(since) if now.mono.since(since) >= rules.unreachable_for => {
                if is_in_charge && !self.is_firing() {
                    fire(&mut self.book, rules.unreachable(), receivers, now.wall);
                }
            }
            Some(_) => {}
            None => end(&mut self.book, SOURCE_UNREACHABLE, receivers, now.wall, now.wall),
        }
    }

    fn is_firing(&self) -> bool {
        self.book.records().any(|(_, record)| record.alert.is_firing())
    }
}

fn note(since: &mut Option<MonoTime>, is_ok: bool, now: MonoTime) {
    if is_ok {
        *since = None;
    } else {
        since.get_or_insert(now);
    }
}
