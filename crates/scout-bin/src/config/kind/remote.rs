//! Who to talk to, who may talk to us, and with which right.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU16;

use scout_alert::{Endpoint, SetupError};
use scout_redis::RedisConfig;

use super::{Kind, Meaning, Reading, Shape, plain};
use crate::config::layer::Layer;
use crate::config::secret::Secret;

/// An IP address to listen on.
#[derive(Debug)]
pub(crate) struct Address;

impl Kind for Address {
    type Value = IpAddr;

    fn read(&self, text: &str, _: Layer) -> Reading<IpAddr> {
        text.parse::<IpAddr>().map(Meaning::from).map_err(|_| format!("must be an {}", self.domain()))
    }

    fn plainly(&self, text: &str, layer: Layer) -> Option<String> {
        self.read(text, layer).ok().map(|meaning| meaning.value.to_string())
    }

    fn domain(&self) -> String {
        "IP address, without brackets or port".to_owned()
    }
}

/// A host, without port.
#[derive(Debug)]
pub(crate) struct Host;

impl Kind for Host {
    type Value = String;

    fn read(&self, text: &str, _: Layer) -> Reading<String> {
        plain(text)?;
        let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
        if bare.parse::<Ipv6Addr>().is_ok() {
            return Ok(bare.to_owned().into());
        }
        if text.contains("://") {
            return Err("must be a host alone; a URL goes to redis.url (REDIS_URL)".to_owned());
        }
        if text.contains([':', '/', '@']) || text.contains(char::is_whitespace) {
            return Err("must be a host alone; its port goes to redis.port (REDIS_PORT)".to_owned());
        }
        Ok(text.to_owned().into())
    }

    fn plainly(&self, text: &str, layer: Layer) -> Option<String> {
        self.read(text, layer).ok().map(|meaning| meaning.value)
    }

    fn domain(&self) -> String {
        "host name or IP address".to_owned()
    }
}

/// `redis://` or `rediss://` (TLS), database 0.
#[derive(Debug)]
pub(crate) struct RedisUrl;

impl Kind for RedisUrl {
    type Value = Secret;

    fn read(&self, text: &str, _: Layer) -> Reading<Secret> {
        plain(text)?;
        let parts =
            UrlParts::of(text, &["redis", "rediss"]).ok_or("must be redis://… or rediss://… with a host")?;
        if !matches!(parts.path.trim_matches('/'), "" | "0") {
            return Err(
                "must name database 0 or none: a query from another one blanks documents for everybody"
                    .to_owned(),
            );
        }
        // Who uses it has the last word, so that nothing passes here that fails there. Its sentence repeats no part of
        // the URL.
        RedisConfig::from_url(text).map_err(|error| error.to_string())?;
        Ok(Secret::new(text).into())
    }

    fn domain(&self) -> String {
        "redis://… or rediss://… (TLS)".to_owned()
    }
}

/// Whether a URL carries a user name or a password.
pub(crate) fn has_credentials(url: &Secret) -> bool {
    UrlParts::of(url.expose(), &["redis", "rediss"]).is_some_and(|parts| parts.has_user)
}

/// An address to post to. It may carry a password, so it is kept as a secret though its host may be shown.
#[derive(Debug)]
pub(crate) struct HttpUrl;

impl Kind for HttpUrl {
    type Value = Secret;

