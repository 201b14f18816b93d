//! Which proxies to go through.

use std::fmt;
use std::sync::Arc;

use http::Uri;
use http::uri::Scheme;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};

use crate::{Secret, SetupError};

/// Which proxies to go through: for plain requests, for encrypted ones, and where to without any.
#[derive(Clone, Default)]
pub struct Proxies(Option<Arc<Matcher>>);

impl Proxies {
    /// A proxy for `http://` URLs, one for `https://` URLs, and hosts that neither is used for.
    ///
    /// `none_for` is what `NO_PROXY` means to curl: hosts, which stand for all within them as well, addresses and networks,
    /// separated by commas; `*` is everything.
    ///
    /// # Errors
    /// [`SetupError::Proxy`] if a URL is none that an HTTP proxy has. One without a scheme means `http://`.
    pub fn new(http: Option<&Secret>, https: Option<&Secret>, none_for: &str) -> Result<Self, SetupError> {
        let http = url(http, "the proxy for http:// URLs (HTTP_PROXY)")?;
        let https = url(https, "the proxy for https:// URLs (HTTPS_PROXY)")?;
        if http.is_empty() && https.is_empty() {
            return Ok(Self::default());
        }
        let matcher = Matcher::builder().http(http).https(https).no(none_for).build();
        Ok(Self(Some(Arc::new(matcher))))
    }

    /// The proxies that variables name: `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`, or the same in lower case. An empty
    /// one counts as not set.
    ///
    /// # Errors
    /// As [`Proxies::new`].
    pub fn of_variables(look_up: impl Fn(&str) -> Option<String>) -> Result<Self, SetupError> {
        let find = |name: &str| {
            let found = |name: &str| look_up(name).filter(|text| !text.trim().is_empty());
            found(name).or_else(|| found(&name.to_ascii_lowercase()))
        };
        let [http, https] = ["HTTP_PROXY", "HTTPS_PROXY"].map(|name| find(name).map(Secret::new));
        Self::new(http.as_ref(), https.as_ref(), &find("NO_PROXY").unwrap_or_default())
    }

    /// The proxy for this address.
    pub(super) fn before(&self, to: &Uri) -> Option<Intercept> {
        self.0.as_ref()?.intercept(to)
    }
}

impl fmt::Debug for Proxies {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The matcher leaves out what authenticates.
        out.debug_tuple("Proxies").field(&self.0).finish()
    }
}

/// The library takes what it cannot read for no proxy, and one that nothing here speaks with for one.
fn url(url: Option<&Secret>, name: &'static str) -> Result<String, SetupError> {
    let text = url.map_or("", Secret::expose).trim().to_owned();
    if text.is_empty() {
        return Ok(text);
    }
    let anywhere = Uri::from_static("http://anywhere.invalid/");
    let proxy = Matcher::builder().http(&text).build().intercept(&anywhere);
    let is_known = |proxy: &Intercept| {
        let uri = proxy.uri();
        [Some(&Scheme::HTTP), Some(&Scheme::HTTPS)].contains(&uri.scheme())
            && uri.host().is_some_and(|host| !host.is_empty())
    };
    proxy.filter(is_known).map(|_| text).ok_or(SetupError::Proxy(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    fn proxies(variables: &[(&str, &str)]) -> Result<Proxies, SetupError> {
        let variables: HashMap<_, _> = variables.iter().copied().collect();
        Proxies::of_variables(|name| variables.get(name).map(|&value| value.to_owned()))
    }

    fn before(proxies: &Proxies, to: &str) -> Option<String> {
        proxies.before(&to.parse().unwrap()).map(|proxy| proxy.uri().to_string())
    }

    #[test]
    fn each_scheme_has_its_proxy() {
        let found = proxies(&[("HTTP_PROXY", "http://plain:3128"), ("https_proxy", "secure:3129")]).unwrap();
        assert_eq!(before(&found, "http://a/"), Some("http://plain:3128/".to_owned()));
        assert_eq!(before(&found, "https://a/"), Some("http://secure:3129/".to_owned()));
    }

    #[test]
    fn upper_case_goes_before_lower_case_unless_it_is_empty() {
        let both = proxies(&[("HTTP_PROXY", "http://upper"), ("http_proxy", "http://lower")]).unwrap();
        assert_eq!(before(&both, "http://a/"), Some("http://upper/".to_owned()));
        let empty = proxies(&[("HTTP_PROXY", " "), ("http_proxy", "http://lower")]).unwrap();
        assert_eq!(before(&empty, "http://a/"), Some("http://lower/".to_owned()));
        assert_eq!(before(&proxies(&[]).unwrap(), "http://a/"), None);
    }

    #[test]
    fn what_no_proxy_names_is_reached_directly() {
        let found = proxies(&[
            ("HTTP_PROXY", "http://proxy"),
            ("NO_PROXY", "localhost, .inside.example,10.0.0.0/8,192.0.2.1"),
        ])
        .unwrap();
        for host in ["localhost", "a.inside.example", "10.1.2.3", "192.0.2.1"] {
            assert_eq!(before(&found, &format!("http://{host}/")), None, "{host}");
        }
        for host in ["a.example", "notlocalhost", "11.0.0.1", "192.0.2.2"] {
            assert!(before(&found, &format!("http://{host}/")).is_some(), "{host}");
        }
        let nowhere = proxies(&[("HTTP_PROXY", "http://proxy"), ("no_proxy", "*")]).unwrap();
        assert_eq!(before(&nowhere, "http://a/"), None);
    }

    #[test]
    fn a_proxy_that_is_none_is_refused_by_its_variable_and_without_its_password() {
        for url in ["socks5://user:pass-word@a", "ftp://user:pass-word@a", "http://user:pass-word@", "a b"] {
            let error = proxies(&[("HTTPS_PROXY", url)]).unwrap_err().to_string();
            assert!(error.contains("HTTPS_PROXY") && !error.contains("pass-word"), "{error}");
        }
    }

    #[test]
    fn debug_output_holds_no_password() {
        let found = proxies(&[("HTTP_PROXY", "http://user:pass-word@proxy")]).unwrap();
        let shown = format!("{found:?}");
        assert!(
            shown.contains("proxy") && !shown.contains("pass-word") && !shown.contains("user"),
            "{shown}"
        );
    }
}
