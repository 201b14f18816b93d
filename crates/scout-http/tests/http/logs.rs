//! What is logged about requests, and what never is.

use std::io;
use std::sync::{Arc, Mutex};

use scout_http::Tokens;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::support::{Reaction, get, serve_with};

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Lines {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

fn captured(level: LevelFilter) -> (Lines, tracing::subscriber::DefaultGuard) {
    let lines = Lines::default();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(level).with_ansi(false).with_writer(lines.clone()).finish();
    (lines, tracing::subscriber::set_default(subscriber))
}

#[tokio::test]
async fn requests_are_logged_at_debug_without_query_header_or_token() {
    let (lines, _guard) = captured(LevelFilter::TRACE);
    let harness = serve_with(|config| config.tokens = Tokens::new(["s3cret-token".to_owned()])).await;
    let header = "host: scout\r\nauthorization: Bearer s3cret-token";
    harness.ask(&get("/analytics/summary?token=s3cret-query").replace("host: scout", header)).await;
    harness
        .ask(&get("/health").replace("host: scout", "host: scout\r\nauthorization: Bearer s3cret-wrong"))
        .await;
    let text = lines.text();
    let request =
        text.lines().find(|line| line.contains("/analytics/summary")).expect("the request is logged");
    for part in ["DEBUG", "request", "method=GET", "status=503", "duration=0s", "remote=127.0.0.1:"] {
        assert!(request.contains(part), "{part} is missing in {request}");
    }
    assert!(!text.contains("s3cret"), "{text}");
}

#[tokio::test]
async fn at_info_a_healthy_service_logs_no_request_and_a_failing_store_is_named() {
    let (lines, _guard) = captured(LevelFilter::INFO);
    let harness = serve_with(|_| {}).await;
    harness.get("/health").await;
    harness.get("/nothing").await;
    assert_eq!(lines.text(), "");
    harness.store.react(Reaction::Refuse);
    let body = "{\"title\":\"t\",\"message\":\"m\"}";
    harness
        .ask(&format!("POST /pitch HTTP/1.1\r\nhost: scout\r\ncontent-length: {}\r\n\r\n{body}", body.len()))
        .await;
    let text = lines.text();
    assert!(
        text.contains("WARN") && text.contains("kind=\"not_writable\" error=read-only replica"),
        "{text}"
    );
}
