//! The sending side of `POST /pitch`.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU16;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use hyper::http::uri::{Authority, Scheme};
use hyper::{Method, Request, StatusCode, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::{ClientConfig, RootCertStore};

use crate::cli::{Exit, PitchArgs};
use crate::config::{HttpSettings, Listen, Settings};

/// The limit for one message, from connecting to the end of the answer.
const TIMEOUT: Duration = Duration::from_secs(30);

/// How often a message is tried that the receiver could not take at the moment.
const ATTEMPTS: u32 = 5;

/// The wait before the second attempt; doubles.
const FIRST_RETRY: Duration = Duration::from_millis(200);

/// The most of an answer that is read.
const MAX_ANSWER_BYTES: usize = 64 << 10;

/// Why a message was not sent.
#[derive(Debug, thiserror::Error)]
pub(super) enum PitchError {
    #[error("invalid --to {url:?}: {reason}")]
    Url { url: String, reason: &'static str },
    #[error(
        "http.port (PORT, --port) is 0, which is any free port, so nobody knows where to send to: set --to"
    )]
    NoPort,
    /// Not repeated, since it holds a password.
    #[error("--to has a user or a password in it, which the intake does not take; set AUTH_TOKEN or --token")]
    Credentials,
    #[error("the token cannot stand in a header")]
    Token,
    #[error("cannot prepare TLS: {0}")]
    Tls(io::Error),
    #[error("cannot reach {url}: {reason}")]
    Unreachable { url: String, reason: String },
    #[error("no answer from {url} within {TIMEOUT:?}")]
    Timeout { url: String },
    /// The receiver answered, and did not take it.
    #[error("{status} {text}")]
    Refused { status: StatusCode, text: String },
    /// Taken for a success it would lose every message.
    #[error("{url} answered {}, but not as an intake does; is --to right?", .status.as_u16())]
    NotAnIntake { url: String, status: StatusCode },
    #[error("{url} wants a token, or another one ({status}); set AUTH_TOKEN or --token")]
    Unauthorized { url: String, status: StatusCode },
    #[error("cannot read {name}: {source}")]
    Unreadable { name: String, source: io::Error },
    #[error("longer than 1 MiB, which no intake takes")]
    TooLong,
    #[error("cannot write the message as JSON: {0}")]
    Json(serde_json::Error),
    #[error("cannot listen for signals: {0}")]
    Signals(io::Error),
    #[error("sending panicked: {0}")]
    Panicked(tokio::task::JoinError),
}

impl PitchError {
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Url { .. } | Self::NoPort | Self::Credentials | Self::Token | Self::Unauthorized { .. } => {
                Exit::Usage
            }
            Self::Unreachable { .. } | Self::Timeout { .. } | Self::NotAnIntake { .. } | Self::Tls(_) => {
                Exit::Unavailable
            }
            Self::Refused { .. } | Self::Unreadable { .. } | Self::TooLong => Exit::Data,
            Self::Json(_) | Self::Signals(_) | Self::Panicked(_) => Exit::Internal,
        }
    }
}

pub(super) struct Client {
    http: hyper_util::client::legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    url: Uri,
    authorization: Option<HeaderValue>,
}

