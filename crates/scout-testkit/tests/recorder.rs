//! A recorder keeps what it is sent, and answers as it is told.
#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

use std::io::ErrorKind;
use std::time::Duration;

use scout_testkit::{Recorder, Reply};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

const REQUEST: &str = "POST /pitch?a=b HTTP/1.1\r\nhost: x\r\nX-Key: 7\r\ncontent-length: 5\r\n\r\nhello";

/// Sends a request, and returns all that comes back until the connection ends.
async fn exchange(recorder: &Recorder, request: &str) -> std::io::Result<String> {
    let mut client = TcpStream::connect(recorder.address()).await.unwrap();
    client.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.map(|_| answer)
}

fn last(request: &str) -> String {
    request.replacen("\r\n", "\r\nconnection: close\r\n", 1)
}

#[tokio::test]
async fn requests_are_recorded_whole_and_in_order() {
    let recorder = Recorder::start().await.unwrap();
    assert!(recorder.requests().is_empty());
    let answer =
        exchange(&recorder, &format!("{REQUEST}{}", last("GET / HTTP/1.1\r\nhost: x\r\n\r\n"))).await;
    assert_eq!(answer.unwrap().matches("HTTP/1.1 200 OK").count(), 2);
    let requests = recorder.wait_for(2).await;
    assert_eq!(
        (&*requests[0].method, &*requests[0].path, requests[0].text()),
        ("POST", "/pitch?a=b", "hello")
    );
    assert_eq!(requests[0].header("x-key"), Some("7"));
    assert_eq!((&*requests[1].method, &*requests[1].path, requests[1].text()), ("GET", "/", ""));
    assert!(requests[0].at <= requests[1].at);
    assert_eq!(recorder.connections(), 1);
}

#[tokio::test]
async fn replies_follow_the_script_and_then_the_standing_one() {
    let recorder = Recorder::start().await.unwrap();
    recorder.reply(Reply::status(404));
    recorder.reply_once(Reply::status(429).with_header("retry-after", "7"));
    recorder.reply_once(Reply::status(200).with_body("taken"));
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(exchange(&recorder, &last(REQUEST)).await.unwrap());
    }
    assert!(
        statuses[0].starts_with("HTTP/1.1 429 ") && statuses[0].contains("retry-after: 7\r\n"),
        "{statuses:?}"
    );
    assert!(
        statuses[1].starts_with("HTTP/1.1 200 ") && statuses[1].ends_with("\r\n\r\ntaken"),
        "{statuses:?}"
    );
    assert!(statuses[2..].iter().all(|answer| answer.starts_with("HTTP/1.1 404 ")), "{statuses:?}");
}

#[tokio::test]
async fn a_request_is_recorded_whatever_comes_of_it() {
    let recorder = Recorder::start().await.unwrap();
    recorder.reply_once(Reply::Reset);
    assert_eq!(exchange(&recorder, REQUEST).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
    recorder.reply_once(Reply::truncated());
    assert!(exchange(&recorder, REQUEST).await.unwrap().ends_with("content-length: 100\r\n\r\n{\"status\":"));
    recorder.reply_once(Reply::Hang);
    assert!(timeout(Duration::from_millis(100), exchange(&recorder, REQUEST)).await.is_err());
    assert_eq!(recorder.requests().len(), 3);
}

#[tokio::test]
async fn a_tunnel_leads_where_it_should_and_is_recorded() {
    let (target, proxy) = (Recorder::start().await.unwrap(), Recorder::start().await.unwrap());
    let mut client = TcpStream::connect(proxy.address()).await.unwrap();
    let open = format!("CONNECT {0} HTTP/1.1\r\nhost: {0}\r\n\r\n", target.address());
    client.write_all(open.as_bytes()).await.unwrap();
    let mut opened = [0; 19];
    client.read_exact(&mut opened).await.unwrap();
    assert_eq!(&opened, b"HTTP/1.1 200 OK\r\n\r\n");
    client.write_all(last(REQUEST).as_bytes()).await.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert_eq!(proxy.requests()[0].path, target.address().to_string());
    assert_eq!(target.requests()[0].text(), "hello");
}
