//! How a client connects, and how long it waits.

use std::time::Duration;

use rustls::pki_types::CertificateDer;

use super::{AllowList, Proxies};

/// How a client connects, and how long it waits.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ClientSettings {
    /// The longest that a connection may take, from the name's look-up to the end of the TLS handshake.
    pub connect_timeout: Duration,
    /// The longest that one delivery may take, from connecting to the end of the answer, redirects included.
    pub timeout: Duration,
    /// Which proxies to go through.
    pub proxies: Proxies,
    /// Where connections may lead. The proxies are always allowed.
    pub allowed: AllowList,
    /// Who vouches for TLS servers.
    pub trust: Trust,
}

/// 5 s to connect, 10 s in all; no proxies, anywhere, the machine's root certificates.
impl Default for ClientSettings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(10),
            proxies: Proxies::default(),
            allowed: AllowList::default(),
            trust: Trust::Machine,
        }
    }
}

/// Who vouches for TLS servers.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Trust {
    /// The machine's root certificates, or those of `SSL_CERT_FILE` and `SSL_CERT_DIR`.
    #[default]
    Machine,
    /// These root certificates alone.
    Only(Vec<CertificateDer<'static>>),
}
