//! Where connections may lead.

use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;

use crate::SetupError;

/// Hosts and networks that may be connected to; an empty list allows all.
///
/// An entry is a host (`hooks.example.com`), all hosts of a domain (`*.example.com`, without the domain itself), an
/// address or a network (`10.0.0.0/8`). A host that is listed by name is allowed whatever its name resolves to; any other
/// is connected to at those of its addresses only that are listed, however often the name is resolved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowList {
    hosts: Vec<String>,
    domains: Vec<String>,
    networks: Vec<IpNet>,
}

impl AllowList {
    /// The list with these entries.
    ///
    /// # Errors
    /// [`SetupError::AllowList`] with the first entry that is none.
    pub fn new<'a>(entries: impl IntoIterator<Item = &'a str>) -> Result<Self, SetupError> {
        let mut list = Self::default();
        for entry in entries {
            list.add(entry.trim()).ok_or_else(|| SetupError::AllowList(entry.to_owned()))?;
        }
        Ok(list)
    }

    fn add(&mut self, entry: &str) -> Option<()> {
        if let Ok(network) = entry.parse::<IpNet>() {
            self.networks.push(network);
        } else if let Ok(address) = bare(entry).parse::<IpAddr>() {
            self.networks.push(address.into());
        } else if let Some(domain) = entry.strip_prefix("*.") {
            self.domains.push(host_name(domain)?);
        } else {
            self.hosts.push(host_name(entry)?);
        }
        Some(())
    }

    /// Whether everything is allowed.
    pub(super) fn is_empty(&self) -> bool {
        self.hosts.is_empty() && self.domains.is_empty() && self.networks.is_empty()
    }

    /// Whether this host is allowed by its name, or is an address that is.
    pub(super) fn allows_host(&self, host: &str) -> bool {
        if let Ok(address) = bare(host).parse() {
            return self.allows_address(address);
        }
        let host = normal(host);
        let is_within = |domain: &String| {
            host.strip_suffix(domain.as_str()).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
        };
        self.is_empty() || self.hosts.contains(&host) || self.domains.iter().any(is_within)
    }

    /// Whether this address is allowed, whatever name led to it.
    pub(super) fn allows_address(&self, address: IpAddr) -> bool {
        // `::ffff:10.0.0.1` is a way to write 10.0.0.1, and leads there.
        let address = address.to_canonical();
        self.is_empty() || self.networks.iter().any(|network| network.contains(&address))
    }
}

impl FromStr for AllowList {
    type Err = SetupError;

    /// Reads entries that are separated by commas.
    fn from_str(text: &str) -> Result<Self, SetupError> {
        Self::new(text.split(',').filter(|entry| !entry.trim().is_empty()))
    }
}

/// An IPv6 address stands in brackets in a URL.
fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host)
}

/// Names are compared without regard to case, and to the dot that makes one absolute.
fn normal(host: &str) -> String {
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

fn host_name(text: &str) -> Option<String> {
    let host = normal(text);
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    host.split('.').all(|label| !label.is_empty() && label.bytes().all(is_letter)).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> AllowList {
        text.parse().unwrap()
    }

    #[test]
    fn an_empty_list_allows_everything() {
        assert!(list("").allows_host("anything.example"));
        assert!(list(" , ").allows_address("192.0.2.1".parse().unwrap()));
    }

    #[test]
    fn hosts_are_allowed_by_name_and_by_domain_and_nothing_that_looks_alike() {
        let list = list("hooks.example.com, *.Example.ORG");
        for host in [
            "hooks.example.com",
            "HOOKS.example.com",
            "hooks.example.com.",
            "a.example.org",
            "a.b.example.org",
        ] {
            assert!(list.allows_host(host), "{host}");
        }
        for host in [
            "example.com",
            "a.hooks.example.com",
            "example.org",
            "badexample.org",
            ".example.org",
            "192.0.2.1",
        ] {
            assert!(!list.allows_host(host), "{host}");
        }
        assert!(!list.allows_address("192.0.2.1".parse().unwrap()));
    }

    #[test]
    fn addresses_are_allowed_by_network_in_whatever_form_they_are_written() {
        let list = list("10.0.0.0/8,192.0.2.7,fd00::/8,[2001:db8::1]");
        for address in ["10.1.2.3", "::ffff:10.1.2.3", "192.0.2.7", "fd12::1", "2001:db8::1"] {
            assert!(list.allows_address(address.parse().unwrap()), "{address}");
        }
        for address in ["11.0.0.1", "192.0.2.8", "::ffff:169.254.169.254", "fe80::1"] {
            assert!(!list.allows_address(address.parse().unwrap()), "{address}");
        }
        assert!(list.allows_host("10.0.0.1") && list.allows_host("[fd00::1]"));
        assert!(!list.allows_host("inside.example"));
    }

    #[test]
    fn an_entry_that_is_none_is_named() {
        for entry in ["*", "*.", "http://a", "a:80", "10.0.0.0/33", "a b", "a..b", "*.*.a"] {
            assert_eq!(entry.parse::<AllowList>(), Err(SetupError::AllowList(entry.to_owned())));
        }
    }
}
