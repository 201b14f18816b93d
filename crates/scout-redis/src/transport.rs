//! Streams to a Redis: plain, encrypted, or on this machine.

use std::io;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use scout_core::{StoreError, StoreErrorKind};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::config::Address;

/// Whatever carries the protocol.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// Opens streams to one address.
#[derive(Clone)]
pub(crate) enum Transport {
    Tcp(String, u16),
    Tls(String, u16, TlsConnector, ServerName<'static>),
    Unix(std::path::PathBuf),
}

impl Transport {
    /// Prepares what the address needs; for TLS, reads the roots that the system trusts.
    pub(crate) fn new(address: &Address) -> Result<Self, StoreError> {
        Ok(match address {
            Address::Tcp(host, port) => Self::Tcp(host.clone(), *port),
            Address::Unix(path) => Self::Unix(path.clone()),
            Address::Tls(host, port) => {
                let name = ServerName::try_from(host.clone()).map_err(|error| {
                    let text = format!("{host} is not a host that a TLS certificate can name");
                    StoreError::new(StoreErrorKind::Refused, text).with_source(error)
                })?;
                Self::Tls(host.clone(), *port, connector()?, name)
            }
        })
    }

    pub(crate) async fn open(&self) -> io::Result<Box<dyn Stream>> {
        Ok(match self {
            Self::Tcp(host, port) => Box::new(tcp(host, *port).await?),
            Self::Tls(host, port, connector, name) => {
                let stream = tcp(host, *port).await?;
                Box::new(connector.connect(name.clone(), stream).await?)
            }
            #[cfg(unix)]
            Self::Unix(path) => Box::new(tokio::net::UnixStream::connect(path).await?),
            #[cfg(not(unix))]
            Self::Unix(_) => return Err(io::ErrorKind::Unsupported.into()),
        })
    }
}

/// Commands are small and answers are waited for: nothing is gained by holding them back.
async fn tcp(host: &str, port: u16) -> io::Result<TcpStream> {
    let stream = TcpStream::connect((host, port)).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn connector() -> Result<TlsConnector, StoreError> {
    // Where the process has chosen a provider it is used; none is needed, and none is installed.
    let provider = CryptoProvider::get_default()
        .cloned()
        .unwrap_or_else(|| Arc::new(rustls::crypto::ring::default_provider()));
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| {
            let text = "the process' TLS provider speaks no version of TLS that is safe";
            StoreError::new(StoreErrorKind::Refused, text).with_source(error)
        })?
        .with_root_certificates(roots()?)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// The system's roots, or those of `SSL_CERT_FILE` and `SSL_CERT_DIR`. One that cannot be read spoils none of the others.
fn roots() -> Result<RootCertStore, StoreError> {
    let loaded = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(loaded.certs);
    if added > 0 {
        return Ok(roots);
    }
    let mut text =
        "no root certificate can be read, from the system or from SSL_CERT_FILE and SSL_CERT_DIR, so \
                    no TLS server can be trusted"
            .to_owned();
    if let Some(error) = loaded.errors.first() {
        text.push_str(": ");
        text.push_str(&error.to_string());
    }
    Err(StoreError::new(StoreErrorKind::Refused, text))
}

impl std::fmt::Debug for Transport {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Tcp(..) => "Transport::Tcp",
            Self::Tls(..) => "Transport::Tls",
            Self::Unix(..) => "Transport::Unix",
        })
    }
}