impl Client {
    pub(super) fn new(arguments: &PitchArgs, settings: &Settings) -> Result<Self, PitchError> {
        let to = match &arguments.to {
            Some(to) => to.clone(),
            None if settings.http.port == 0 => return Err(PitchError::NoPort),
            None => own(&settings.http),
        };
        let token = arguments.token.as_ref().or(settings.http.tokens.first());
        let authorization = token
            .map(|token| {
                let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose()));
                if let Ok(value) = &mut value {
                    value.set_sensitive(true);
                }
                value
            })
            .transpose()
            .map_err(|_| PitchError::Token)?;
        let url = intake(&to)?;
        let connector = connector(&url).map_err(PitchError::Tls)?;
        let http = hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self { http, url, authorization })
    }

    /// Sends one message; again, with growing pauses, while the receiver says that it cannot take it now.
    pub(super) async fn send(&self, body: Bytes) -> Result<(), PitchError> {
        let mut pause = FIRST_RETRY;
        for _ in 1..ATTEMPTS {
            match self.try_send(body.clone()).await {
                Err(PitchError::Refused { status, .. })
                    if status == StatusCode::SERVICE_UNAVAILABLE
                        || status == StatusCode::TOO_MANY_REQUESTS => {}
                outcome => return outcome,
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        self.try_send(body).await
    }

    async fn try_send(&self, body: Bytes) -> Result<(), PitchError> {
        let answered = tokio::time::timeout(TIMEOUT, self.exchange(body)).await;
        answered.unwrap_or_else(|_| Err(PitchError::Timeout { url: self.url.to_string() }))
    }

    async fn exchange(&self, body: Bytes) -> Result<(), PitchError> {
        let unreachable = |reason: String| PitchError::Unreachable { url: self.url.to_string(), reason };
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        request.uri_mut().clone_from(&self.url);
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(authorization) = &self.authorization {
            request.headers_mut().insert(AUTHORIZATION, authorization.clone());
        }
        let response = self.http.request(request).await.map_err(|error| unreachable(reason(&error)))?;
        let status = response.status();
        let answer = Limited::new(response.into_body(), MAX_ANSWER_BYTES).collect().await;
        let answer = match answer {
            Ok(answer) => answer.to_bytes(),
            // No intake says so much; the status has to do.
            Err(error) if error.is::<LengthLimitError>() => Bytes::new(),
            Err(error) => return Err(unreachable(error.to_string())),
        };
        match status {
            _ if status.is_success() && is_taken(&answer) => Ok(()),
            _ if status.is_success() => Err(PitchError::NotAnIntake { url: self.url.to_string(), status }),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Err(PitchError::Unauthorized { url: self.url.to_string(), status })
            }
            _ => Err(PitchError::Refused { status, text: sentence(&answer) }),
        }
    }
}

/// A Scout on this machine with the same settings.
fn own(http: &HttpSettings) -> String {
    let address = match http.listen {
        Listen::Address(IpAddr::V6(any)) if any.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        Listen::Address(address) if !address.is_unspecified() => address,
        _ => Ipv4Addr::LOCALHOST.into(),
    };
    format!("http://{}", SocketAddr::new(address, http.port))
}

/// Only an https URL needs the machine's certificates, which a small container lacks.
fn connector(url: &Uri) -> io::Result<HttpsConnector<HttpConnector>> {
    let builder = HttpsConnectorBuilder::new();
    let builder = if url.scheme() == Some(&Scheme::HTTPS) {
        builder.with_native_roots()?
    } else {
        let nobody = RootCertStore::empty();
        builder.with_tls_config(ClientConfig::builder().with_root_certificates(nobody).with_no_client_auth())
    };
    Ok(builder.https_or_http().enable_http1().build())
}

/// The intake's address: with or without `/pitch`, with or without a slash at the end, all name the same.
fn intake(to: &str) -> Result<Uri, PitchError> {
    if to.contains('@') {
        return Err(PitchError::Credentials);
    }
    let invalid = |reason| PitchError::Url { url: to.to_owned(), reason };
    let base = to.trim_end_matches('/').trim_end_matches("/pitch").trim_end_matches('/');
    let url = format!("{base}/pitch").parse::<Uri>().ok();
    let url = url
        .filter(|url| matches!(url.scheme_str(), Some("http" | "https")) && url.host().is_some())
        .ok_or_else(|| invalid("must be http://… or https://… with a host"))?;
    if !has_usable_port(&url) {
        return Err(invalid("must name a port of 1 to 65535 or none"));
    }
    // The route would end up behind them.
    if to.contains(['?', '#']) {
        return Err(invalid("must have no query and no fragment"));
    }
    Ok(url)
}

/// The client library takes a port that it cannot read for none, and would go to the scheme's own one.
fn has_usable_port(url: &Uri) -> bool {
    let (authority, host) = (url.authority().map_or("", Authority::as_str), url.host().unwrap_or_default());
    let port = authority.strip_prefix(host).unwrap_or(authority);
    // A colon with nothing behind it is what a variable leaves that is not set. The number's parser would take a sign.
    port.is_empty()
        || port.strip_prefix(':').is_some_and(|port| {
            port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<NonZeroU16>().is_ok()
        })
}

/// Whether this is what an intake answers once it has a message; many a server says 200 to everything.
fn is_taken(answer: &[u8]) -> bool {
    let fields: Option<serde_json::Map<String, serde_json::Value>> = serde_json::from_slice(answer).ok();
    fields.is_some_and(|fields| {
        fields.get("status").is_some_and(|status| status == "success")
            && fields.get("objectId").is_some_and(serde_json::Value::is_string)
    })
}

