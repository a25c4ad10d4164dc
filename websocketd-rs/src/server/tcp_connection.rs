//! The tasks of a connection of a `[tcp NAME]` section: PROXY header, TLS, session.

use std::net::{self, IpAddr, SocketAddr};
use std::os::unix::net as unix;
use std::sync::Arc;

use tokio::net::{TcpStream, UnixStream};

use super::connection::{Arrival, hold, log_failed_handshake, registered};
use super::terms::Terms;
use crate::http::Service;
use crate::net::Stream;
use crate::net::tls;
use crate::tcp::site::TcpSite;
use crate::tcp::{self, TcpClient};

/// A TCP connection.
pub(super) async fn serve_tcp(
    arrival: Arrival<net::TcpStream>,
    site: Arc<TcpSite>,
    service: Arc<Service>,
) {
    let Some(mut arrival) = arrival.register() else {
        return;
    };
    let proxy = Some(arrival.peer.ip());
    let terms = Terms::of_section(&site);
    let is_proxied = terms.expects_header(arrival.peer.ip());
    if is_proxied {
        let known = tokio::select! {
            known = Box::pin(terms.read_proxy_header(&mut arrival, b"")) => known,
            () = service.stopping.cancelled() => false,
        };
        if !known {
            return;
        }
    }
    let Arrival {
        stream,
        peer,
        permit,
    } = arrival;
    let proxy = proxy.filter(|proxy| is_proxied && *proxy != peer.ip());
    hold(permit, secure(stream, peer, proxy, site, service)).await;
}

/// The TLS handshake where the section speaks it, then the session.
async fn secure(
    stream: TcpStream,
    peer: SocketAddr,
    proxy: Option<IpAddr>,
    site: Arc<TcpSite>,
    service: Arc<Service>,
) {
    let stream = match site.tls.clone() {
        None => Stream::Tcp(stream),
        Some(tls) => {
            // Boxed: what the handshake needs is given back when it is over.
            let handshake = Box::pin(tls::shake_hands(
                tls,
                stream,
                site.config.limits.tls_timeout,
            ));
            let accepted = tokio::select! {
                accepted = handshake => accepted,
                () = service.stopping.cancelled() => return,
            };
            match accepted {
                Ok(stream) => Stream::Tls(Box::new(stream)),
                Err(error) => return log_failed_handshake(Some(peer.ip()), &error),
            }
        }
    };
    let client = TcpClient {
        stream,
        address: Some(peer),
        proxy,
    };
    serve(client, site, service).await;
}

/// A connection to the section's Unix socket.
pub(super) async fn serve_unix(
    stream: unix::UnixStream,
    site: Arc<TcpSite>,
    service: Arc<Service>,
) {
    if let Some(stream) = registered(UnixStream::from_std(stream)) {
        let client = TcpClient {
            stream: Stream::Unix(stream),
            address: None,
            proxy: None,
        };
        serve(client, site, service).await;
    }
}

async fn serve(client: TcpClient, site: Arc<TcpSite>, service: Arc<Service>) {
    tcp::serve(client, site, &service.stopping).await;
    service.session_ended.notify_one();
}
