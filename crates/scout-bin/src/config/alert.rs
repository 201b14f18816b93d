//! What is alerted on and who is told, out of keys, rules and receivers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use scout_alert::Proxies;
use scout_core::ARRIVALS_REACH;
use scout_core::alerting::{MAX_RULES, RuleWindow, SourceRules};

use super::environment::Environment;
use super::file::ConfigFile;
use super::key::{AnyKey, Key};
use super::keys;
use super::kind::Names;
use super::layer::Layer;
use super::nearest::nearest;
use super::problem::{Origin, Problem, Suggestion};
use super::reader::Reader;
use super::receivers::{self, PITCHER};
use super::rules::{self, ERROR, REPEAT_INTERVAL, Surroundings, Thresholds};
use super::secret::Secret;
use super::settings::{AlertSettings, HeartbeatSettings};

/// What a configuration is read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To work by it.
    Serve,
    /// To try its rules where neither secrets nor all receivers need be.
    TestRules,
}

/// What the file says beside its keys, and how it is taken.
#[derive(Debug)]
pub(crate) struct Tables<'a> {
    pub(crate) file: &'a ConfigFile,
    pub(crate) environment: &'a Environment,
    pub(crate) purpose: Purpose,
}

/// A rule or a receiver, with what it sets.
pub(crate) struct Shown {
    /// Such as `rules.Errors`.
    pub(crate) path: String,
    /// Each key with what holds for it.
    pub(crate) rows: Vec<(String, String)>,
    /// The keys that are set; all others are defaults.
    pub(crate) set: Vec<String>,
    /// What they are set by, if it is not the file.
    pub(crate) by: Option<&'static dyn AnyKey>,
}

/// All that is said of alerts. Means something only if the reader has met no problem.
pub(crate) fn settings(
    reader: &mut Reader,
    tables: &Tables<'_>,
    interval: Duration,
    retention: Duration,
) -> (AlertSettings, Vec<Shown>) {
    let origin = reader.origin(Layer::File);
    let mut shown = Vec::new();
    let mut found = receivers::read(&tables.file.receivers, &origin, tables.purpose);
    reader.problems.append(&mut found.problems);
    for (name, settings) in &found.settings {
        shown.push(Shown {
            path: format!("receivers.{name}"),
            rows: receivers::rows(settings).into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
            set: found.set.get(name).cloned().unwrap_or_default(),
            by: None,
        });
    }
    pitcher(reader, &mut found, &mut shown);
    let known = (tables.purpose == Purpose::Serve).then_some(found.names.as_slice());
    let source = source(reader, known);
    let surroundings = Surroundings { retention, receivers: known };
    let mut of_file = rules::read(&tables.file.rules, &origin, &surroundings);
    reader.problems.append(&mut of_file.problems);
    let thresholds = thresholds(reader, interval, &found.names);
    let mut rules = thresholds.rules();
    for rule in &rules {
        let key: &'static dyn AnyKey =
            if rule.name() == ERROR { &keys::ALERT_ERROR_THRESHOLD } else { &keys::ALERT_CRITICAL_THRESHOLD };
        if let Some(number) = of_file.names.get(rule.name()) {
            refuse_twin(reader, key, &origin, (rule.name(), number));
        }
        shown.push(Shown {
            path: format!("rules.{}", rule.name()),
            rows: rules::rows(rule),
            set: Vec::new(),
            by: Some(key),
        });
    }
    for read in of_file.readable {
        shown.push(Shown {
            path: format!("rules.{}", read.rule.name()),
            rows: rules::rows(&read.rule),
            set: read.set,
            by: None,
        });
        rules.push(read.rule);
    }
    if rules.len() > MAX_RULES && tables.file.rules.len() <= MAX_RULES {
        let reason = format!("with those of the thresholds there are {}, more than {MAX_RULES}", rules.len());
        reader.problems.push(Problem::Invalid { name: "rules".to_owned(), value: None, origin, reason });
    }
    if !tables.file.rules.is_empty() && found.names.is_empty() {
        let name = "rules".to_owned();
        let text = "nobody is told of their alerts, since there is no receiver".to_owned();
        let origin = reader.origin(Layer::File);
        reader.warnings.push(super::Warning { name, value: None, origin, text });
    }
    let heartbeat = heartbeat(reader);
    let allow = reader.optional(&keys::ALERT_ALLOW).unwrap_or_default();
    let are_needed = heartbeat.is_some() || !found.names.is_empty() || !rules.is_empty();
    let proxies = proxies(reader, tables.environment, are_needed);
    (AlertSettings { rules, receivers: found.settings, source, heartbeat, allow, proxies }, shown)
}

