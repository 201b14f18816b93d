//! What is logged about requests, and what never is.
//!
//! One log takes what all tests of this process cause: a log for one thread would miss lines whose place in the code has
//! first been reached by a thread without one. So each test looks for something that is its own.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Mutex, Once, PoisonError};

use scout_http::Tokens;
use tracing_subscriber::filter::LevelFilter;

use crate::support::{Client, Reaction, get, serve, serve_with};

static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Adds to the log.
struct Lines;

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn start_logging() {
    static START: Once = Once::new();
    START.call_once(|| {
        let log = tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_ansi(false);
        log.with_writer(|| Lines).init();
    });
}

fn logged() -> String {
    String::from_utf8(LOG.lock().unwrap_or_else(PoisonError::into_inner).clone()).unwrap()
}

fn lines_with(mark: &str) -> Vec<String> {
    logged().lines().filter(|line| line.contains(mark)).map(str::to_owned).collect()
}

#[tokio::test]
async fn requests_are_logged_at_debug_without_query_header_or_token() {
    start_logging();
    let harness = serve_with(|config| config.tokens = Tokens::new(["s3cret-token".to_owned()])).await;
    let authorized = |path: &str, token: &str| {
        get(path).replace("host: scout", &format!("host: scout\r\nauthorization: Bearer {token}"))
    };
    harness.ask(&authorized("/analytics/summary?token=s3cret-query", "s3cret-token")).await;
    harness.ask(&authorized("/analytics/summary", "s3cret-wrong")).await;
    harness.ask(&authorized("/logged-path?token=s3cret-query", "s3cret-token")).await;
    let [request] = &lines_with("/logged-path")[..] else { panic!("one line for one request") };
    for part in [
        " DEBUG ",
        " request ",
        "method=GET",
        "path=\"/logged-path\"",
        "status=404",
        "duration=0s",
        "remote=127.0.0.1:",
    ] {
        assert!(request.contains(part), "{part} is missing in {request}");
    }
    assert_eq!(lines_with("s3cret"), [""; 0]);
}

#[tokio::test]
async fn a_client_over_ipv4_is_logged_as_such_by_a_listener_for_both_families() {
    start_logging();
    let listen = SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0));
    let harness = serve(|config| config.listen = listen).await;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, harness.address.port()));
    Client::connect(address).await.ask(&get("/over-ipv4")).await;
    let [request] = &lines_with("/over-ipv4")[..] else { panic!("one line for one request") };
    assert!(request.contains("remote=127.0.0.1:"), "{request}");
}

#[tokio::test]
async fn a_store_that_takes_no_message_is_a_warning_with_its_reason() {
    start_logging();
    let harness = serve_with(|_| {}).await;
    harness.store.react(Reaction::Refuse("a reason only for the log"));
    let body = "{\"title\":\"t\",\"message\":\"m\"}";
    harness
        .ask(&format!("POST /pitch HTTP/1.1\r\nhost: scout\r\ncontent-length: {}\r\n\r\n{body}", body.len()))
        .await;
    let [warning] = &lines_with("a reason only for the log")[..] else { panic!("one line for one failure") };
    assert!(warning.contains(" WARN ") && warning.contains("kind=\"not_writable\""), "{warning}");
}
