//! An authority for tests, so that no key lies in the repository.

use std::fmt;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::TlsAcceptor;

/// An authority that nobody trusts unless told to, and what it has issued for one server.
pub struct Certificates {
    root: CertificateDer<'static>,
    root_pem: String,
    server: Arc<ServerConfig>,
}

impl Certificates {
    /// A new authority, for a server on this machine: `localhost` and 127.0.0.1.
    ///
    /// # Panics
    /// If the machine has no randomness for a key.
    pub fn issue() -> Self {
        Self::issue_for(&["localhost", "127.0.0.1"])
    }

    /// A new authority, for a server of these names.
    ///
    /// # Panics
    /// As [`Certificates::issue`], or if one of them is no name.
    #[expect(clippy::expect_used, reason = "a test without certificates cannot go on")]
    pub fn issue_for(names: &[&str]) -> Self {
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let new_key = || KeyPair::generate().expect("the machine has randomness");
        let issuer = CertifiedIssuer::self_signed(authority, new_key()).expect("an authority signs itself");
        let key = new_key();
        let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
        let leaf = CertificateParams::new(names).and_then(|leaf| leaf.signed_by(&key, &issuer));
        let leaf = leaf.expect("a certificate can have these names").der().clone();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let server = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring speaks TLS 1.2 and 1.3")
            .with_no_client_auth()
            .with_single_cert(vec![leaf], key)
            .expect("the key is that of the certificate");
        Self { root: issuer.der().clone(), root_pem: issuer.pem(), server: Arc::new(server) }
    }

    /// The authority's certificate.
    pub fn root(&self) -> CertificateDer<'static> {
        self.root.clone()
    }

    /// The same as PEM, as it stands in a file.
    pub fn root_pem(&self) -> &str {
        &self.root_pem
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.server))
    }
}

impl fmt::Debug for Certificates {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Certificates")
    }
}
