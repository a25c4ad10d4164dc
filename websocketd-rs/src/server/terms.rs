//! What the first steps of a connection go by, before it is known what the client wants.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;

use super::connection::{Arrival, refuse_too_many};
use super::permits::ConnectionPermit;
use crate::config::Listen;
use crate::http::Service;
use crate::logging::Fields;
use crate::metrics::METRICS;
use crate::net::proxy::{self, ProxiedPeer};
use crate::permit::AddressPermits;
use crate::tcp::site::TcpSite;

/// Of the daemon's own listeners, or those of a section.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms<'a> {
    listen: &'a Listen,
    /// Whether a trusted proxy's connections stand for many clients.
    believes_proxies: bool,
    /// Time for the PROXY header.
    header_timeout: Duration,
    /// `--maxconnsperip`.
    limit: Option<usize>,
    addresses: &'a Arc<AddressPermits>,
}

impl<'a> Terms<'a> {
    pub(super) fn of_service(service: &'a Service) -> Self {
        let config = &service.config;
        Self {
            listen: &config.listen,
            believes_proxies: true,
            header_timeout: config.limits.header_timeout,
            limit: config.limits.max_connections_per_address,
            addresses: &service.addresses,
        }
    }

    pub(super) fn of_section(site: &'a TcpSite) -> Self {
        let config = &site.config;
        Self {
            listen: &config.listen,
            // Without HTTP only a PROXY header names clients.
            believes_proxies: config.listen.proxy_protocol,
            header_timeout: config.limits.header_timeout,
            limit: config.limits.max_connections_per_address,
            addresses: &site.addresses,
        }
    }

    /// Counts the connection to the address that it came from, unless that is a proxy's; whether the address has not too many.
    pub(super) fn admits(&self, ip: IpAddr, permit: &mut ConnectionPermit) -> bool {
        self.stands_for_many(ip)
            || self
                .limit
                .is_none_or(|limit| permit.count(self.addresses, ip, limit))
    }

    fn stands_for_many(&self, ip: IpAddr) -> bool {
        self.believes_proxies && self.listen.trusts(ip)
    }

    /// Whether connections from `ip` begin with a PROXY header.
    pub(super) fn expects_header(&self, ip: IpAddr) -> bool {
        self.listen.proxy_protocol && self.listen.trusts(ip)
    }

    /// Takes the client's address from the PROXY header and a permit for it; whether the connection goes on. `farewell` is for one
    /// whose address has too many.
    pub(super) async fn read_proxy_header(
        &self,
        arrival: &mut Arrival<TcpStream>,
        farewell: &[u8],
    ) -> bool {
        let client = match proxy::read(&mut arrival.stream, self.header_timeout).await {
            Ok(ProxiedPeer::Client(client)) => client,
            // The proxy's own connection is not limited.
            Ok(ProxiedPeer::Proxy) => return true,
            Err(error) => {
                METRICS.refusals.add("proxy_header");
                let remote = Some(arrival.peer.ip().to_string());
                let fields = Fields {
                    remote,
                    ..Fields::default()
                };
                fields.error("http", &format!("Trusted proxy refused: {error}"));
                return false;
            }
        };
        let ip = client.ip().to_canonical();
        arrival.peer = SocketAddr::new(ip, client.port());
        // One trusted proxy behind another stands for many clients as well.
        let fits = self.admits(ip, &mut arrival.permit);
        if !fits {
            refuse_too_many(&arrival.stream, ip, farewell);
        }
        fits
    }
}
