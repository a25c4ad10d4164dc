//! Listening sockets: TCP and Unix.

mod error;
mod socket_file;

use std::fs::{self, Permissions};
use std::io;
use std::net::{self, IpAddr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::net as unix;
use std::path::Path;
use std::task::{Context, Poll, ready};

use rustix::net::sockopt::socket_acceptconn;
use rustix::net::{SocketAddrAny, SocketFlags, acceptfrom_with};
use socket2::{Domain, Protocol, SockAddr, SockRef, Socket, Type};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::config::User;
pub use error::{BindError, describe};
pub use socket_file::SocketFile;
use socket_file::remove_stale;

/// Connections that may wait to be accepted; the kernel lowers it to net.core.somaxconn. As Go's runtime asks for by default:
/// when all permits are taken this queue is where clients wait.
const BACKLOG: i32 = 4096;

/// A bound socket that clients can connect to already. Bound outside the runtime, for ports below 1024 need the rights that are
/// given up before the first thread starts.
#[derive(Debug)]
pub enum Bound {
    /// TCP.
    Tcp(net::TcpListener),
    /// A Unix socket, whose file is removed with it if it is ours.
    Unix(unix::UnixListener, Option<SocketFile>),
}

/// A socket that connections are accepted from. Registered by itself: tokio's own listeners register what they accept with the
/// runtime of the thread that accepts, which is seldom the one that serves.
#[derive(Debug)]
pub enum Listener {
    /// TCP.
    Tcp(AsyncFd<OwnedFd>),
    /// A Unix socket, whose file is removed with it if it is ours.
    Unix(AsyncFd<OwnedFd>, Option<SocketFile>),
}

/// A fresh connection, before TLS: non-blocking, and registered with no runtime yet, for another thread may serve it.
#[derive(Debug)]
pub enum Accepted {
    /// Over TCP.
    Tcp(net::TcpStream, SocketAddr),
    /// Over the Unix socket.
    Unix(unix::UnixStream),
}

impl Bound {
    /// Listens on `host` (as typed: a name, an address, IPv6 in brackets, or nothing for all interfaces) and `port`.
    ///
    /// # Errors
    /// When the address is none, or the kernel refuses it.
    pub fn tcp(host: &str, port: i64) -> Result<Self, BindError> {
        let address = resolve(host, port)?;
        bind_socket(address)
            .map(Self::Tcp)
            .map_err(|error| BindError::Tcp(join(host, port), error))
    }

    /// Listens on the Unix socket `path`. A stale socket file is removed first; anything else in the way stays. `mode` says who may
    /// connect (unix(7): who may write), `owner` whose the file is.
    ///
    /// # Errors
    /// When the kernel refuses the path, or its mode or owner.
    pub fn unix(path: &Path, mode: Option<u32>, owner: Option<&User>) -> Result<Self, BindError> {
        let bind = || {
            remove_stale(path)?;
            let listener = unix::UnixListener::bind(path)?;
            let file = SocketFile::of(path)?;
            if let Some(User { uid, gid, .. }) = owner {
                chown(path, Some(uid.as_raw()), Some(gid.as_raw()))?;
            }
            if let Some(mode) = mode {
                fs::set_permissions(path, Permissions::from_mode(mode))?;
            }
            listener.set_nonblocking(true)?;
            Ok(Self::Unix(listener, Some(file)))
        };
        bind().map_err(|error| BindError::Unix(path.to_owned(), error))
    }

    /// The sockets that a service manager passed on (`sd_listen_fds(3)`), each with its number. Taken once: the second call gets none.
    ///
    /// # Errors
    /// For one that is no listening stream socket.
    pub fn inherited() -> Result<Vec<(usize, Self)>, BindError> {
        let mut passed = listenfd::ListenFd::from_env();
        let mut bound = Vec::new();
        for index in 0..passed.len() {
            let taken = take_inherited(&mut passed, index);
            let taken = taken.map_err(|error| BindError::Inherited(index, error))?;
            bound.extend(taken.map(|bound| (index, bound)));
        }
        Ok(bound)
    }

    /// Where clients find it: `host:port`, or the path of a Unix socket.
    pub fn shown(&self) -> String {
        match self {
            Self::Tcp(listener) => listener
                .local_addr()
                .map_or_else(|_| "unknown".to_owned(), |addr| addr.to_string()),
            Self::Unix(listener, _) => {
                let address = listener.local_addr().ok();
                let path = address.as_ref().and_then(unix::SocketAddr::as_pathname);
                path.map_or_else(
                    || "an unnamed address".to_owned(),
                    |path| path.display().to_string(),
                )
            }
        }
    }

    /// The bound port; `None` for a Unix socket.
    pub fn port(&self) -> Option<u16> {
        match self {
            Self::Tcp(listener) => listener.local_addr().ok().map(|address| address.port()),
            Self::Unix(..) => None,
        }
    }

    /// Registers the socket with the runtime, which must be running.
    ///
    /// # Errors
    /// When the kernel takes no more of them.
    pub fn listen(self) -> io::Result<Listener> {
        Ok(match self {
            Self::Tcp(listener) => {
                // Messages are small and complete: waiting for more only delays them. What is accepted inherits it
                // (tcp(7)), which saves a call for each connection. It can't fail on a TCP socket.
                let _ = SockRef::from(&listener).set_tcp_nodelay(true);
                Listener::Tcp(register(listener)?)
            }
            Self::Unix(listener, file) => Listener::Unix(register(listener)?, file),
        })
    }
}

impl Listener {
    /// Accepts one connection.
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<Accepted>> {
        match self {
            Self::Tcp(listener) => poll_accept(listener, cx).map(|accepted| {
                let (socket, peer) = accepted?;
                let peer = peer.ok_or(io::ErrorKind::NotConnected)?;
                let peer = SocketAddr::try_from(peer)?;
                let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port());
                Ok(Accepted::Tcp(socket.into(), peer))
            }),
            Self::Unix(listener, _) => {
                poll_accept(listener, cx).map_ok(|(socket, _)| Accepted::Unix(socket.into()))
            }
        }
    }
}

