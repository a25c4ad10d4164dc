//! A way to a relay, over UDP, TCP or TLS: a request, and the answer to it, each for a bounded time.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs, UdpSocket};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::{Address, other};

/// How long a server may take for a connection, and for each answer.
const LIMIT: Duration = Duration::from_secs(2);
/// Datagrams get lost.
const TRIES: usize = 3;
/// The longest answer that is read, in bytes.
const MAX_ANSWER: usize = 4096;
/// What all messages begin with: type, length, magic number and transaction (RFC 8489 section 5).
const HEADER: usize = 20;
/// The certificates that Debian's ca-certificates keeps.
const SYSTEM_CA_FILE: &str = "/etc/ssl/certs/ca-certificates.crt";

/// A way to a server.
pub(super) enum Line {
    Udp(UdpSocket),
    Stream(Box<dyn ReadWrite>),
}

pub(super) trait ReadWrite: Read + Write {}
impl<T: Read + Write> ReadWrite for T {}

impl Line {
    pub(super) fn open(address: &Address<'_>) -> io::Result<Self> {
        let mut failed = io::Error::other("the name has no address");
        for socket in (address.host, address.port).to_socket_addrs()? {
            match Self::connect(address, socket) {
                Ok(line) => return Ok(line),
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }

    fn connect(address: &Address<'_>, socket: SocketAddr) -> io::Result<Self> {
        if address.is_udp {
            let any = if socket.is_ipv6() {
                "[::]:0"
            } else {
                "0.0.0.0:0"
            };
            let line = UdpSocket::bind(any)?;
            line.connect(socket)?;
            line.set_read_timeout(Some(LIMIT))?;
            return Ok(Self::Udp(line));
        }
        let stream = TcpStream::connect_timeout(&socket, LIMIT)?;
        stream.set_read_timeout(Some(LIMIT))?;
        stream.set_write_timeout(Some(LIMIT))?;
        if !address.is_tls {
            return Ok(Self::Stream(Box::new(stream)));
        }
        let name = ServerName::try_from(address.host.to_owned()).map_err(other)?;
        let client = ClientConnection::new(Arc::new(config(Path::new(SYSTEM_CA_FILE))?), name);
        Ok(Self::Stream(Box::new(StreamOwned::new(
            client.map_err(other)?,
            stream,
        ))))
    }

    /// Sends a request and waits for the answer to it.
    pub(super) fn ask(&mut self, request: &[u8]) -> io::Result<Vec<u8>> {
        match self {
            Self::Udp(line) => {
                let mut answer = vec![0; MAX_ANSWER];
                for _ in 0..TRIES {
                    line.send(request)?;
                    match line.recv(&mut answer) {
                        Ok(length) if is_answer(&answer[..length], request) => {
                            answer.truncate(length);
                            return Ok(answer);
                        }
                        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                            return Err(error);
                        }
                        Ok(_) | Err(_) => {}
                    }
                }
                Err(io::Error::new(io::ErrorKind::TimedOut, "no answer"))
            }
            Self::Stream(line) => {
                line.write_all(request)?;
                let mut answer = vec![0; HEADER];
                line.read_exact(&mut answer)?;
                let length = usize::from(u16::from_be_bytes([answer[2], answer[3]]));
                if HEADER + length > MAX_ANSWER {
                    return Err(io::Error::other("what answers is no relay"));
                }
                answer.resize(HEADER + length, 0);
                line.read_exact(&mut answer[HEADER..])?;
                Ok(answer)
            }
        }
    }
}

/// Whether it is about the same transaction.
fn is_answer(answer: &[u8], request: &[u8]) -> bool {
    answer.len() >= HEADER && answer[4..HEADER] == request[4..HEADER]
}

/// TLS as browsers speak it, by the certificates of `file`.
pub(in crate::ctl::doctor) fn config(file: &Path) -> io::Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(other)? {
        // One that rustls does not take is somebody else's trouble.
        let _ = roots.add(certificate.map_err(other)?);
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    Ok(config
        .map_err(other)?
        .with_root_certificates(roots)
        .with_no_client_auth())
}
