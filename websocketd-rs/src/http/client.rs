//! The client: the peer of the connection, or the one that a trusted proxy names.

use std::net::IpAddr;

use super::forwarded;
use super::request::{BadRequest, Head};
use crate::config::Listen;
use crate::net::Peer;

/// The client of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Client {
    /// The address; `None`: a client of the Unix socket.
    pub(super) address: Option<IpAddr>,
    /// The port, if known: a proxy need not pass it on.
    pub(super) port: Option<u16>,
    /// Whether the client speaks TLS, to us or to the proxy.
    pub(super) https: bool,
    /// The trusted proxy that the request came from.
    pub(super) proxy: Option<IpAddr>,
    /// Whether a trusted proxy named it.
    pub(super) is_named: bool,
}

impl Client {
    /// The client of a request that came from `peer`.
    ///
    /// # Errors
    /// When a trusted proxy's fields contradict each other.
    pub(super) fn of(
        peer: Peer,
        tls: bool,
        head: &Head,
        listen: &Listen,
    ) -> Result<Self, BadRequest> {
        let (address, port) = match peer {
            Peer::Unix => (None, None),
            Peer::Tcp(address) => (Some(address.ip().to_canonical()), Some(address.port())),
        };
        let is_trusted = |ip: IpAddr| listen.trusts(ip);
        Ok(match address {
            Some(proxy) if is_trusted(proxy) => {
                let origin =
                    forwarded::read(&head.headers, proxy, is_trusted).map_err(|reason| {
                        BadRequest {
                            status: 400,
                            reason,
                        }
                    })?;
                let port = if origin.address == proxy {
                    port
                } else {
                    origin.port
                };
                let https = origin.https.unwrap_or(tls);
                Self {
                    address: Some(origin.address),
                    port,
                    https,
                    proxy: Some(proxy),
                    // A proxy that names another trusted one, or no client, is the client itself.
                    is_named: !is_trusted(origin.address),
                }
            }
            _ => Self {
                address,
                port,
                https: tls,
                proxy: None,
                is_named: false,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::request;

    fn client(peer: &str, fields: &str) -> Client {
        let listen = Listen {
            trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()],
            ..Listen::default()
        };
        let text = format!("GET / HTTP/1.0\r\n{fields}\r\n");
        let head = request::parse(text.as_bytes(), 16).unwrap();
        Client::of(Peer::Tcp(peer.parse().unwrap()), false, &head, &listen).unwrap()
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        let fields = "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\n";
        let own = client("192.0.2.1:5", fields);
        assert_eq!(own.address, Some("192.0.2.1".parse().unwrap()));
        assert_eq!((own.port, own.https, own.proxy), (Some(5), false, None));
        let told = client("[::ffff:10.1.1.1]:5", fields);
        assert_eq!(told.address, Some("192.0.2.7".parse().unwrap()));
        assert_eq!((told.port, told.https), (None, true));
        assert_eq!(told.proxy, Some("10.1.1.1".parse().unwrap()));
        let untold = client("10.1.1.1:5", "");
        assert_eq!(untold.address, Some("10.1.1.1".parse().unwrap()));
        assert_eq!((untold.port, untold.https), (Some(5), false));
    }
}
