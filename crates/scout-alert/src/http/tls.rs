//! Encrypted connections, and whom they are made with.

use std::fmt;
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use scout_core::alerting::DeliveryErrorKind;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::Trust;
use super::failure::ConnectError;
use super::stream::Bytes;
use crate::SetupError;

/// Makes encrypted connections, or knows why it cannot. A receiver that is reached without TLS needs no certificates, which
/// a small container lacks.
#[derive(Clone)]
pub(super) struct Tls(Result<TlsConnector, SetupError>);

impl Tls {
    pub(super) fn new(trust: Trust) -> Self {
        Self(connector(trust))
    }

    /// # Errors
    /// Why no encrypted connection can be made by this client, to anybody.
    pub(super) fn usable(&self) -> Result<(), SetupError> {
        self.0.as_ref().map(|_| ()).map_err(Clone::clone)
    }

    pub(super) async fn encrypt<T: Bytes>(&self, host: &str, plain: T) -> Result<TlsStream<T>, ConnectError> {
        let failed = |text: String| ConnectError::new(DeliveryErrorKind::Tls, text);
        let connector = self.0.as_ref().map_err(|error| failed(error.to_string()))?;
        let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        let name = ServerName::try_from(bare.to_owned())
            .map_err(|_| failed("no certificate can be issued for that name".to_owned()))?;
        connector.connect(name, plain).await.map_err(|error| failed(format!("no TLS: {error}")))
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Tls({:?})", self.usable())
    }
}

/// Neither needs nor installs a provider for the whole process, which may have another one for its own.
fn connector(trust: Trust) -> Result<TlsConnector, SetupError> {
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| SetupError::Tls(error.to_string()))?
        .with_root_certificates(roots(trust)?)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// One certificate that cannot be read spoils none of the others.
fn roots(trust: Trust) -> Result<RootCertStore, SetupError> {
    let (certificates, trouble): (Vec<CertificateDer<'_>>, _) = match trust {
        Trust::Only(certificates) => (certificates, None),
        Trust::Machine => {
            let loaded = rustls_native_certs::load_native_certs();
            (loaded.certs, loaded.errors.first().map(|error| format!(": {error}")))
        }
    };
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(certificates);
    if added == 0 { Err(SetupError::NoRoots(trouble.unwrap_or_default())) } else { Ok(roots) }
}
