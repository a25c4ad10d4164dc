//! What a client's stream says of itself.

use std::fmt::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

use ring::digest::{SHA256, digest};
use tokio_rustls::rustls::ProtocolVersion;

use crate::net::Stream;
use crate::process::env::{Credentials, TlsFacts};

/// What was agreed on by TLS, where it is spoken.
pub(super) fn of_tls(stream: &Stream) -> Option<TlsFacts> {
    let Stream::Tls(stream) = stream else {
        return None;
    };
    let connection = stream.get_ref().1;
    let cipher = connection.negotiated_cipher_suite();
    let cipher = cipher.and_then(|suite| suite.suite().as_str());
    let peer = connection.peer_certificates().and_then(<[_]>::first);
    Some(TlsFacts {
        protocol: match connection.protocol_version() {
            Some(ProtocolVersion::TLSv1_2) => "TLSv1.2",
            _ => "TLSv1.3",
        },
        // The library says of its own which ones belong to TLS 1.3.
        cipher: cipher.unwrap_or_default().replacen("TLS13_", "TLS_", 1),
        server_name: connection.server_name().map(ToOwned::to_owned),
        peer_hash: peer.map(|certificate| hash(certificate)),
    })
}

fn hash(certificate: &[u8]) -> String {
    let mut text = "SHA256:".to_owned();
    for byte in digest(&SHA256, certificate).as_ref() {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The address that the client came to.
pub(super) fn local_address(stream: &Stream) -> Option<SocketAddr> {
    let address = match stream {
        Stream::Tcp(stream) => stream.local_addr().ok(),
        Stream::Tls(stream) => stream.get_ref().0.local_addr().ok(),
        Stream::Unix(_) => None,
    }?;
    Some(SocketAddr::new(address.ip().to_canonical(), address.port()))
}

/// The path of the Unix socket that it came to.
pub(super) fn local_path(stream: &Stream) -> Option<PathBuf> {
    let Stream::Unix(stream) = stream else {
        return None;
    };
    let address = stream.local_addr().ok()?;
    address.as_pathname().map(ToOwned::to_owned)
}

/// Who connected to the Unix socket.
pub(super) fn credentials(stream: &Stream) -> Option<Credentials> {
    let Stream::Unix(stream) = stream else {
        return None;
    };
    let client = stream.peer_cred().ok()?;
    Some(Credentials {
        pid: client.pid()?,
        uid: client.uid(),
        gid: client.gid(),
    })
}
