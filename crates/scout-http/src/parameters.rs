//! The parameters of a query string.

use std::fmt::Display;

use scout_core::{By, Query, Severity, Span, TimeOf};

use crate::percent::{Plus, decode};

/// How much of a bad value is repeated, in characters; no good one is longer.
const SHOWN: usize = 64;

/// The most systems that may be asked for.
const MAX_LIMIT: usize = 1000;

/// A parameter that some route takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    Window,
    Time,
    System,
    Severity,
    Limit,
    Step,
    By,
}

impl Name {
    pub(crate) const ALL: [Self; 7] =
        [Self::Window, Self::Time, Self::System, Self::Severity, Self::Limit, Self::Step, Self::By];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Window => "window",
            Self::Time => "time",
            Self::System => "system",
            Self::Severity => "severity",
            Self::Limit => "limit",
            Self::Step => "step",
            Self::By => "by",
        }
    }
}

/// What is wrong with a request, in a sentence for who sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BadRequest(pub(crate) String);

impl BadRequest {
    pub(crate) fn invalid(name: &str, value: &str, reason: impl Display) -> Self {
        Self(format!("invalid {name} {}: {reason}", shown(value)))
    }
}

/// A client's text in quotes, cut where it is longer than anything that makes sense.
fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{:?}…", &text[..end]),
        None => format!("{text:?}"),
    }
}

/// The values that were given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Parameters {
    given: Vec<(Name, String)>,
}

impl Parameters {
    /// Reads a query string on a route that takes these parameters. Without any parameter of ours it is somebody
    /// else's, and ignored.
    pub(crate) fn read(query: Option<&str>, taken: &[Name]) -> Result<Self, BadRequest> {
        let pairs: Vec<(&str, &str)> = query
            .unwrap_or_default()
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .collect();
        let names: Vec<Option<Name>> = pairs.iter().map(|(key, _)| name(key)).collect();
        if names.iter().all(Option::is_none) {
            return Ok(Self::default());
        }
        let mut given: Vec<(Name, String)> = Vec::with_capacity(pairs.len());
        for ((key, value), name) in pairs.into_iter().zip(names) {
            let Some(name) = name.filter(|name| taken.contains(name)) else {
                let key = decode(key, Plus::Space).unwrap_or_else(|| key.to_owned());
                return Err(BadRequest(format!("unknown parameter {}", shown(&key))));
            };
            if given.iter().any(|(known, _)| *known == name) {
                return Err(BadRequest::invalid(name.as_str(), value, "it is given more than once"));
            }
            let Some(value) = decode(value, Plus::Space) else {
                return Err(BadRequest::invalid(name.as_str(), value, "it is no percent-encoded UTF-8"));
            };
            given.push((name, value));
        }
        Ok(Self { given })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.given.is_empty()
    }

    /// What is counted.
    pub(crate) fn query(&self, max_limit: usize) -> Result<Query, BadRequest> {
        Ok(Query {
            window: self.span(Name::Window)?,
            time: self.choice(Name::Time, &[("event", TimeOf::Event), ("arrival", TimeOf::Arrival)])?,
            system: self.system()?,
            severity: self.get(Name::Severity).map(|text| Severity::fold(Some(text)).into_owned()),
            limit: self.limit(max_limit.min(MAX_LIMIT))?,
        })
    }

    pub(crate) fn step(&self) -> Result<Option<Span>, BadRequest> {
        self.span(Name::Step)
    }

    pub(crate) fn by(&self) -> Result<By, BadRequest> {
        self.choice(Name::By, &[("none", By::None), ("severity", By::Severity), ("system", By::System)])
    }

    fn get(&self, name: Name) -> Option<&str> {
        self.given.iter().find(|(given, _)| *given == name).map(|(_, value)| &**value)
    }

