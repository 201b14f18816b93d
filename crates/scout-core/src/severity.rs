//! Severities, folded so that every producer's spelling of one counts as one.

use std::borrow::Cow;
use std::fmt;

/// A folded severity.
///
/// Folding trims, lowers the case and resolves the usual aliases; an array of one string, which the index hands out
/// as JSON text, is that string. A missing or blank severity is [`Severity::UNKNOWN`].
///
/// ```
/// use scout_core::Severity;
///
/// assert_eq!(Severity::fold(Some(" WARN ")).as_str(), "warning");
/// assert_eq!(Severity::fold(Some("page")).as_str(), "page");
/// assert_eq!(Severity::fold(None), Severity::UNKNOWN);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Severity<'a>(Cow<'a, str>);

/// How much a severity matters. Texts that are none of the platform's rank as [`Rank::Info`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rank {
    /// `debug`
    Debug,
    /// `info`, and every text that is not listed here.
    Info,
    /// `success`
    Success,
    /// `warning`
    Warning,
    /// `error` and `critical`, which catchers treat alike.
    Alert,
}

impl<'a> Severity<'a> {
    /// What a message without a severity counts as.
    pub const UNKNOWN: Severity<'static> = Severity(Cow::Borrowed(Self::UNKNOWN_NAME));

    /// The severities that count as alerts, in the order of their names.
    pub const ALERTS: [&'static str; 2] = ["critical", "error"];

    /// The severities that the platform's programs know. Whatever else is written, these keep their names.
    pub const KNOWN: [&'static str; 7] =
        ["critical", "error", "warning", "success", "info", "debug", Self::UNKNOWN_NAME];

    const UNKNOWN_NAME: &'static str = "unknown";

    /// Folds a severity as the index hands it out. Borrows where the text is folded already.
    pub fn fold(text: Option<&'a str>) -> Self {
        let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
            return Self::UNKNOWN;
        };
        if let Some(only) = only_string(text) {
            return Severity::fold(Some(&only)).into_owned();
        }
        if text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
            return Self(alias(text).map_or(Cow::Borrowed(text), Cow::Borrowed));
        }
        let lower = text.to_lowercase();
        // Lowering can turn `["\N"]`, which is no JSON, into an array of one string; a folded text must fold to itself.
        match only_string(&lower) {
            Some(only) => Severity::fold(Some(&only)).into_owned(),
            None => Self(alias(&lower).map_or(Cow::Owned(lower), Cow::Borrowed)),
        }
    }

    /// The folded text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// How much it matters.
    pub fn rank(&self) -> Rank {
        match self.as_str() {
            "debug" => Rank::Debug,
            "success" => Rank::Success,
            "warning" => Rank::Warning,
            "error" | "critical" => Rank::Alert,
            _ => Rank::Info,
        }
    }

    /// The same severity, independent of the text it was read from.
    pub fn into_owned(self) -> Severity<'static> {
        Severity(Cow::Owned(self.0.into_owned()))
    }
}

/// The string of a JSON array that holds nothing else.
fn only_string(text: &str) -> Option<String> {
    if !text.starts_with('[') {
        return None;
    }
    serde_json::from_str::<[String; 1]>(text).ok().map(|[only]| only)
}

fn alias(lower: &str) -> Option<&'static str> {
    match lower {
        "warn" => Some("warning"),
        "err" => Some("error"),
        "informational" => Some("info"),
        "fatal" | "crit" | "emerg" | "emergency" | "panic" => Some("critical"),
        _ => None,
    }
}

impl fmt::Display for Severity<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}
