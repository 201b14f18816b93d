//! What can be wrong with the settings of a receiver.

/// Why no receiver or client can be made of its settings. Its text never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// The URL to send to cannot be used. It is not repeated, since it may hold a secret.
    #[error("the URL {0}")]
    Url(&'static str),
    /// The token cannot be sent.
    #[error("the token cannot stand in a header: it has a line break or another control character in it")]
    Token,
    /// The signing key is no key.
    #[error("the signing key is empty")]
    EmptyKey,
    /// A proxy's URL cannot be used. It is not repeated, since it may hold a password.
    #[error("{0} must be http://… or https://… with a host")]
    Proxy(&'static str),
    /// An entry of the allow-list is none.
    #[error("{0:?} is neither a host, nor *.domain, nor an address or network such as 10.0.0.0/8")]
    AllowList(String),
    /// There is nobody who could vouch for a TLS server.
    #[error(
        "no root certificate can be read, from the system or from SSL_CERT_FILE and SSL_CERT_DIR, so no TLS server \
         can be trusted{0}"
    )]
    NoRoots(String),
    /// TLS cannot be set up with the certificates that were given.
    #[error("cannot prepare TLS: {0}")]
    Tls(String),
}
