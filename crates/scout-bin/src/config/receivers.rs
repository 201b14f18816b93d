//! `[receivers.NAME]`: who is told of alerts.

mod secrets;
mod shown;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use figment::value::{Dict, Value};

use super::alert::Purpose;
use super::kind::Kind as _;
use super::kind::remote::{HttpUrl, PitcherUrl};
use super::layer::Layer;
use super::problem::{Origin, Problem};
use super::rules::name;
use super::secret::Secret;
use super::settings::{ReceiverKind, ReceiverSettings};
use super::table::Table;

pub(crate) use secrets::check_token;
pub(crate) use shown::rows;

/// The most receivers: what is owed is stored for each.
pub(crate) const MAX_RECEIVERS: usize = 16;

/// The receiver that the environment makes.
pub(crate) const PITCHER: &str = "pitcher";

/// How long one delivery may take unless it is said.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Deliveries within a minute unless it is said.
const MAX_PER_MINUTE: u32 = 60;

const KEYS: [&str; 8] =
    ["kind", "url", "token", "token_file", "hmac_secret", "hmac_secret_file", "timeout", "max_per_minute"];

/// The kind as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Written {
    Pitcher,
    Webhook,
    Log,
}

const KINDS: &[(&str, Written)] =
    &[("pitcher", Written::Pitcher), ("webhook", Written::Webhook), ("log", Written::Log)];

/// What `[receivers]` says.
#[derive(Debug, Default)]
pub(crate) struct Receivers {
    /// Those that can be used.
    pub(crate) settings: BTreeMap<Arc<str>, ReceiverSettings>,
    /// All of them, so that a rule is not told off for the mistake of a receiver.
    pub(crate) names: Vec<Arc<str>>,
    /// For each, the keys that it sets.
    pub(crate) set: BTreeMap<Arc<str>, Vec<String>>,
    pub(crate) problems: Vec<Problem>,
}

/// Reads all receivers of a file.
pub(crate) fn read(tables: &Dict, origin: &Origin, purpose: Purpose) -> Receivers {
    let mut receivers = Receivers::default();
    for (name, value) in tables {
        let path = format!("receivers.{name}");
        let mut refuse = |reason: String| {
            let origin = origin.clone();
            receivers.problems.push(Problem::Invalid { name: path.clone(), value: None, origin, reason });
        };
        if let Err(reason) = name::check(name) {
            refuse(format!("as a name {reason}"));
        }
        let Value::Dict(_, values) = value else {
            refuse(format!("is a table: its keys stand below [{path}]"));
            continue;
        };
        let mut table = Table::new(path, values, origin);
        let settings = receiver(&mut table, purpose);
        receivers.problems.append(&mut table.problems);
        let name: Arc<str> = name.as_str().into();
        receivers.set.insert(Arc::clone(&name), table.keys().map(str::to_owned).collect());
        receivers.settings.extend(settings.map(|settings| (Arc::clone(&name), settings)));
        receivers.names.push(name);
    }
    if receivers.names.len() > MAX_RECEIVERS {
        let reason = format!("there are {}, more than {MAX_RECEIVERS}", receivers.names.len());
        let name = "receivers".to_owned();
        receivers.problems.push(Problem::Invalid { name, value: None, origin: origin.clone(), reason });
    }
    receivers
}

/// The receiver that `ALERT_PITCHER_URL` makes.
pub(crate) fn pitcher(url: &Secret, token: Option<Secret>) -> ReceiverSettings {
    let kind = match url.expose() {
        PitcherUrl::LOCAL => ReceiverKind::LocalPitcher,
        _ => ReceiverKind::Pitcher { url: url.clone(), token },
    };
    ReceiverSettings { kind, max_per_minute: MAX_PER_MINUTE, timeout: TIMEOUT }
}

/// One receiver; `None` only with a problem.
fn receiver(table: &mut Table<'_>, purpose: Purpose) -> Option<ReceiverSettings> {
    table.only(&KEYS);
    if table.get("kind").is_none() {
        table.missing("kind", "a receiver is a pitcher, a webhook or a log");
    }
    let written = table.choice("kind", KINDS);
    let max_per_minute = table.whole("max_per_minute", 1..=6000).and_then(|most| u32::try_from(most).ok());
    let timeout = table.span("timeout", Duration::from_millis(100)..=Duration::from_secs(300));
    let kind = match written? {
        Written::Pitcher => {
            refuse_useless(table, &["hmac_secret", "hmac_secret_file"], "for a pitcher");
            let url = address(table, true);
            if url.as_ref().is_some_and(|url| url.expose() == PitcherUrl::LOCAL) {
                refuse_useless(table, &["token", "token_file", "timeout"], "where url is \"local\"");
                Some(ReceiverKind::LocalPitcher)
            } else {
                let token = secrets::token(table, purpose);
                url.map(|url| ReceiverKind::Pitcher { url, token })
            }
        }
        Written::Webhook => {
            let url = address(table, false);
            let token = secrets::token(table, purpose);
            let hmac_secret = secrets::read(table, "hmac_secret", "hmac_secret_file", purpose);
            url.map(|url| ReceiverKind::Webhook { url, token, hmac_secret })
        }
        Written::Log => {
            let useless = ["url", "token", "token_file", "hmac_secret", "hmac_secret_file", "timeout"];
            refuse_useless(table, &useless, "for a log");
            Some(ReceiverKind::Log)
        }
    }?;
    Some(ReceiverSettings {
        kind,
        max_per_minute: max_per_minute.unwrap_or(MAX_PER_MINUTE),
        timeout: timeout.unwrap_or(TIMEOUT),
    })
}

/// Where it is. All of it may be a secret.
fn address(table: &mut Table<'_>, may_be_local: bool) -> Option<Secret> {
    if table.get("url").is_none() {
        let reason = if may_be_local {
            "a pitcher has one; \"local\" is Scout's own store"
        } else {
            "a webhook has one"
        };
        table.missing("url", reason);
    }
    let text = table.secret("url")?;
    let address =
        if may_be_local { PitcherUrl.read(text, Layer::File) } else { HttpUrl.read(text, Layer::File) };
    match address {
        Ok(meaning) => Some(meaning.value),
        Err(reason) => {
            table.refuse_hidden("url", reason);
            None
        }
    }
}

fn refuse_useless(table: &mut Table<'_>, keys: &[&str], where_: &str) {
    for key in keys.iter().filter(|key| table.get(key).is_some()).collect::<Vec<_>>() {
        table.refuse_hidden(key, format!("means nothing {where_}"));
    }
}
