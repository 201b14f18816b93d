//! Sends, follows where it may, and says what came of it.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, HOST, PROXY_AUTHORIZATION, USER_AGENT};
use http::uri::Scheme;
use http::{HeaderMap, HeaderValue, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use scout_core::WallTime;
use scout_core::alerting::{DeliveryError, DeliveryErrorKind};
use tokio::time::timeout;

use super::answer::{Verdict, judge, plain, sentence};
use super::connector::Connector;
use super::endpoint::with_target;
use super::failure::classify;
use super::redirect::{is_same_origin, resolve};
use super::{Answer, ClientSettings, Endpoint, Outgoing, Proxies};
use crate::SetupError;

/// How often one delivery is sent elsewhere.
const MAX_REDIRECTS: usize = 5;

/// The most of an answer that is read.
const MAX_ANSWER_BYTES: usize = 64 << 10;

/// Idle connections that are kept to one server, and for how long: shorter than servers usually keep them.
const IDLE: (usize, Duration) = (2, Duration::from_secs(30));

/// How the client calls itself.
const AGENT: HeaderValue = HeaderValue::from_static(concat!("scout/", env!("CARGO_PKG_VERSION")));

/// Sends requests, with limits. Clones share their connections.
///
/// There are as many connections at a time as requests are under way, and at most two idle ones to each server.
#[derive(Clone)]
pub struct Client {
    http: legacy::Client<Connector, Full<Bytes>>,
    connector: Connector,
    proxies: Proxies,
    limit: Duration,
}

/// An answer with all that it is judged by.
struct Whole {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Client {
    /// A client with these settings; it connects to nobody yet.
    pub fn new(settings: ClientSettings) -> Self {
        let (proxies, limit) = (settings.proxies.clone(), settings.timeout);
        let connector = Connector::new(settings);
        let (idle, idle_for) = IDLE;
        let http = legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(idle_for)
            .pool_max_idle_per_host(idle)
            .build(connector.clone());
        Self { http, connector, proxies, limit }
    }

    /// Whether this client could connect to that endpoint at all.
    ///
    /// # Errors
    /// [`SetupError::NoRoots`] or [`SetupError::Tls`] if it is an `https://` one, and TLS cannot be used.
    pub fn check(&self, endpoint: &Endpoint) -> Result<(), SetupError> {
        if endpoint.uri().scheme() == Some(&Scheme::HTTPS) { self.connector.tls().usable() } else { Ok(()) }
    }

    /// Sends this and reads the whole answer. `now` is what a `Retry-After` date is compared with if the answer bears no
    /// date of its own.
    ///
    /// # Errors
    /// [`DeliveryError`] unless the answer's status is 200 to 299.
    pub async fn send(
        &self,
        endpoint: &Endpoint,
        outgoing: &Outgoing,
        now: WallTime,
    ) -> Result<Answer, DeliveryError> {
        let sent = timeout(self.limit, self.follow(endpoint, outgoing, now)).await;
        sent.unwrap_or_else(|_| {
            let text = format!("{}: no answer within {:?}", endpoint.origin(), self.limit);
            Err(DeliveryError::new(DeliveryErrorKind::Timeout, text))
        })
    }

    async fn follow(
        &self,
        endpoint: &Endpoint,
        outgoing: &Outgoing,
        now: WallTime,
    ) -> Result<Answer, DeliveryError> {
        let mut uri = endpoint.uri().clone();
        for _ in 0..=MAX_REDIRECTS {
            let whole = self.exchange(endpoint, &uri, outgoing).await?;
            match judge(whole.status, &whole.headers, now) {
                Verdict::Accepted => return Ok(Answer { status: whole.status, body: whole.body }),
                Verdict::Failed(kind, wait) => return Err(refusal(endpoint, &whole, kind, wait)),
                Verdict::Elsewhere(location) => uri = elsewhere(endpoint, &uri, &location)?,
            }
        }
        Err(answer_error(endpoint, &format!("sent elsewhere more than {MAX_REDIRECTS} times")))
    }

    async fn exchange(
        &self,
        endpoint: &Endpoint,
        uri: &Uri,
        outgoing: &Outgoing,
    ) -> Result<Whole, DeliveryError> {
        let failed = |error: &(dyn StdError + 'static)| {
            let (kind, text) = classify(error);
            let text = format!("{}: {}", endpoint.origin(), endpoint.without_secrets(&text));
            DeliveryError::new(kind, text)
        };
        let response =
            self.http.request(self.request(endpoint, uri, outgoing)).await.map_err(|error| failed(&error))?;
        let (parts, body) = response.into_parts();
        let body = match Limited::new(body, MAX_ANSWER_BYTES).collect().await {
            Ok(body) => body.to_bytes(),
            // Nobody has so much to say about it; the status has to do.
            Err(error) if error.is::<LengthLimitError>() => Bytes::new(),
            Err(error) => return Err(failed(&*error)),
        };
        Ok(Whole { status: parts.status, headers: parts.headers, body })
    }

    fn request(&self, endpoint: &Endpoint, uri: &Uri, outgoing: &Outgoing) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(outgoing.body.clone()));
        request.method_mut().clone_from(&outgoing.method);
        request.uri_mut().clone_from(uri);
        let headers = request.headers_mut();
        headers.clone_from(&outgoing.headers);
        headers.remove(HOST);
        headers.insert(USER_AGENT, AGENT);
        if let Some(authorization) = endpoint.authorization() {
            headers.insert(AUTHORIZATION, authorization.clone());
        }
        // Through a tunnel the proxy sees no header, and was told when the tunnel was made.
        let proxy = self.proxies.before(uri).filter(|_| uri.scheme() == Some(&Scheme::HTTP));
        if let Some(authorization) = proxy.as_ref().and_then(|proxy| proxy.basic_auth()) {
            headers.insert(PROXY_AUTHORIZATION, authorization.clone());
        }
        request
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Client")
            .field("connector", &self.connector)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

fn elsewhere(endpoint: &Endpoint, from: &Uri, location: &str) -> Result<Uri, DeliveryError> {
    let to =
        resolve(from, location).ok_or_else(|| answer_error(endpoint, "sent to an address that is none"))?;
    if !is_same_origin(from, &to) {
        let host = to.host().unwrap_or_default();
        return Err(answer_error(
            endpoint,
            &format!("sent to another origin, on {host}, which is not followed"),
        ));
    }
    // The origin stays as it was configured, so that a user in the location goes nowhere.
    let target = to.path_and_query().map_or("/", |target| target.as_str());
    with_target(from, target).ok_or_else(|| answer_error(endpoint, "sent to an address that is none"))
}

fn answer_error(endpoint: &Endpoint, text: &str) -> DeliveryError {
    let text = format!("{}: {}", endpoint.origin(), endpoint.without_secrets(text));
    DeliveryError::new(DeliveryErrorKind::Answer, text)
}

fn refusal(
    endpoint: &Endpoint,
    whole: &Whole,
    kind: DeliveryErrorKind,
    wait: Option<Duration>,
) -> DeliveryError {
    let mut text = format!("{} answered {}", endpoint.origin(), whole.status);
    // Secrets go first: half of one, cut off, would not be found any more.
    let said = plain(&endpoint.without_secrets(&sentence(&whole.body)));
    if !said.is_empty() {
        text.push_str(": ");
        text.push_str(&said);
    }
    let error = DeliveryError::new(kind, text);
    match wait {
        Some(wait) => error.with_retry_after(wait),
        None => error,
    }
}
