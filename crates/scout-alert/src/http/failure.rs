//! What went wrong on the way.

use std::error::Error as StdError;
use std::io;

use scout_core::alerting::DeliveryErrorKind;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub(super) struct ConnectError {
    pub(super) kind: DeliveryErrorKind,
    pub(super) text: String,
}

impl ConnectError {
    pub(super) fn new(kind: DeliveryErrorKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into() }
    }

    /// What a connector of the library says, unless there is one of ours in it.
    pub(super) fn of(error: &(dyn StdError + 'static)) -> Self {
        match chain(error).find_map(<dyn StdError>::downcast_ref::<Self>) {
            Some(ours) => Self::new(ours.kind, ours.text.clone()),
            None => Self::new(DeliveryErrorKind::Connect, reason(error)),
        }
    }
}

/// What kind of failure this error of the client library is, and its reason in words.
pub(super) fn classify(error: &(dyn StdError + 'static)) -> (DeliveryErrorKind, String) {
    if let Some(ours) = chain(error).find_map(<dyn StdError>::downcast_ref::<ConnectError>) {
        return (ours.kind, ours.text.clone());
    }
    if let Some(tls) = chain(error).find_map(tls_error) {
        return (DeliveryErrorKind::Tls, tls.to_string());
    }
    let hyper = chain(error).find_map(<dyn StdError>::downcast_ref::<hyper::Error>);
    let kind = match hyper {
        Some(hyper) if hyper.is_parse() => DeliveryErrorKind::Answer,
        Some(hyper) if hyper.is_user() => DeliveryErrorKind::Unwritable,
        _ => DeliveryErrorKind::Closed,
    };
    (kind, reason(error))
}

/// The TLS library's errors come wrapped in those of input and output.
fn tls_error<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    error.downcast_ref::<rustls::Error>().or_else(|| {
        let inner = error.downcast_ref::<io::Error>()?.get_ref()?;
        inner.downcast_ref::<rustls::Error>()
    })
}

/// What the libraries know is in the innermost error.
pub(super) fn reason(error: &(dyn StdError + 'static)) -> String {
    chain(error).last().map(ToString::to_string).unwrap_or_default()
}

fn chain<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}