fn take_inherited(passed: &mut listenfd::ListenFd, index: usize) -> io::Result<Option<Bound>> {
    if let Ok(Some(listener)) = passed.take_unix_listener(index) {
        check_listening(&listener)?;
        listener.set_nonblocking(true)?;
        return Ok(Some(Bound::Unix(listener, None)));
    }
    let Some(listener) = passed.take_tcp_listener(index)? else {
        return Ok(None);
    };
    check_listening(&listener)?;
    listener.set_nonblocking(true)?;
    Ok(Some(Bound::Tcp(listener)))
}

/// With `Accept=yes` systemd passes the client's connection, which nobody can connect to.
fn check_listening(socket: &impl AsFd) -> io::Result<()> {
    if socket_acceptconn(socket)? {
        Ok(())
    } else {
        let cure = "it is a client's connection; write Accept=no in the .socket unit";
        Err(io::Error::other(cure))
    }
}

// In its place tokio asks for `unsafe`, since a type could give another descriptor each time it is asked. An `OwnedFd` does not.
#[expect(
    deprecated,
    reason = "sound for an OwnedFd; the successor takes unsafe"
)]
fn register(listener: impl Into<OwnedFd>) -> io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::with_interest(listener.into(), Interest::READABLE)
}

fn poll_accept(
    listener: &AsyncFd<OwnedFd>,
    cx: &mut Context<'_>,
) -> Poll<io::Result<(OwnedFd, Option<SocketAddrAny>)>> {
    let accept = |listener: &AsyncFd<OwnedFd>| {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        Ok(acceptfrom_with(listener.get_ref(), flags)?)
    };
    loop {
        let mut ready = ready!(listener.poll_read_ready(cx))?;
        if let Ok(accepted) = ready.try_io(accept) {
            return Poll::Ready(accepted);
        }
    }
}

/// The address of `host` and `port` for messages, as Go joins them.
fn join(host: &str, port: i64) -> String {
    format!("{host}:{port}")
}

/// The address that [`Bound::tcp`] would bind.
///
/// # Errors
/// When the address is none.
pub fn resolve(host: &str, port: i64) -> Result<SocketAddr, BindError> {
    let number = u16::try_from(port).map_err(|_| BindError::Port(port))?;
    let bare = match host.strip_prefix('[') {
        Some(rest) => rest
            .strip_suffix(']')
            .ok_or_else(|| BindError::MissingBracket(join(host, port)))?,
        None if host.contains(':') => {
            return Err(BindError::TooManyColons {
                host: host.to_owned(),
                address: join(host, port),
            });
        }
        None => host,
    };
    if bare.is_empty() {
        return Ok(SocketAddr::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), number));
    }
    let unknown = || BindError::NoSuchHost(bare.to_owned());
    let found = (bare, number).to_socket_addrs();
    let found: Vec<SocketAddr> = found.map_err(|_| unknown())?.collect();
    // As Go does: a name with addresses of both kinds is bound by its IPv4 one.
    let address = found
        .iter()
        .find(|address| address.is_ipv4())
        .or(found.first());
    address.copied().ok_or_else(unknown)
}

