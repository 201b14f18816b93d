//! Where a redirect leads.

use http::Uri;
use http::uri::{Authority, PathAndQuery, Scheme};

/// The address that `location` names, seen from `base`; `None` if it names none.
pub(super) fn resolve(base: &Uri, location: &str) -> Option<Uri> {
    let location = location.trim();
    let location = location.split_once('#').map_or(location, |(before, _fragment)| before);
    if location.contains("://") && !location.starts_with(['/', '?']) {
        return location.parse().ok();
    }
    if location.starts_with("//") {
        return format!("{}:{location}", base.scheme_str()?).parse().ok();
    }
    let (path, query) =
        location.split_once('?').map_or((location, None), |(path, query)| (path, Some(query)));
    let path = match path {
        "" => base.path().to_owned(),
        absolute if absolute.starts_with('/') => without_dots(absolute),
        // A scheme that is none of ours (`mailto:x`), which has no host to go to.
        other if other.split('/').next().is_some_and(|first| first.contains(':')) => return None,
        relative => {
            let folder = base.path().rsplit_once('/').map_or("", |(folder, _)| folder);
            without_dots(&format!("{folder}/{relative}"))
        }
    };
    let query = if location.is_empty() { base.query() } else { query };
    let target = query.map_or_else(|| path.clone(), |query| format!("{path}?{query}"));
    let mut parts = base.clone().into_parts();
    parts.path_and_query = Some(target.parse::<PathAndQuery>().ok()?);
    Uri::from_parts(parts).ok()
}

/// An absolute path with `.` and `..` followed.
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        if segment == ".." {
            kept.pop();
        } else if segment != "." {
            kept.push(segment);
            continue;
        }
        if is_last {
            kept.push("");
        }
    }
    format!("/{}", kept.join("/"))
}

/// Whether both are addresses of one scheme, host and port.
pub(super) fn is_same_origin(one: &Uri, other: &Uri) -> bool {
    let host = |uri: &Uri| uri.host().map(str::to_ascii_lowercase);
    one.scheme() == other.scheme() && host(one) == host(other) && port(one) == port(other)
}

fn port(uri: &Uri) -> Option<u16> {
    let default = if uri.scheme() == Some(&Scheme::HTTPS) { 443 } else { 80 };
    uri.authority().map(Authority::port_u16).map(|port| port.unwrap_or(default))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_read_as_seen_from_where_it_was_given() {
        let base: Uri = "https://a.example:8443/x/y?q=1".parse().unwrap();
        for (location, expected) in [
            ("https://b.example/z", Some("https://b.example/z")),
            ("//b.example/z", Some("https://b.example/z")),
            ("/z", Some("https://a.example:8443/z")),
            ("/z?r=2#there", Some("https://a.example:8443/z?r=2")),
            ("/u?to=http://c.example", Some("https://a.example:8443/u?to=http://c.example")),
            ("z", Some("https://a.example:8443/x/z")),
            ("z/", Some("https://a.example:8443/x/z/")),
            ("../z", Some("https://a.example:8443/z")),
            ("./z/..", Some("https://a.example:8443/x/")),
            ("../../../z", Some("https://a.example:8443/z")),
            ("?r=2", Some("https://a.example:8443/x/y?r=2")),
            ("", Some("https://a.example:8443/x/y?q=1")),
            ("mailto:x", None),
            ("/a b", None),
            ("http://", None),
        ] {
            let found = resolve(&base, location).map(|uri| uri.to_string());
            assert_eq!(found.as_deref(), expected, "{location}");
        }
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let base: Uri = "http://a.example/x".parse().unwrap();
        for (other, same) in [
            ("http://a.example:80/y", true),
            ("http://A.Example/", true),
            ("http://user@a.example/", true),
            ("https://a.example/x", false),
            ("http://a.example:8080/x", false),
            ("http://b.example/x", false),
            ("http://a.example.b.example/x", false),
        ] {
            assert_eq!(is_same_origin(&base, &other.parse().unwrap()), same, "{other}");
        }
    }
}
