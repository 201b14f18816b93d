//! The way to a server: directly or through a proxy, encrypted or not.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use http::uri::Scheme;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::proxy::matcher::Intercept;
use hyper_util::rt::TokioIo;
use scout_core::alerting::DeliveryErrorKind;
use tokio::time::timeout;
use tower_service::Service;

use super::failure::ConnectError;
use super::resolver::{Resolver, not_allowed};
use super::stream::{Bytes, Peer, Stream};
use super::tls::Tls;
use super::{AllowList, ClientSettings, Proxies};

/// Makes connections.
#[derive(Clone, Debug)]
pub(super) struct Connector {
    /// To servers, as far as they are allowed.
    direct: HttpConnector<Resolver>,
    /// To proxies, which the settings name and so allow.
    to_proxy: HttpConnector<Resolver>,
    proxies: Proxies,
    allowed: Arc<AllowList>,
    tls: Tls,
    limit: Duration,
}

impl Connector {
    pub(super) fn new(settings: ClientSettings) -> Self {
        let ClientSettings { connect_timeout, proxies, allowed, trust, .. } = settings;
        let allowed = Arc::new(allowed);
        Self {
            direct: tcp(Resolver::new(Arc::clone(&allowed)), connect_timeout),
            to_proxy: tcp(Resolver::new(Arc::default()), connect_timeout),
            proxies,
            allowed,
            tls: Tls::new(trust),
            limit: connect_timeout,
        }
    }

    pub(super) fn tls(&self) -> &Tls {
        &self.tls
    }

    async fn connect(mut self, to: &Uri) -> Result<Stream, ConnectError> {
        let host = to.host().unwrap_or_default();
        let Some(proxy) = self.proxies.before(to) else {
            // A name is checked with what it resolves to; an address is not resolved.
            let is_address = host.starts_with('[') || host.parse::<std::net::IpAddr>().is_ok();
            if is_address && !self.allowed.allows_host(host) {
                return Err(not_allowed());
            }
            let stream = self.direct.call(to.clone()).await.map_err(|error| ConnectError::of(&error))?;
            return self.finish(to, stream.into_inner(), Peer::Server).await;
        };
        // What the name resolves to is the proxy's affair, so the name alone has to do.
        if !self.allowed.allows_host(host) {
            return Err(not_allowed());
        }
        let hop = Hop { connector: self.to_proxy.clone(), tls: self.tls.clone() };
        self.through(&proxy, hop, to).await.map_err(|error| {
            let place = proxy.uri().authority().map_or("", |authority| authority.as_str());
            ConnectError::new(error.kind, format!("through the proxy {place}: {}", error.text))
        })
    }

    async fn through(&self, proxy: &Intercept, mut hop: Hop, to: &Uri) -> Result<Stream, ConnectError> {
        if to.scheme() != Some(&Scheme::HTTPS) {
            return hop.call(proxy.uri().clone()).await.map(|io| Stream::new(io.into_inner(), Peer::Proxy));
        }
        let mut tunnel = Tunnel::new(proxy.uri().clone(), hop);
        if let Some(authorization) = proxy.basic_auth() {
            tunnel = tunnel.with_auth(authorization.clone());
        }
        let stream = tunnel.call(to.clone()).await.map_err(|error| ConnectError::of(&error))?;
        self.finish(to, stream.into_inner(), Peer::Server).await
    }

    async fn finish(&self, to: &Uri, io: impl Bytes + 'static, peer: Peer) -> Result<Stream, ConnectError> {
        if to.scheme() != Some(&Scheme::HTTPS) {
            return Ok(Stream::new(io, peer));
        }
        let encrypted = self.tls.encrypt(to.host().unwrap_or_default(), io).await?;
        Ok(Stream::new(encrypted, peer))
    }
}

fn tcp(resolver: Resolver, limit: Duration) -> HttpConnector<Resolver> {
    let mut connector = HttpConnector::new_with_resolver(resolver);
    connector.enforce_http(false);
    connector.set_nodelay(true);
    // Shared among a name's addresses, so that one that is dead leaves time for the others.
    connector.set_connect_timeout(Some(limit));
    connector
}

impl Service<Uri> for Connector {
    type Response = Stream;
    type Error = ConnectError;
    type Future = Pin<Box<dyn Future<Output = Result<Stream, ConnectError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let (connector, limit) = (self.clone(), self.limit);
        Box::pin(async move {
            timeout(limit, connector.connect(&to)).await.unwrap_or_else(|_| {
                let text = format!("no connection within {limit:?}");
                Err(ConnectError::new(DeliveryErrorKind::Connect, text))
            })
        })
    }
}

/// The way to a proxy.
#[derive(Clone, Debug)]
struct Hop {
    connector: HttpConnector<Resolver>,
    tls: Tls,
}

impl Service<Uri> for Hop {
    type Response = TokioIo<Box<dyn Bytes>>;
    type Error = ConnectError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, ConnectError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, proxy: Uri) -> Self::Future {
        let mut hop = self.clone();
        Box::pin(async move {
            let connected = hop.connector.call(proxy.clone()).await;
            let plain = connected.map_err(|error| ConnectError::of(&error))?.into_inner();
            let io: Box<dyn Bytes> = if proxy.scheme() == Some(&Scheme::HTTPS) {
                Box::new(hop.tls.encrypt(proxy.host().unwrap_or_default(), plain).await?)
            } else {
                Box::new(plain)
            };
            Ok(TokioIo::new(io))
        })
    }
}
