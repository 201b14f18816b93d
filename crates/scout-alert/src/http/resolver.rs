//! Names to addresses, and of those only the ones that may be connected to.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use scout_core::alerting::DeliveryErrorKind;
use tower_service::Service;

use super::AllowList;
use super::failure::{ConnectError, reason};

/// Looks names up as the system does. The connector goes to no address that this has not given it, so that a name cannot be
/// checked with one address and connected to with another.
#[derive(Clone, Debug)]
pub(super) struct Resolver {
    system: GaiResolver,
    allowed: Arc<AllowList>,
}

impl Resolver {
    pub(super) fn new(allowed: Arc<AllowList>) -> Self {
        Self { system: GaiResolver::new(), allowed }
    }
}

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = ConnectError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, ConnectError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let is_listed = self.allowed.allows_host(name.as_str());
        let allowed = Arc::clone(&self.allowed);
        let found = self.system.call(name);
        Box::pin(async move {
            let found = found.await.map_err(|error| {
                let text = format!("the name cannot be resolved: {}", reason(&error));
                ConnectError::new(DeliveryErrorKind::Connect, text)
            })?;
            let mut addresses: Vec<_> = found.collect();
            if !is_listed && !addresses.is_empty() {
                addresses.retain(|address| allowed.allows_address(address.ip()));
                if addresses.is_empty() {
                    return Err(not_allowed());
                }
            }
            Ok(addresses.into_iter())
        })
    }
}

pub(super) fn not_allowed() -> ConnectError {
    ConnectError::new(
        DeliveryErrorKind::NotAllowed,
        "not among the hosts and networks that may be connected to",
    )
}
