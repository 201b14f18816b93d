//! TLS to a server whose certificate is trusted, and to no other.

use std::io::Write as _;
use std::process::Command;
use std::time::Duration;

use scout_alert::{Client, ClientSettings, Pitcher, Secret, SetupError, Trust};
use scout_core::alerting::DeliveryErrorKind;
use scout_core::alerting::Receiver as _;
use scout_testkit::{Certificates, Recorder, Reply};

use crate::support::{LIMIT, client, firing, no_templates, outcome, pitcher_by};

const PORT: &str = "SCOUT_TEST_TLS_PORT";

fn trusting(certificates: &Certificates) -> Client {
    trusting_for(ClientSettings::default().timeout, certificates)
}

fn trusting_for(limit: Duration, certificates: &Certificates) -> Client {
    let mut settings = ClientSettings::default();
    settings.timeout = limit;
    settings.trust = Trust::Only(vec![certificates.root()]);
    Client::new(settings)
}

#[tokio::test]
async fn a_server_of_an_authority_that_is_given_is_trusted_by_name_and_address() {
    let certificates = Certificates::issue();
    let recorder = Recorder::start_encrypted(&certificates).await.unwrap();
    pitcher_by(trusting(&certificates), &recorder.url("")).deliver(&firing()).await.unwrap();
    let by_name = format!("https://localhost:{}", recorder.address().port());
    pitcher_by(trusting(&certificates), &by_name).deliver(&firing()).await.unwrap();
    assert_eq!(recorder.requests().len(), 2);
}

#[tokio::test]
async fn a_server_of_another_authority_is_told_nothing() {
    let recorder = Recorder::start_encrypted(&Certificates::issue()).await.unwrap();
    let error =
        pitcher_by(trusting(&Certificates::issue()), &recorder.url("")).deliver(&firing()).await.unwrap_err();
    assert_eq!(error.kind(), DeliveryErrorKind::Tls);
    assert!(error.to_string().contains("certificate"), "{error}");
    assert!(recorder.requests().is_empty());
}

#[tokio::test]
async fn a_certificate_for_another_name_is_not_trusted() {
    let certificates = Certificates::issue_for(&["pitcher.example.com"]);
    let recorder = Recorder::start_encrypted(&certificates).await.unwrap();
    assert_eq!(outcome(trusting(&certificates), &recorder.url("")).await, Err(DeliveryErrorKind::Tls));
    assert!(recorder.requests().is_empty());
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_is_told_nothing() {
    let certificates = Certificates::issue();
    let recorder = Recorder::start().await.unwrap();
    let url = format!("https://{}", recorder.address());
    assert_eq!(outcome(trusting(&certificates), &url).await, Err(DeliveryErrorKind::Tls));
    assert!(recorder.requests().is_empty());
}

#[tokio::test]
async fn a_handshake_that_gets_no_answer_is_not_waited_for_longer_than_a_connection() {
    // The system accepts for it, and nobody reads.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut settings = ClientSettings::default();
    settings.connect_timeout = LIMIT;
    settings.trust = Trust::Only(vec![Certificates::issue().root()]);
    let url = format!("https://{}", silent.local_addr().unwrap());
    let error = pitcher_by(Client::new(settings), &url).deliver(&firing()).await.unwrap_err();
    assert_eq!(error.kind(), DeliveryErrorKind::Connect);
    assert!(error.to_string().ends_with("no connection within 300ms"), "{error}");
}

#[tokio::test]
async fn faults_under_tls_are_those_without() {
    let certificates = Certificates::issue();
    let recorder = Recorder::start_encrypted(&certificates).await.unwrap();
    for (reply, kind) in [
        (Reply::status(503), DeliveryErrorKind::Unavailable),
        (Reply::Hang, DeliveryErrorKind::Timeout),
        (Reply::Reset, DeliveryErrorKind::Closed),
        (Reply::truncated(), DeliveryErrorKind::Closed),
        // Without a length the end of the connection is the end of the answer.
        (Reply::Raw(b"HTTP/1.1 400 No\r\n\r\nno".to_vec()), DeliveryErrorKind::Rejected),
    ] {
        recorder.reply(reply.clone());
        let limit = if reply == Reply::Hang { LIMIT } else { ClientSettings::default().timeout };
        let outcome = outcome(trusting_for(limit, &certificates), &recorder.url("")).await;
        assert_eq!(outcome, Err(kind), "{reply:?}");
    }
}

/// The roots are read from the environment, which a test cannot change for itself: so it starts itself anew.
#[tokio::test]
async fn the_roots_are_those_that_variables_name() {
    let certificates = Certificates::issue();
    let recorder = Recorder::start_encrypted(&certificates).await.unwrap();
    let file = |text: &str| {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    };
    // One root that cannot be read spoils none of the others.
    let junk = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let trusted = file(&format!("{junk}{}", certificates.root_pem()));
    let strange = file(Certificates::issue().root_pem());
    let none = file("");
    for (test, roots) in [("trusting", &trusted), ("not_trusting", &strange), ("without_roots", &none)] {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", &format!("tls::child_{test}"), "--ignored", "--nocapture"]);
        command.env("SSL_CERT_FILE", roots.path()).env_remove("SSL_CERT_DIR");
        command.env(PORT, recorder.address().port().to_string());
        let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("1 passed"), "{test}: {said}{output:?}");
    }
    assert_eq!(recorder.requests().len(), 1);
}

#[expect(clippy::disallowed_methods, reason = "set by the test that starts this one")]
fn url() -> String {
    let port = std::env::var(PORT).expect("started by `the_roots_are_those_that_variables_name`");
    format!("https://127.0.0.1:{port}")
}

#[tokio::test]
#[ignore = "started by `the_roots_are_those_that_variables_name`"]
async fn child_trusting() {
    assert_eq!(outcome(client(), &url()).await, Ok(()));
}

#[tokio::test]
#[ignore = "started by `the_roots_are_those_that_variables_name`"]
async fn child_not_trusting() {
    assert_eq!(outcome(client(), &url()).await, Err(DeliveryErrorKind::Tls));
}

#[tokio::test]
#[ignore = "started by `the_roots_are_those_that_variables_name`"]
async fn child_without_roots() {
    let make = |url: &str| Pitcher::new(&Secret::new(url), None, client(), no_templates());
    let error = make(&url()).unwrap_err();
    assert!(matches!(error, SetupError::NoRoots(_)), "{error}");
    assert!(error.to_string().contains("SSL_CERT_FILE"), "{error}");
    // What is reached without TLS needs none.
    assert!(make("http://127.0.0.1:1").is_ok());
}
