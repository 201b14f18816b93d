//! Receivers as `scout config` shows them.

use crate::config::kind::number::brief;
use crate::config::kind::remote::PitcherUrl;
use crate::config::secret::{HIDDEN, Secret};
use crate::config::settings::{ReceiverKind, ReceiverSettings};

/// Each key of a receiver with what holds for it, fit to be seen.
pub(crate) fn rows(settings: &ReceiverSettings) -> Vec<(&'static str, String)> {
    let mut rows = vec![("kind", settings.kind.as_str().to_owned())];
    let hidden = |secret: &Option<Secret>| secret.as_ref().map(|_| HIDDEN.to_owned());
    match &settings.kind {
        ReceiverKind::Pitcher { url, token } => {
            rows.push(("url", origin(url)));
            rows.extend(hidden(token).map(|token| ("token", token)));
        }
        ReceiverKind::LocalPitcher => rows.push(("url", PitcherUrl::LOCAL.to_owned())),
        ReceiverKind::Webhook { url, token, hmac_secret } => {
            rows.push(("url", origin(url)));
            rows.extend(hidden(token).map(|token| ("token", token)));
            rows.extend(hidden(hmac_secret).map(|secret| ("hmac_secret", secret)));
        }
        ReceiverKind::Log => {}
    }
    if !matches!(settings.kind, ReceiverKind::Log | ReceiverKind::LocalPitcher) {
        rows.push(("timeout", brief(settings.timeout)));
    }
    rows.push(("max_per_minute", settings.max_per_minute.to_string()));
    rows
}

/// Scheme, host and port: whatever else is in a URL may be a secret.
fn origin(url: &Secret) -> String {
    let (scheme, rest) = url.expose().split_once("://").unwrap_or(("", url.expose()));
    let (authority, tail) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let (user, host) = match authority.rsplit_once('@') {
        Some((_, host)) => (format!("{HIDDEN}@"), host),
        None => (String::new(), authority),
    };
    let tail = if matches!(tail, "" | "/") { tail.to_owned() } else { format!("/{HIDDEN}") };
    format!("{scheme}://{user}{host}{tail}")
}
