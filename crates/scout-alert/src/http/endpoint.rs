//! Whom to send to, and how to authenticate there.

use std::fmt;
use std::num::NonZeroU16;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::uri::{Authority, PathAndQuery};
use http::{HeaderValue, Uri};
use percent_encoding::percent_decode_str;

use super::hidden::Hidden;
use crate::{Secret, SetupError};

/// An address to send to. All that is ever shown of it is scheme, host and port: the rest may be a secret.
#[derive(Clone)]
pub struct Endpoint {
    /// Without a user.
    uri: Uri,
    authorization: Option<HeaderValue>,
    origin: String,
    hidden: Hidden,
}

impl Endpoint {
    /// The endpoint of this URL. A token is sent as a bearer token; without one, a user in the URL as basic
    /// authentication.
    ///
    /// # Errors
    /// [`SetupError::Url`] or [`SetupError::Token`].
    pub fn new(url: &Secret, token: Option<&Secret>) -> Result<Self, SetupError> {
        let parsed: Uri =
            url.expose().trim().parse().map_err(|_| SetupError::Url("must be http://… or https://…"))?;
        let (authority, user) = split_user(&parsed)?;
        let mut hidden = Hidden::default();
        let mut authorization = user.as_ref().map(User::authorization).transpose()?;
        if let Some(user) = &user {
            user.hide_in(&mut hidden);
        }
        if let Some(token) = token {
            hidden.add(token.expose());
            authorization = Some(sensitive(&format!("Bearer {}", token.expose()))?);
        }
        hidden.add_target(&parsed);
        let mut parts = parsed.into_parts();
        let scheme = parts.scheme.as_ref().map_or("http", |scheme| scheme.as_str());
        let origin = format!("{scheme}://{authority}");
        parts.authority = Some(authority);
        let uri = Uri::from_parts(parts).map_err(|_| SetupError::Url("cannot be read"))?;
        Ok(Self { uri, authorization, origin, hidden })
    }

    /// The same with `route` at the end of its path, unless it is there already. Slashes at the end do not matter.
    ///
    /// # Errors
    /// [`SetupError::Url`] if that makes no path.
    pub fn with_route(mut self, route: &str) -> Result<Self, SetupError> {
        let path = self.uri.path().trim_end_matches('/');
        let path = path.strip_suffix(route).unwrap_or(path).trim_end_matches('/');
        let target = match self.uri.query() {
            Some(query) => format!("{path}{route}?{query}"),
            None => format!("{path}{route}"),
        };
        self.uri = with_target(&self.uri, &target).ok_or(SetupError::Url("cannot be read"))?;
        Ok(self)
    }

    /// Scheme, host and port, to be shown.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    pub(super) fn uri(&self) -> &Uri {
        &self.uri
    }

    pub(super) fn authorization(&self) -> Option<&HeaderValue> {
        self.authorization.as_ref()
    }

    /// A text that came from elsewhere, without what must not be shown of this endpoint.
    pub(super) fn without_secrets(&self, text: &str) -> String {
        self.hidden.hide(text)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Endpoint({})", self.origin)
    }
}

/// The same address with another path and query.
pub(super) fn with_target(uri: &Uri, target: &str) -> Option<Uri> {
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(target.parse::<PathAndQuery>().ok()?);
    Uri::from_parts(parts).ok()
}

/// A user in a URL, as it is written there.
struct User {
    text: String,
}

impl User {
    /// Name and password, decoded.
    fn decoded(&self) -> (String, String) {
        let (name, password) = self.text.split_once(':').unwrap_or((&self.text, ""));
        let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        (decode(name), decode(password))
    }

    fn encoded(&self) -> String {
        let (name, password) = self.decoded();
        STANDARD.encode(format!("{name}:{password}"))
    }

    fn authorization(&self) -> Result<HeaderValue, SetupError> {
        sensitive(&format!("Basic {}", self.encoded()))
    }

    fn hide_in(&self, hidden: &mut Hidden) {
        let (name, password) = self.decoded();
        for part in [&self.text, &self.encoded(), &name, &password] {
            hidden.add(part);
        }
        self.text.split(':').for_each(|part| hidden.add(part));
    }
}

