//! A server that somebody else runs and lets tests empty.

use std::fmt;
use std::net::IpAddr;

use redis::{ConnectionAddr, IntoConnectionInfo};

use super::instance::connect;
use super::source::{has_modules, modules};
use super::{Surroundings, Unavailable};

/// The server of `SCOUT_TEST_REDIS_URL`.
#[derive(Clone)]
pub struct External {
    url: String,
    address: String,
}

impl External {
    /// The server that the surroundings name, if they name one that answers and has the modules; else why not.
    ///
    /// # Errors
    /// One that is not on this machine is refused unless it was said that it may be emptied.
    pub(super) async fn find(surroundings: &Surroundings) -> Result<Result<Self, String>, Unavailable> {
        let Some(url) = &surroundings.url else {
            return Ok(Err("SCOUT_TEST_REDIS_URL is not set".to_owned()));
        };
        // The error could repeat the password, so it is not shown.
        let Ok(info) = url.as_str().into_connection_info() else {
            return Ok(Err("SCOUT_TEST_REDIS_URL is not a Redis URL".to_owned()));
        };
        let address = info.addr().to_string();
        if !surroundings.may_flush && !is_here(info.addr()) {
            return Err(Unavailable {
                tried: vec![format!(
                    "SCOUT_TEST_REDIS_URL names {address}, which is not on this machine, and tests empty the \
                     server that they use: if nobody needs its data, set SCOUT_TEST_REDIS_MAY_FLUSH=true"
                )],
            });
        }
        if info.redis_settings().db() != 0 {
            return Ok(Err("SCOUT_TEST_REDIS_URL names another database than 0".to_owned()));
        }
        let external = Self { url: url.clone(), address };
        Ok(match external.check().await {
            Ok(()) => Ok(external),
            Err(reason) => Err(format!("SCOUT_TEST_REDIS_URL, {external}: {reason}")),
        })
    }

    /// The address for clients.
    pub fn url(&self) -> &str {
        &self.url
    }

    async fn check(&self) -> Result<(), String> {
        let mut connection = connect(&self.url).await.map_err(|error| error.to_string())?;
        let modules = modules(&mut connection).await.map_err(|error| error.to_string())?;
        if has_modules(&modules) { Ok(()) } else { Err("lacks the module search or ReJSON".to_owned()) }
    }
}

/// Tells host and port alone: the URL may hold a password.
impl fmt::Display for External {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.address)
    }
}

impl fmt::Debug for External {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("External").field("address", &self.address).finish_non_exhaustive()
    }
}

fn is_here(address: &ConnectionAddr) -> bool {
    match address {
        ConnectionAddr::Tcp(host, _) | ConnectionAddr::TcpTls { host, .. } => {
            host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
        }
        ConnectionAddr::Unix(_) => true,
        _ => false,
    }
}
