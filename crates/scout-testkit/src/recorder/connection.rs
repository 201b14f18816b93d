//! One connection to a recorder.

use std::convert::Infallible;
use std::future::{pending, poll_fn};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::header::{HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::{Recorded, Reply, Shared};

/// A connection, whatever is around it.
pub(super) trait Socket: AsyncRead + AsyncWrite + Unpin {
    fn tcp(&self) -> &TcpStream;
}

impl Socket for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

impl Socket for TlsStream<TcpStream> {
    fn tcp(&self) -> &TcpStream {
        self.get_ref().0
    }
}

/// What becomes of a connection after a request that is not answered by HTTP's rules.
#[derive(Debug, thiserror::Error)]
enum After {
    #[error("reset")]
    Reset,
    #[error("raw")]
    Raw(Vec<u8>),
    #[error("tunnel")]
    Tunnel(String),
    #[error("the request is not whole: {0}")]
    Broken(#[from] hyper::Error),
    #[error("the reply is none: {0}")]
    NoReply(#[from] hyper::http::Error),
}

pub(super) async fn serve(socket: impl Socket, shared: &Shared) {
    let service = service_fn(|request| Box::pin(answer(request, shared)));
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(socket), service);
    let ended = poll_fn(|context| connection.poll_without_shutdown(context)).await;
    let mut socket = connection.into_parts().io.into_inner();
    let after = ended.err().and_then(|error| std::error::Error::source(&error)?.downcast_ref().map(take));
    // Whether the other side is still there to see it does not matter any more.
    match after {
        None => drop(socket.shutdown().await),
        Some(After::Reset) => drop(socket.tcp().set_zero_linger()),
        Some(After::Raw(bytes)) => {
            drop(socket.write_all(&bytes).await);
            drop(socket.shutdown().await);
        }
        Some(After::Tunnel(target)) => tunnel(socket, &target).await,
        Some(After::Broken(_) | After::NoReply(_)) => {}
    }
}

/// An error cannot be taken out of the library's.
fn take(after: &After) -> After {
    match after {
        After::Raw(bytes) => After::Raw(bytes.clone()),
        After::Tunnel(target) => After::Tunnel(target.clone()),
        _ => After::Reset,
    }
}

async fn answer(request: Request<Incoming>, shared: &Shared) -> Result<Response<Full<Bytes>>, After> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let reply = shared.record(Recorded::new(&parts, body));
    match reply {
        Reply::Answer { status: 200, .. } if parts.method == Method::CONNECT => {
            Err(After::Tunnel(parts.uri.to_string()))
        }
        Reply::Answer { status, headers, body } => {
            let mut response = Response::new(Full::new(body.into()));
            *response.status_mut() = StatusCode::from_u16(status).map_err(hyper::http::Error::from)?;
            for (name, value) in headers {
                let name = HeaderName::try_from(name).map_err(hyper::http::Error::from)?;
                let value = HeaderValue::try_from(value).map_err(hyper::http::Error::from)?;
                response.headers_mut().append(name, value);
            }
            Ok(response)
        }
        Reply::Hang => match pending::<Infallible>().await {},
        Reply::Reset => Err(After::Reset),
        Reply::Raw(bytes) => Err(After::Raw(bytes)),
    }
}

async fn tunnel(mut client: impl Socket, target: &str) {
    let Ok(mut server) = TcpStream::connect(target).await else {
        drop(client.write_all(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n").await);
        return;
    };
    if client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.is_ok() {
        drop(copy_bidirectional(&mut client, &mut server).await);
    }
}