/// Checks scheme, host and port, and takes the user off.
fn split_user(uri: &Uri) -> Result<(Authority, Option<User>), SetupError> {
    let authority = uri.authority().filter(|_| matches!(uri.scheme_str(), Some("http" | "https")));
    let authority = authority.ok_or(SetupError::Url("must be http://… or https://… with a host"))?;
    let (user, place) = match authority.as_str().rsplit_once('@') {
        Some((user, place)) => (Some(user).filter(|user| !user.is_empty()), place),
        None => (None, authority.as_str()),
    };
    let host = authority.host();
    if host.is_empty() {
        return Err(SetupError::Url("must be http://… or https://… with a host"));
    }
    if !has_usable_port(place, host) {
        return Err(SetupError::Url("must name a port of 1 to 65535 or none"));
    }
    let place = place.parse().map_err(|_| SetupError::Url("must be http://… or https://… with a host"))?;
    Ok((place, user.map(|text| User { text: text.to_owned() })))
}

/// The client library takes a port that it cannot read for none, and would go to the scheme's own one.
fn has_usable_port(place: &str, host: &str) -> bool {
    let port = place.strip_prefix(host).unwrap_or(place);
    port.is_empty()
        || port.strip_prefix(':').is_some_and(|port| {
            port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<NonZeroU16>().is_ok()
        })
}

fn sensitive(text: &str) -> Result<HeaderValue, SetupError> {
    let mut value = HeaderValue::try_from(text).map_err(|_| SetupError::Token)?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(url: &str) -> Result<Endpoint, SetupError> {
        Endpoint::new(&Secret::new(url), None)
    }

    #[test]
    fn a_url_with_or_without_the_route_and_the_slash_names_the_same_endpoint() {
        for (url, expected) in [
            ("http://a:1", "http://a:1/pitch"),
            ("http://a:1/", "http://a:1/pitch"),
            ("http://a:1/pitch", "http://a:1/pitch"),
            ("http://a:1/pitch/", "http://a:1/pitch"),
            ("http://a:1//", "http://a:1/pitch"),
            (" http://a:1/pitch ", "http://a:1/pitch"),
            ("https://a/base", "https://a/base/pitch"),
            ("https://a/base/pitch//", "https://a/base/pitch"),
            ("https://a/fastpitch", "https://a/fastpitch/pitch"),
            ("https://a/pitch?key=1", "https://a/pitch?key=1"),
            ("https://[::1]:81/base/?key=1", "https://[::1]:81/base/pitch?key=1"),
        ] {
            let found = endpoint(url).unwrap().with_route("/pitch").unwrap();
            assert_eq!(found.uri().to_string(), expected, "{url}");
        }
    }

    #[test]
    fn what_is_no_http_url_is_refused() {
        for url in
            ["", "a", "/a", "localhost:8080", "ftp://a", "http://", "http://:80", "http://user@", "a b"]
        {
            assert!(matches!(endpoint(url), Err(SetupError::Url(_))), "{url}");
        }
    }

    #[test]
    fn a_port_that_is_none_is_refused_and_never_taken_for_the_schemes_own() {
        for port in ["99999", "65536", "abc", "0", "+80", "-1", ""] {
            for host in ["127.0.0.1", "[::1]", "user:word@a.example"] {
                let url = format!("http://{host}:{port}");
                assert!(matches!(endpoint(&url), Err(SetupError::Url(_))), "{url}");
            }
        }
    }

    #[test]
    fn a_user_in_the_url_is_sent_as_basic_authentication_and_shown_nowhere() {
        let found = endpoint("https://scout:p%40ss-word@a.example/x").unwrap();
        assert_eq!(found.uri(), "https://a.example/x");
        assert_eq!(found.origin(), "https://a.example");
        // printf 'scout:p@ss-word' | base64
        assert_eq!(found.authorization().unwrap(), "Basic c2NvdXQ6cEBzcy13b3Jk");
        let echoed = found.without_secrets("p%40ss-word p@ss-word c2NvdXQ6cEBzcy13b3Jk");
        assert_eq!(echoed, "*** *** ***");
        assert_eq!(format!("{found:?}"), "Endpoint(https://a.example)");
    }

    #[test]
    fn a_token_goes_before_a_user_and_is_shown_nowhere() {
        let found = Endpoint::new(&Secret::new("http://user:word@a"), Some(&Secret::new("t0ken"))).unwrap();
        assert_eq!(found.authorization().unwrap(), "Bearer t0ken");
        assert!(found.authorization().unwrap().is_sensitive());
        assert_eq!(found.without_secrets("no such token: t0ken"), "no such token: ***");
        let broken = Endpoint::new(&Secret::new("http://a"), Some(&Secret::new("line\nbreak")));
        assert_eq!(broken.unwrap_err(), SetupError::Token);
    }
}
