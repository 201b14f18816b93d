//! Each fault of the proxy is what it says, and passes when it is switched off.
#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

use std::io::ErrorKind;
use std::time::Duration;

use scout_testkit::{Direction, Fault, FaultProxy};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// A server that sends back what it gets, behind a proxy.
struct Echo {
    proxy: FaultProxy,
    _tasks: JoinSet<()>,
}

impl Echo {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = FaultProxy::start(&listener.local_addr().unwrap().to_string()).await.unwrap();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((mut client, _)) = listener.accept().await {
                connections.spawn(async move {
                    let (mut read, mut write) = client.split();
                    let _ = tokio::io::copy(&mut read, &mut write).await;
                });
            }
        });
        Self { proxy, _tasks: tasks }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.proxy.address()).await.unwrap()
    }
}

async fn echoed(client: &mut TcpStream, text: &[u8]) -> std::io::Result<Vec<u8>> {
    client.write_all(text).await?;
    let mut answer = vec![0; text.len()];
    client.read_exact(&mut answer).await?;
    Ok(answer)
}

async fn is_silent(client: &mut TcpStream) -> bool {
    tokio::time::timeout(Duration::from_millis(50), client.read_u8()).await.is_err()
}

#[tokio::test]
async fn without_fault_bytes_pass_and_an_end_is_an_end() {
    let echo = Echo::start().await;
    let mut client = echo.connect().await;
    assert_eq!(echoed(&mut client, b"hello").await.unwrap(), b"hello");
    client.write_all(b"last").await.unwrap();
    client.shutdown().await.unwrap();
    let mut rest = Vec::new();
    client.read_to_end(&mut rest).await.unwrap();
    assert_eq!(rest, b"last");
    assert_eq!(echo.proxy.accepted(), 1);
}

#[tokio::test]
async fn refuse_ends_open_connections_and_lets_no_new_one_in() {
    let echo = Echo::start().await;
    let mut client = echo.connect().await;
    echoed(&mut client, b"x").await.unwrap();
    for _ in 0..3 {
        echo.proxy.set(Fault::Refuse).await;
        assert_eq!(
            TcpStream::connect(echo.proxy.address()).await.unwrap_err().kind(),
            ErrorKind::ConnectionRefused
        );
        assert_eq!(client.read_u8().await.unwrap_err().kind(), ErrorKind::ConnectionReset);
        echo.proxy.set(Fault::None).await;
        client = echo.connect().await;
        assert_eq!(echoed(&mut client, b"back").await.unwrap(), b"back");
    }
}

#[tokio::test]
async fn a_black_hole_holds_everything_and_gives_it_back() {
    let echo = Echo::start().await;
    let mut old = echo.connect().await;
    echoed(&mut old, b"x").await.unwrap();
    echo.proxy.set(Fault::BlackHole).await;
    let mut new = echo.connect().await;
    for client in [&mut old, &mut new] {
        client.write_all(b"?").await.unwrap();
        assert!(is_silent(client).await);
    }
    echo.proxy.set(Fault::None).await;
    for client in [&mut old, &mut new] {
        assert_eq!(client.read_u8().await.unwrap(), b'?');
    }
}

#[tokio::test]
async fn a_delay_makes_answers_late() {
    let echo = Echo::start().await;
    let mut client = echo.connect().await;
    echoed(&mut client, b"x").await.unwrap();
    echo.proxy.set(Fault::Delay(Duration::from_millis(200))).await;
    client.write_all(b"?").await.unwrap();
    assert!(is_silent(&mut client).await);
    assert_eq!(client.read_u8().await.unwrap(), b'?');
}

#[tokio::test]
async fn a_cut_lets_so_many_bytes_of_an_answer_pass_on_each_connection() {
    let echo = Echo::start().await;
    let mut old = echo.connect().await;
    echoed(&mut old, b"before").await.unwrap();
    echo.proxy.set(Fault::Cut { direction: Direction::ToClient, after_bytes: 5 }).await;
    let mut new = echo.connect().await;
    for client in [&mut old, &mut new] {
        assert_eq!(echoed(client, b"123").await.unwrap(), b"123");
        client.write_all(b"456789").await.unwrap();
        let mut rest = Vec::new();
        client.read_to_end(&mut rest).await.unwrap();
        assert_eq!(rest, b"45");
    }
    echo.proxy.set(Fault::None).await;
    assert_eq!(echoed(&mut echo.connect().await, b"123456789").await.unwrap(), b"123456789");
}

#[tokio::test]
async fn a_cut_lets_so_many_bytes_of_a_request_pass() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = FaultProxy::start(&listener.local_addr().unwrap().to_string()).await.unwrap();
    proxy.set(Fault::Cut { direction: Direction::ToServer, after_bytes: 4 }).await;
    let mut client = TcpStream::connect(proxy.address()).await.unwrap();
    client.write_all(b"123456").await.unwrap();
    let mut got = Vec::new();
    let (mut server, _) = listener.accept().await.unwrap();
    server.read_to_end(&mut got).await.unwrap();
    assert_eq!(got, b"1234");
}

#[tokio::test]
async fn a_reset_ends_what_is_open_and_nothing_else() {
    let echo = Echo::start().await;
    let mut client = echo.connect().await;
    echoed(&mut client, b"x").await.unwrap();
    echo.proxy.reset_connections();
    assert_eq!(client.read_u8().await.unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert_eq!(echoed(&mut echo.connect().await, b"y").await.unwrap(), b"y");
    assert_eq!(echo.proxy.accepted(), 2);
}

#[tokio::test]
async fn a_server_that_is_down_shows_as_a_reset() {
    let mut server = scout_testkit::RedisServer::builder().password("s3/cr@t").start().await.unwrap();
    let proxy = FaultProxy::before(&server.url()).await.unwrap();
    let url = proxy.url(&server.url());
    assert_eq!(url, server.url().replace(&server.port().to_string(), &proxy.address().port().to_string()));
    let client = redis::Client::open(url).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let _: () = redis::cmd("PING").query_async(&mut connection).await.unwrap();
    server.kill().unwrap();
    let mut raw = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(raw.read_u8().await.unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_dropped_proxy_listens_no_more() {
    let echo = Echo::start().await;
    let mut client = echo.connect().await;
    echoed(&mut client, b"x").await.unwrap();
    let address = echo.proxy.address();
    drop(echo);
    assert!(client.read_u8().await.is_err());
    assert_eq!(TcpStream::connect(address).await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn a_proxy_that_leads_elsewhere_resets_what_leads_to_the_former_server() {
    let (echo, other) = (Echo::start().await, TcpListener::bind("127.0.0.1:0").await.unwrap());
    let mut client = echo.connect().await;
    echoed(&mut client, b"x").await.unwrap();
    echo.proxy.lead_to(&format!("redis://{}/", other.local_addr().unwrap())).await.unwrap();
    assert_eq!(client.read_u8().await.unwrap_err().kind(), ErrorKind::ConnectionReset);
    let mut client = echo.connect().await;
    let (mut server, _) = other.accept().await.unwrap();
    server.write_all(b"other").await.unwrap();
    let mut heard = [0; 5];
    client.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"other");
}