/// What the client library knows is in the innermost source.
fn reason(error: &(dyn std::error::Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

/// The `message` or `error` of a JSON answer, else the answer's first line.
fn sentence(answer: &[u8]) -> String {
    let fields: Option<serde_json::Map<String, serde_json::Value>> = serde_json::from_slice(answer).ok();
    let named = fields.and_then(|fields| {
        let text = fields.get("message").or_else(|| fields.get("error"))?;
        text.as_str().map(str::to_owned)
    });
    let text = named
        .unwrap_or_else(|| String::from_utf8_lossy(answer).lines().next().unwrap_or_default().to_owned());
    // It goes to a terminal, which must not take it for more than text.
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Overrides, Sources, load};

    #[test]
    fn a_url_with_or_without_the_route_and_the_slash_names_the_same_intake() {
        for to in ["http://a:1", "http://a:1/", "http://a:1/pitch", "http://a:1/pitch/"] {
            assert_eq!(intake(to).unwrap(), "http://a:1/pitch", "{to}");
        }
        assert_eq!(intake("https://a/base").unwrap(), "https://a/base/pitch");
    }

    #[test]
    fn without_a_url_it_goes_where_a_scout_of_the_same_settings_listens() {
        let settings = |listen: &str| {
            let mut overrides = Overrides::default();
            overrides.set("http.listen", listen);
            overrides.set("http.port", "81");
            load(&Sources { overrides, ..Sources::default() }).unwrap().settings
        };
        for (listen, url) in [
            ("", "http://127.0.0.1:81"),
            ("0.0.0.0", "http://127.0.0.1:81"),
            ("127.0.0.2", "http://127.0.0.2:81"),
            ("::", "http://[::1]:81"),
            ("fd00::2", "http://[fd00::2]:81"),
        ] {
            assert_eq!(own(&settings(listen).http), url, "{listen}");
        }
    }

    #[test]
    fn what_is_no_http_url_is_refused_by_name() {
        for to in ["", "a", "localhost:8080", "ftp://a", "http://"] {
            let error = intake(to).unwrap_err().to_string();
            assert!(error.contains(&format!("{to:?}")), "{error}");
        }
    }

    #[test]
    fn a_port_that_is_none_is_refused_and_never_taken_for_the_schemes_own() {
        for port in ["99999", "65536", "abc", "0", "+80", "-1", "80:80", ""] {
            for host in ["127.0.0.1", "[::1]", "a.example"] {
                let to = format!("http://{host}:{port}");
                let error = intake(&to).expect_err(&to);
                assert_eq!(error.exit(), Exit::Usage, "{to}");
                assert!(error.to_string().starts_with(&format!("invalid --to {to:?}: must ")), "{error}");
            }
        }
        for to in ["http://a", "https://a.example", "http://[::1]", "http://[::1]:1", "http://a:65535/base"] {
            assert!(intake(to).is_ok(), "{to}");
        }
    }

    #[test]
    fn a_url_with_something_behind_its_path_is_refused() {
        for to in ["http://a?b", "http://a/?b=c", "http://a/#b"] {
            let error = intake(to).expect_err(to).to_string();
            assert!(error.ends_with("must have no query and no fragment"), "{error}");
        }
    }

    #[test]
    fn a_url_with_a_password_is_refused_without_it() {
        let error = intake("http://user:hidden-word@a:1").unwrap_err().to_string();
        assert!(!error.contains("hidden-word"), "{error}");
    }

    #[test]
    fn only_what_an_intake_answers_counts_as_taken() {
        let taken = r#"{"objectId":"k","streamId":"messages","status":"success","message":"enqueued"}"#;
        assert!(is_taken(format!("{taken}\n").as_bytes()));
        for other in [
            "",
            "OK",
            "<html></html>",
            "[]",
            "null",
            r#"{"status":"success"}"#,
            r#"{"status":"ok","objectId":"k"}"#,
            r#"{"objectId":"","streamId":"","status":"error","message":"Title is required"}"#,
        ] {
            assert!(!is_taken(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn a_refusal_repeats_the_receivers_own_sentence() {
        assert_eq!(sentence(br#"{"status":"error","message":"Title is required"}"#), "Title is required");
        assert_eq!(sentence(br#"{"error":"not found"}"#), "not found");
        assert_eq!(sentence(b"plain\nsecond"), "plain");
        assert_eq!(sentence(b"\x1b[31mred\x07"), " [31mred ");
    }
}