/// The receiver that the environment of the Go service makes.
fn pitcher(reader: &mut Reader, found: &mut receivers::Receivers, shown: &mut Vec<Shown>) {
    let url = reader.optional(&keys::ALERT_PITCHER_URL);
    let token = reader.optional(&keys::ALERT_PITCHER_TOKEN);
    let Some(url) = url else {
        if reader.is_set(&keys::ALERT_PITCHER_URL.info) {
            // There is one, though with a mistake.
            found.names.push(PITCHER.into());
        } else if token.is_some() {
            reader
                .warn(&keys::ALERT_PITCHER_TOKEN, "not used, since alert.pitcher_url is not set".to_owned());
        }
        return;
    };
    if found.names.iter().any(|name| &**name == PITCHER) {
        let reason = "makes the receiver pitcher, as [receivers.pitcher] does: keep one of them";
        reader.refuse(&keys::ALERT_PITCHER_URL, reason.to_owned());
        return;
    }
    if let Some(Err(reason)) = token.as_ref().map(receivers::check_token) {
        reader.refuse(&keys::ALERT_PITCHER_TOKEN, reason.to_owned());
    }
    let settings = receivers::pitcher(&url, token);
    shown.insert(
        0,
        Shown {
            path: format!("receivers.{PITCHER}"),
            rows: receivers::rows(&settings)
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect(),
            set: Vec::new(),
            by: Some(&keys::ALERT_PITCHER_URL),
        },
    );
    let name: Arc<str> = PITCHER.into();
    found.names.push(Arc::clone(&name));
    found.settings.insert(name, settings);
}

fn refuse_twin(reader: &mut Reader, key: &dyn AnyKey, origin: &Origin, (name, number): (&str, &str)) {
    let reason = format!("makes the rule {name}, as {number} does ({origin}): keep one of them");
    reader.refuse(key, reason);
}

fn thresholds(reader: &mut Reader, interval: Duration, receivers: &[Arc<str>]) -> Thresholds {
    let error = reader.get(&keys::ALERT_ERROR_THRESHOLD);
    let critical = reader.get(&keys::ALERT_CRITICAL_THRESHOLD);
    let one_cycle = interval.clamp(Duration::from_secs(1), ARRIVALS_REACH);
    let window = reader.optional(&keys::ALERT_WINDOW).unwrap_or(RuleWindow::Last(one_cycle));
    let cooldown = reader.get(&keys::ALERT_COOLDOWN);
    let pitcher = receivers.iter().find(|name| &***name == PITCHER);
    let receivers = pitcher.map_or_else(|| receivers.to_vec(), |pitcher| vec![Arc::clone(pitcher)]);
    for (key, threshold) in
        [(&keys::ALERT_ERROR_THRESHOLD, error), (&keys::ALERT_CRITICAL_THRESHOLD, critical)]
    {
        if threshold > 0 && receivers.is_empty() {
            let text = "nobody is told, since there is neither alert.pitcher_url (ALERT_PITCHER_URL) nor another receiver";
            reader.warn(key, text.to_owned());
        }
        if threshold > 0 && interval > ARRIVALS_REACH && !reader.is_set(&keys::ALERT_WINDOW.info) {
            let text = "counts what arrived within 1h and not within one interval, since arrivals are kept no longer";
            reader.warn(key, text.to_owned());
        }
    }
    Thresholds { error, critical, window, cooldown, receivers }
}

fn source(reader: &mut Reader, known: Option<&[Arc<str>]>) -> SourceRules {
    SourceRules {
        unreachable_for: reader.get(&keys::ALERT_SOURCE_FOR),
        repeat_interval: REPEAT_INTERVAL,
        receivers: names(reader, &keys::ALERT_SOURCE_RECEIVERS, known),
    }
}

/// The receivers that a key names; all where it is not set. Where not all are known, any name is taken.
fn names(reader: &mut Reader, key: &'static Key<Names>, known: Option<&[Arc<str>]>) -> Vec<Arc<str>> {
    let names = reader.optional(key);
    let Some(known) = known else { return names.into_iter().flatten().map(Arc::from).collect() };
    let Some(names) = names else { return known.to_vec() };
    let mut receivers = Vec::new();
    for name in names {
        if let Some(known) = known.iter().find(|known| ***known == name) {
            receivers.push(Arc::clone(known));
        } else {
            let suggestion = Suggestion(nearest(&name, known.iter().map(|known| &**known)));
            reader.refuse(key, format!("there is no receiver {name}{suggestion}"));
        }
    }
    receivers
}

fn heartbeat(reader: &mut Reader) -> Option<HeartbeatSettings> {
    let interval = reader.get(&keys::ALERT_HEARTBEAT_INTERVAL);
    let url = reader.optional(&keys::ALERT_HEARTBEAT_URL)?;
    Some(HeartbeatSettings { url, interval })
}

/// The proxies of the environment. They are others' settings as well, so they are wrong only where they are needed.
fn proxies(
    reader: &mut Reader,
    environment: &Environment,
    are_needed: bool,
) -> BTreeMap<&'static str, Secret> {
    let found = environment.proxies();
    for name in ["HTTP_PROXY", "HTTPS_PROXY"].into_iter().filter(|_| are_needed) {
        let of_one = |wanted: &str| {
            let is_it = wanted.eq_ignore_ascii_case(name);
            found.get(wanted).filter(|_| is_it).map(|url| url.expose().to_owned())
        };
        if Proxies::of_variables(of_one).is_err() {
            let upper = found.contains_key(name).then(|| name.to_owned());
            reader.problems.push(Problem::Invalid {
                name: upper.unwrap_or_else(|| name.to_ascii_lowercase()),
                value: None,
                origin: Origin { layer: Layer::Environment, file: None },
                reason: "must be http://… or https://… with a host".to_owned(),
            });
        }
    }
    found
}