/// All interfaces are one IPv6 socket that takes IPv4 too; a machine without IPv6 gets an IPv4 socket.
fn bind_socket(address: SocketAddr) -> io::Result<net::TcpListener> {
    let all = address.ip() == IpAddr::V6(Ipv6Addr::UNSPECIFIED);
    let socket = match Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    ) {
        Err(error) if all && error.raw_os_error() == Some(nix::libc::EAFNOSUPPORT) => {
            return bind_socket(SocketAddr::new([0, 0, 0, 0].into(), address.port()));
        }
        socket => socket?,
    };
    if address.is_ipv6() {
        socket.set_only_v6(!all)?;
    }
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    match socket.bind(&SockAddr::from(address)) {
        Err(error) if all && error.kind() == io::ErrorKind::AddrNotAvailable => {
            return bind_socket(SocketAddr::new([0, 0, 0, 0].into(), address.port()));
        }
        bound => bound?,
    }
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_read_as_go_reads_them() {
        for (host, ip) in [
            ("127.0.0.1", "127.0.0.1"),
            ("[::1]", "::1"),
            ("", "::"),
            ("[]", "::"),
            ("localhost", "127.0.0.1"),
        ] {
            assert_eq!(
                resolve(host, 80).unwrap(),
                SocketAddr::new(ip.parse().unwrap(), 80),
                "{host}"
            );
        }
        let colons = resolve("::1", 80).unwrap_err().to_string();
        assert!(colons.starts_with("listen tcp: address ::1:80: too many colons in address"));
        let bracket = resolve("[::1", 80).unwrap_err().to_string();
        assert_eq!(
            bracket,
            "listen tcp: address [::1:80: missing ']' in address"
        );
        for port in [-1, 65536] {
            let error = resolve("127.0.0.1", port).unwrap_err().to_string();
            assert_eq!(error, format!("listen tcp: address {port}: invalid port"));
        }
    }

    #[test]
    fn a_port_in_use_is_told_in_lower_case() {
        let first = Bound::tcp("127.0.0.1", 0).unwrap();
        let port = first.port().unwrap();
        let error = Bound::tcp("127.0.0.1", port.into())
            .unwrap_err()
            .to_string();
        assert_eq!(
            error,
            format!("listen tcp 127.0.0.1:{port}: bind: address already in use")
        );
    }

    #[tokio::test]
    async fn all_interfaces_take_both_families() {
        let listener = Bound::tcp("", 0).unwrap();
        let port = listener.port().unwrap();
        let listener = listener.listen().unwrap();
        let client = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
        let accepted = std::future::poll_fn(|cx| listener.poll_accept(cx))
            .await
            .unwrap();
        let Accepted::Tcp(_, peer) = accepted else {
            panic!("not TCP")
        };
        assert_eq!(peer, client.local_addr().unwrap());
    }

    #[test]
    fn unix_socket_files() {
        let dir = std::env::temp_dir().join(format!("websocketd-unix-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        let path = dir.join("socket");

        let live = Bound::unix(&path, None, None).unwrap();
        let error = Bound::unix(&path, None, None).unwrap_err().to_string();
        assert!(error.ends_with("bind: address already in use"), "{error}");
        assert!(
            unix::UnixStream::connect(&path).is_ok(),
            "the incumbent answers"
        );
        drop(live);
        assert!(!path.exists(), "the file goes with the listener");

        drop(unix::UnixListener::bind(&path).unwrap());
        assert!(
            path.exists(),
            "the standard library leaves the file: it is stale"
        );
        let again = Bound::unix(&path, None, None).unwrap();
        fs::remove_file(&path).unwrap();
        let other = unix::UnixListener::bind(&path).unwrap();
        drop(again);
        assert!(path.exists(), "somebody else's file stays");
        drop(other);
        fs::remove_file(&path).unwrap();

        fs::write(&path, "mine").unwrap();
        assert!(Bound::unix(&path, None, None).is_err());
        assert_eq!(fs::read(&path).unwrap(), b"mine");
        fs::remove_dir_all(&dir).unwrap();
    }
}
