//! The service inside another program.
#![expect(clippy::unwrap_used, reason = "tests show behaviour by failing loudly, their helpers too")]

use scout_bin::App;
use scout_bin::config::{Overrides, Settings, Sources, load};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

fn settings(folder: &tempfile::TempDir) -> Settings {
    let mut overrides = Overrides::default();
    overrides.set("store.kind", "embedded");
    overrides.set("store.data", folder.path().display().to_string());
    overrides.set("http.listen", "127.0.0.1");
    overrides.set("http.port", "0");
    overrides.set("interval", "100ms");
    load(&Sources { overrides, ..Sources::default() }).unwrap().settings
}

async fn status_line(app: &App, path: &str) -> String {
    let mut stream = TcpStream::connect(app.local_addr()).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: scout\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer.lines().next().unwrap().to_owned()
}

#[tokio::test]
async fn two_run_beside_each_other_and_again_after_a_stop() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    for _ in 0..2 {
        let first = App::start(&settings(&folders[0])).await.unwrap();
        let second = App::start(&settings(&folders[1])).await.unwrap();
        assert_ne!(first.local_addr(), second.local_addr());
        for app in [&first, &second] {
            assert_eq!(status_line(app, "/health").await, "HTTP/1.1 200 OK");
        }
        first.stop().await;
        assert_eq!(status_line(&second, "/health").await, "HTTP/1.1 200 OK");
        second.stop().await;
    }
}

#[tokio::test]
async fn a_current_thread_runtime_is_enough() {
    let folder = tempfile::tempdir().unwrap();
    let app = App::start(&settings(&folder)).await.unwrap();
    for _ in 0..200 {
        if status_line(&app, "/readyz").await == "HTTP/1.1 200 OK" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(status_line(&app, "/ready").await, "HTTP/1.1 200 OK");
    app.stop().await;
}

#[tokio::test]
async fn it_installs_no_global_logger_recorder_or_tls_provider() {
    let folder = tempfile::tempdir().unwrap();
    let app = App::start(&settings(&folder)).await.unwrap();
    assert!(!tracing::dispatcher::has_been_set());
    assert!(rustls::crypto::CryptoProvider::get_default().is_none());
    assert!(metrics::set_global_recorder(metrics::NoopRecorder).is_ok());
    app.stop().await;
}

#[tokio::test]
async fn an_address_in_use_is_an_error_of_the_start() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut settings = settings(&folder);
    settings.http.port = taken.local_addr().unwrap().port();
    let error = App::start(&settings).await.unwrap_err().to_string();
    assert!(error.contains(&settings.http.port.to_string()), "{error}");
}
