//! Where connections may lead.

use scout_alert::{Client, ClientSettings};
use scout_core::alerting::DeliveryErrorKind;
use scout_testkit::{Recorder, Reply};

use crate::support::outcome;

fn client_to(allowed: &str) -> Client {
    let mut settings = ClientSettings::default();
    settings.allowed = allowed.parse().unwrap();
    Client::new(settings)
}

#[tokio::test]
async fn hosts_and_networks_that_are_listed_are_reached() {
    let recorder = Recorder::start().await.unwrap();
    let port = recorder.address().port();
    let by_name = format!("http://localhost:{port}");
    for (allowed, url) in [
        ("", &*recorder.url("")),
        ("127.0.0.1", &*recorder.url("")),
        ("10.0.0.0/8,127.0.0.0/8", &*recorder.url("")),
        ("localhost", &*by_name),
        ("127.0.0.0/8", &*by_name),
        ("127.0.0.0/8", &*format!("http://[::ffff:127.0.0.1]:{port}")),
    ] {
        assert_eq!(outcome(client_to(allowed), url).await, Ok(()), "{allowed} {url}");
    }
}

#[tokio::test]
async fn what_is_not_listed_gets_no_connection_however_it_is_written() {
    let recorder = Recorder::start().await.unwrap();
    let port = recorder.address().port();
    for (allowed, host) in [
        ("10.0.0.0/8", "127.0.0.1"),
        ("10.0.0.0/8", "[::ffff:127.0.0.1]"),
        // Other ways to write an address, which the system's resolver knows.
        ("10.0.0.0/8", "2130706433"),
        ("10.0.0.0/8", "127.1"),
        ("10.0.0.0/8", "0x7f000001"),
        ("10.0.0.0/8", "localhost"),
        ("example.com", "localhost"),
        ("*.example.com", "127.0.0.1"),
    ] {
        let outcome = outcome(client_to(allowed), &format!("http://{host}:{port}")).await;
        assert_eq!(outcome, Err(DeliveryErrorKind::NotAllowed), "{allowed} {host}");
    }
    assert_eq!(recorder.connections(), 0);
}

#[tokio::test]
async fn a_redirect_leads_nowhere_else_either() {
    let (recorder, other) = (Recorder::start().await.unwrap(), Recorder::start().await.unwrap());
    recorder.reply(Reply::status(307).with_header("location", &other.url("/pitch")));
    let outcome = outcome(client_to("127.0.0.1"), &recorder.url("")).await;
    assert_eq!(outcome, Err(DeliveryErrorKind::Answer));
    assert_eq!(other.connections(), 0);
}
