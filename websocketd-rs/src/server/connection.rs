//! The tasks of a connection, step by step: TLS, requests, session.

use std::io;
use std::net::{self, IpAddr, SocketAddr};
use std::os::fd::AsFd;
use std::os::unix::net as unix;
use std::sync::Arc;

use rustix::net::SendFlags;
use tokio::net::{TcpStream, UnixStream};

use super::permits::ConnectionPermit;
use super::plain_http;
use super::redirect::Destination;
use super::terms::Terms;
use crate::config::Level;
use crate::http::{self, Service};
use crate::logging::{Fields, log};
use crate::metrics::METRICS;
use crate::net::listener::{Accepted, describe};
use crate::net::tls::{self, ServerConfig};
use crate::net::{Peer, Stream};
use crate::session;

/// The answer to a client whose address has too many connections.
pub(super) const TOO_MANY: &[u8] =
    b"HTTP/1.1 429 Too Many Requests\r\nContent-Type: text/plain; charset=utf-8\r\n\
    Content-Length: 22\r\nConnection: close\r\n\r\n429 Too Many Requests\n";

/// Holds the connection's permit while it is served.
pub(super) async fn hold(permit: ConnectionPermit, serve: impl Future<Output = ()>) {
    let _open = METRICS.connections_open.enter();
    serve.await;
    drop(permit);
}

/// A TCP connection as it was accepted.
#[derive(Debug)]
pub(super) struct Arrival<S> {
    pub(super) stream: S,
    pub(super) peer: SocketAddr,
    pub(super) permit: ConnectionPermit,
}

impl Arrival<net::TcpStream> {
    /// Makes it one of this thread's.
    pub(super) fn register(self) -> Option<Arrival<TcpStream>> {
        Some(Arrival {
            stream: registered(TcpStream::from_std(self.stream))?,
            peer: self.peer,
            permit: self.permit,
        })
    }
}

/// A stream that was registered with this thread's runtime, unless the kernel refused.
pub(super) fn registered<S>(stream: io::Result<S>) -> Option<S> {
    if let Err(error) = &stream {
        let message = format!("Can't serve a connection: {}", describe(error));
        log(Level::Error, "server", &message);
    }
    stream.ok()
}

/// A TCP connection: first the PROXY header where one is due, then TLS where the port speaks it.
pub(super) async fn serve_tcp(
    arrival: Arrival<net::TcpStream>,
    tls: Option<Arc<ServerConfig>>,
    service: Arc<Service>,
) {
    let Some(mut arrival) = arrival.register() else {
        return;
    };
    let terms = Terms::of_service(&service);
    if terms.expects_header(arrival.peer.ip()) {
        let farewell = if tls.is_none() { TOO_MANY } else { b"" };
        let known = tokio::select! {
            known = Box::pin(terms.read_proxy_header(&mut arrival, farewell)) => known,
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
    hold(permit, secure(stream, Peer::Tcp(peer), tls, service)).await;
}

/// The TLS handshake where the port speaks it, then requests.
async fn secure(
    stream: TcpStream,
    peer: Peer,
    tls: Option<Arc<ServerConfig>>,
    service: Arc<Service>,
) {
    let Some(tls) = tls else {
        return serve(Stream::Tcp(stream), peer, service).await;
    };
    let limit = service.config.limits.tls_timeout;
    // Boxed, as the next step is: what the handshake needs is given back when it is over.
    let handshake = Box::pin(tls::accept(tls, stream, limit));
    let accepted = tokio::select! {
        accepted = handshake => accepted,
        () = service.stopping.cancelled() => return,
    };
    match accepted {
        Ok(stream) => serve(Stream::Tls(Box::new(stream)), peer, service).await,
        Err(error) => {
            let ip = match peer {
                Peer::Tcp(peer) => Some(peer.ip()),
                Peer::Unix => None,
            };
            log_failed_handshake(ip, &error);
        }
    }
}

/// A connection to the redirect port.
pub(super) async fn redirect_tcp(
    stream: net::TcpStream,
    to: Arc<Destination>,
    service: Arc<Service>,
) {
    let Some(stream) = registered(TcpStream::from_std(stream)) else {
        return;
    };
    let limit = service.config.limits.header_timeout;
    tokio::select! {
        () = plain_http::serve(stream, limit, |request| to.redirect(request)) => {}
        () = service.stopping.cancelled() => {}
    }
}

/// A connection to the Unix socket.
pub(super) async fn serve_unix(stream: unix::UnixStream, service: Arc<Service>) {
    if let Some(stream) = registered(UnixStream::from_std(stream)) {
        serve(Stream::Unix(stream), Peer::Unix, service).await;
    }
}

/// Requests until one becomes a session, then the session.
async fn serve(stream: Stream, peer: Peer, service: Arc<Service>) {
    let begun = http::serve(stream, peer, &service).await;
    if let Some((upgraded, _counted)) = begun {
        let _open = METRICS.sessions_open.enter();
        if let Some(end) = session::run(upgraded, &service.stopping).await {
            METRICS.sessions_ended.add(end.label());
            service.session_ended.notify_one();
        }
    }
}

/// Logs why there is no TLS connection.
pub(super) fn log_failed_handshake(ip: Option<IpAddr>, error: &io::Error) {
    let fields = Fields {
        remote: Some(ip.map_or_else(String::new, |ip| ip.to_string())),
        ..Fields::default()
    };
    let message = format!("TLS handshake failed: {error}");
    fields.log(Level::Debug, "http", &message);
}

/// Refuses a connection whose address has too many.
pub(super) fn refuse(accepted: Accepted, ip: IpAddr, farewell: &[u8]) {
    if let Accepted::Tcp(stream, _) = accepted {
        refuse_too_many(&stream, ip, farewell);
    }
}

/// Gives a client whose address has too many connections its farewell, if the socket takes it at once.
pub(super) fn refuse_too_many(stream: &impl AsFd, ip: IpAddr, farewell: &[u8]) {
    METRICS.refusals.add("connections_per_address");
    let fields = Fields {
        remote: Some(ip.to_string()),
        ..Fields::default()
    };
    fields.access("http", "Too many connections from this address");
    if !farewell.is_empty() {
        let _ = rustix::net::send(stream, farewell, SendFlags::NOSIGNAL);
    }
}