    fn span(&self, name: Name) -> Result<Option<Span>, BadRequest> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let invalid = |reason: &dyn Display| BadRequest::invalid(name.as_str(), text, reason);
        if text.chars().count() > SHOWN {
            return Err(invalid(&"it is too long for a duration"));
        }
        text.parse().map(Some).map_err(|error| invalid(&error))
    }

    fn system(&self) -> Result<Option<Box<str>>, BadRequest> {
        match self.get(Name::System) {
            Some(blank) if blank.trim().is_empty() => {
                Err(BadRequest::invalid(Name::System.as_str(), blank, "a system's name is not blank"))
            }
            system => Ok(system.map(Into::into)),
        }
    }

    fn limit(&self, most: usize) -> Result<Option<usize>, BadRequest> {
        let Some(text) = self.get(Name::Limit) else { return Ok(None) };
        // Parsing a number would let a sign pass.
        let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
        let limit = text.parse().ok().filter(|limit| is_digits && (1..=most).contains(limit));
        let reason = || format!("it has to be a number from 1 to {most}");
        limit.map(Some).ok_or_else(|| BadRequest::invalid(Name::Limit.as_str(), text, reason()))
    }

    /// The value of that name; the default where it is not given.
    fn choice<T: Copy + Default>(&self, name: Name, choices: &[(&str, T)]) -> Result<T, BadRequest> {
        let Some(text) = self.get(name) else { return Ok(T::default()) };
        let chosen = choices.iter().find(|(choice, _)| *choice == text).map(|(_, value)| *value);
        chosen.ok_or_else(|| {
            let choices: Vec<&str> = choices.iter().map(|(choice, _)| *choice).collect();
            BadRequest::invalid(name.as_str(), text, format!("it has to be one of {}", choices.join(", ")))
        })
    }
}

/// The parameter of that encoded name.
fn name(key: &str) -> Option<Name> {
    let key = decode(key, Plus::Space)?;
    Name::ALL.into_iter().find(|name| name.as_str() == key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &str) -> Result<Query, String> {
        let parameters = Parameters::read(Some(text), &Name::ALL).map_err(|error| error.0)?;
        parameters.query(1000).map_err(|error| error.0)
    }

    #[test]
    fn values_and_names_are_decoded() {
        let expected = Query {
            window: Some("1h30m".parse().unwrap()),
            time: TimeOf::Arrival,
            system: Some("org/repo +1".into()),
            severity: Some(Severity::fold(Some("warning"))),
            limit: Some(7),
        };
        let text = "&%77indow=1h30m&time=arrival&system=org%2Frepo+%2B1&severity=+WARN&limit=7&";
        assert_eq!(query(text), Ok(expected));
    }

    #[test]
    fn a_query_string_without_any_of_our_names_is_ignored() {
        for text in ["", "&", "x=%ff", "%ff=window", "Window=1m", "token=a&token=b", "=window"] {
            assert_eq!(query(text), Ok(Query::default()), "{text:?}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_value() {
        for (text, error) in [
            ("window=1m&x=1", "unknown parameter \"x\""),
            ("window=1m&%ff", "unknown parameter \"%ff\""),
            ("window=1m&window=2m", "invalid window \"2m\": it is given more than once"),
            ("window=%zz", "invalid window \"%zz\": it is no percent-encoded UTF-8"),
            ("window", "invalid window \"\": time: invalid duration \"\""),
            ("window=60", "invalid window \"60\": time: missing unit in duration \"60\""),
            ("window=0s", "invalid window \"0s\": it has to be longer than zero"),
            ("window=-1m", "invalid window \"-1m\": it has to be longer than zero"),
            ("time=Event", "invalid time \"Event\": it has to be one of event, arrival"),
            ("system=+", "invalid system \" \": a system's name is not blank"),
            ("limit=0", "invalid limit \"0\": it has to be a number from 1 to 1000"),
            ("limit=1001", "invalid limit \"1001\": it has to be a number from 1 to 1000"),
            ("limit=%2B1", "invalid limit \"+1\": it has to be a number from 1 to 1000"),
            (
                "limit=99999999999999999999",
                "invalid limit \"99999999999999999999\": it has to be a number from 1 to 1000",
            ),
        ] {
            assert_eq!(query(text), Err(error.to_owned()), "{text:?}");
        }
        let long = query(&format!("window={}s", "1".repeat(500))).unwrap_err();
        assert_eq!(long, format!("invalid window \"{}\"…: it is too long for a duration", "1".repeat(64)));
    }

    #[test]
    fn a_parameter_of_another_route_is_unknown() {
        let error = Parameters::read(Some("by=system"), &[Name::Window]).unwrap_err();
        assert_eq!(error.0, "unknown parameter \"by\"");
    }
}
