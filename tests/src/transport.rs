//! The byte streams a client can use: TCP, TLS over TCP, Unix socket.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, SocketAddrV4, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustix::net::{AddressFamily, SocketType, bind, connect, socket};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

use crate::deadline::DEADLINE;

/// Where a daemon is, and how to get there.
#[derive(Debug, Clone)]
pub enum Endpoint {
    /// Plain TCP.
    Tcp(SocketAddr),
    /// TLS; the name is `localhost`.
    Tls(SocketAddr, Arc<ClientConfig>),
    /// Unix socket.
    Unix(PathBuf),
    /// One of the others, from this address of ours: another client, for who looks at addresses.
    From(Ipv4Addr, Box<Self>),
}

impl Endpoint {
    /// Connects; reads and writes then fail after the deadline.
    pub fn connect(&self) -> io::Result<Transport> {
        self.connect_from(None)
    }

    fn connect_from(&self, own: Option<Ipv4Addr>) -> io::Result<Transport> {
        let transport = match self {
            Self::From(own, endpoint) => return endpoint.connect_from(Some(*own)),
            Self::Tcp(address) => Transport::Tcp(tcp(*address, own)?),
            Self::Tls(address, config) => {
                let name = ServerName::try_from("localhost").expect("a valid name");
                let session =
                    ClientConnection::new(Arc::clone(config), name).map_err(io::Error::other)?;
                let mut stream = StreamOwned::new(session, tcp(*address, own)?);
                // A refused handshake shows here, not at the first read.
                stream.conn.complete_io(&mut stream.sock)?;
                Transport::Tls(Box::new(stream))
            }
            Self::Unix(path) => Transport::Unix(UnixStream::connect(path)?),
        };
        transport.set_patience(DEADLINE)?;
        Ok(transport)
    }

    /// What goes into the Host header.
    pub fn host(&self) -> String {
        match self {
            Self::Tcp(address) | Self::Tls(address, _) => address.to_string(),
            Self::Unix(_) => "localhost".to_owned(),
            Self::From(_, endpoint) => endpoint.host(),
        }
    }

    /// The address, unless it is a Unix socket.
    pub fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(address) | Self::Tls(address, _) => Some(*address),
            Self::Unix(_) => None,
            Self::From(_, endpoint) => endpoint.address(),
        }
    }
}

fn tcp(address: SocketAddr, own: Option<Ipv4Addr>) -> io::Result<TcpStream> {
    let stream = match own {
        None => TcpStream::connect_timeout(&address, DEADLINE)?,
        Some(own) => tcp_from(own, address)?,
    };
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// The standard library gives no say in the own address.
fn tcp_from(own: Ipv4Addr, address: SocketAddr) -> io::Result<TcpStream> {
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None)?;
    bind(&socket, &SocketAddrV4::new(own, 0))?;
    connect(&socket, &address)?;
    Ok(socket.into())
}

/// A connected byte stream.
#[derive(Debug)]
pub enum Transport {
    /// Plain TCP.
    Tcp(TcpStream),
    /// TLS over TCP.
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
    /// Unix socket.
    Unix(UnixStream),
}

impl Transport {
    /// How long a read or write may take.
    pub fn set_patience(&self, patience: Duration) -> io::Result<()> {
        let (read, write) = (Some(patience), Some(patience));
        match self {
            Self::Tcp(stream) => stream
                .set_read_timeout(read)
                .and(stream.set_write_timeout(write)),
            Self::Tls(stream) => stream
                .sock
                .set_read_timeout(read)
                .and(stream.sock.set_write_timeout(write)),
            Self::Unix(stream) => stream
                .set_read_timeout(read)
                .and(stream.set_write_timeout(write)),
        }
    }

    /// Shuts the socket itself down, without any courtesy of TLS or WebSocket.
    pub fn shutdown(&self, how: Shutdown) {
        // Already gone is as good.
        let _ = match self {
            Self::Tcp(stream) => stream.shutdown(how),
            Self::Tls(stream) => stream.sock.shutdown(how),
            Self::Unix(stream) => stream.shutdown(how),
        };
    }

    /// The TCP socket below, if there is one.
    pub fn tcp(&self) -> Option<&TcpStream> {
        match self {
            Self::Tcp(stream) => Some(stream),
            Self::Tls(stream) => Some(&stream.sock),
            Self::Unix(_) => None,
        }
    }
}

/// A call on a socket with a time-out that something interrupts is not begun anew by the kernel (signal(7)).
fn uninterrupted<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

impl Read for Transport {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        uninterrupted(|| match self {
            Self::Tcp(stream) => stream.read(into),
            Self::Tls(stream) => stream.read(into),
            Self::Unix(stream) => stream.read(into),
        })
    }
}

impl Write for Transport {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        uninterrupted(|| match self {
            Self::Tcp(stream) => stream.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
            Self::Unix(stream) => stream.write(bytes),
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        uninterrupted(|| match self {
            Self::Tcp(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
            Self::Unix(stream) => stream.flush(),
        })
    }
}