    fn read(&self, text: &str, _: Layer) -> Reading<Secret> {
        plain(text)?;
        let parts =
            UrlParts::of(text, &["http", "https"]).ok_or("must be http://… or https://… with a host")?;
        if !parts.port.is_none_or(is_port) {
            return Err("must name a port of 1 to 65535 or none".to_owned());
        }
        // As with Redis, who uses it has the last word.
        let url = Secret::new(text);
        match Endpoint::new(&scout_alert::Secret::new(text), None) {
            Ok(_) => Ok(url.into()),
            Err(SetupError::Url(reason)) => Err(reason.to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    fn domain(&self) -> String {
        "http://… or https://…".to_owned()
    }
}

/// An omni-pitcher's address, or the word for Scout's own store. Kept as a secret like any address to post to.
#[derive(Debug)]
pub(crate) struct PitcherUrl;

impl PitcherUrl {
    /// What stands for Scout's own store.
    pub(crate) const LOCAL: &'static str = "local";
}

impl Kind for PitcherUrl {
    type Value = Secret;

    fn read(&self, text: &str, layer: Layer) -> Reading<Secret> {
        if text == Self::LOCAL {
            return Ok(Secret::new(text).into());
        }
        HttpUrl.read(text, layer).map_err(|reason| format!("{reason}; {} is Scout's own store", Self::LOCAL))
    }

    fn domain(&self) -> String {
        format!("{}, or {}", HttpUrl.domain(), Self::LOCAL)
    }
}

fn is_port(text: &str) -> bool {
    // The number's parser would take a sign.
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<NonZeroU16>().is_ok()
}

/// As much of a URL as has to be known before it is used.
struct UrlParts<'a> {
    has_user: bool,
    /// As it is written; a colon without anything behind it names none.
    port: Option<&'a str>,
    path: &'a str,
}

impl<'a> UrlParts<'a> {
    /// `None` when the scheme is none of these, or there is no host.
    fn of(url: &'a str, schemes: &[&str]) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        if !schemes.contains(&scheme) || url.contains(char::is_whitespace) {
            return None;
        }
        let (authority, tail) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let (user, host) =
            authority.rsplit_once('@').map_or((None, authority), |(user, host)| (Some(user), host));
        if host.is_empty() || host.starts_with(':') {
            return None;
        }
        // Colons within brackets are those of an IPv6 address.
        let after_address = host.rfind(']').map_or(host, |end| &host[end..]);
        let port = after_address.split_once(':').map(|(_, port)| port).filter(|port| !port.is_empty());
        let path = &tail[..tail.find(['?', '#']).unwrap_or(tail.len())];
        Some(Self { has_user: user.is_some_and(|user| !user.is_empty()), port, path })
    }
}

/// The most tokens that are compared with each request.
const TOKENS: usize = 64;

/// One bearer token, to the letter.
#[derive(Debug)]
pub(crate) struct Token;

impl Kind for Token {
    type Value = Secret;

    fn read(&self, text: &str, _: Layer) -> Reading<Secret> {
        Ok(Meaning { value: Secret::new(text), note: unsendable(text) })
    }

    fn domain(&self) -> String {
        "text".to_owned()
    }
}

/// Several bearer tokens between commas.
#[derive(Debug)]
pub(crate) struct Tokens;

impl Kind for Tokens {
    type Value = Vec<Secret>;

    fn read(&self, text: &str, _: Layer) -> Reading<Vec<Secret>> {
        let tokens: Vec<&str> = text.split(',').map(str::trim).filter(|token| !token.is_empty()).collect();
        if tokens.is_empty() {
            // Taken as none it would open the API to everybody.
            return Err("holds no token".to_owned());
        }
        if tokens.len() > TOKENS {
            return Err(format!("holds more than {TOKENS} tokens"));
        }
        let note = tokens.iter().find_map(|token| unsendable(token));
        Ok(Meaning { value: tokens.into_iter().map(Secret::new).collect(), note })
    }

    fn domain(&self) -> String {
        format!("up to {TOKENS} texts, between commas")
    }

    fn shape(&self) -> Shape {
        Shape::List
    }
}

/// Why no request can carry this token, if so: servers cut white space off the ends of a header.
fn unsendable(token: &str) -> Option<String> {
    let cut = token.trim() != token || token.chars().any(char::is_control);
    cut.then(|| {
        "no request can match it, since it begins or ends with white space or holds control characters (a line \
         break at the end of a file, perhaps)"
            .to_owned()
    })
}
