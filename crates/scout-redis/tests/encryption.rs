//! TLS to a server whose certificate the system trusts, and to no other.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail as loudly as tests"
)]

mod common;

use std::io::Write;
use std::process::Command;
use std::sync::Arc;

use common::{documents, failure, plain, write};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use scout_core::StoreErrorKind;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

const URL: &str = "SCOUT_TEST_TLS_PORT";

/// An authority's certificate, and settings of a server for 127.0.0.1 that it vouches for.
fn certified() -> (String, ServerConfig) {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let settings = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![leaf.der().clone()],
            PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
        )
        .unwrap();
    (issuer.pem(), settings)
}

/// Takes TLS off and passes on to a plain server.
async fn unwrap_tls(listener: TcpListener, settings: ServerConfig, target: u16) {
    let acceptor = TlsAcceptor::from(Arc::new(settings));
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let acceptor = acceptor.clone();
        connections.spawn(async move {
            let Ok(mut client) = acceptor.accept(client).await else { return };
            let mut server = TcpStream::connect(("127.0.0.1", target)).await.unwrap();
            let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
        });
    }
}

/// The roots are read from the environment, which a test cannot change for itself: so it starts itself anew.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_is_trusted_if_its_root_is() {
    let redis = scout_testkit::RedisServer::start().await.unwrap();
    write(&mut redis.connection().await.unwrap(), 300).await;
    let (root, settings) = certified();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut tasks = JoinSet::new();
    tasks.spawn(unwrap_tls(listener, settings, redis.port()));

    let mut trusted = tempfile::NamedTempFile::new().unwrap();
    // One root that cannot be read spoils none of the others.
    trusted.write_all(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
    trusted.write_all(root.as_bytes()).unwrap();
    let (stranger, _) = certified();
    let mut untrusted = tempfile::NamedTempFile::new().unwrap();
    untrusted.write_all(stranger.as_bytes()).unwrap();
    let empty = tempfile::NamedTempFile::new().unwrap();

    for (test, roots) in [("trusting", &trusted), ("not_trusting", &untrusted), ("without_roots", &empty)] {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", test, "--ignored", "--nocapture"]);
        command.env("SSL_CERT_FILE", roots.path()).env_remove("SSL_CERT_DIR").env(URL, port.to_string());
        let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("1 passed"), "{test}: {said}{output:?}");
    }
}

#[expect(clippy::disallowed_methods, reason = "set by the test that starts this one")]
fn port() -> String {
    std::env::var(URL).expect("started by `a_server_is_trusted_if_its_root_is`")
}

#[tokio::test]
#[ignore = "started by `a_server_is_trusted_if_its_root_is`"]
async fn trusting() {
    // No provider is installed in this process, and none is needed.
    assert_eq!(documents(&plain(&format!("rediss://127.0.0.1:{}", port()))).await, 300);
    let error = failure(&plain(&format!("rediss://localhost:{}", port()))).await;
    assert_eq!(error.kind(), StoreErrorKind::Unreachable);
    assert!(error.to_string().contains("certificate"), "{error}");
    assert!(rustls::crypto::CryptoProvider::get_default().is_none());
}

#[tokio::test]
#[ignore = "started by `a_server_is_trusted_if_its_root_is`"]
async fn not_trusting() {
    let error = failure(&plain(&format!("rediss://127.0.0.1:{}", port()))).await;
    assert_eq!(error.kind(), StoreErrorKind::Unreachable);
    assert!(error.to_string().contains("certificate"), "{error}");
}

#[tokio::test]
#[ignore = "started by `a_server_is_trusted_if_its_root_is`"]
async fn without_roots() {
    let config = scout_redis::RedisConfig::from_url(&format!("rediss://127.0.0.1:{}", port())).unwrap();
    let clock = common::MachineClock::shifted(0);
    let error = scout_redis::RedisStore::new(config, clock, &metrics::NoopRecorder).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Refused);
    assert!(error.to_string().contains("SSL_CERT_FILE"), "{error}");
}
