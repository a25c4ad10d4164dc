//! The bytes of an accepted connection.

use std::io::{self, IoSlice};
use std::os::fd::{AsFd, OwnedFd};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use rustix::net::{RecvFlags, SendFlags, recv, send};
use socket2::{SockRef, TcpKeepalive};
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::server::TlsStream;

/// The stream of an accepted connection.
#[derive(Debug)]
pub enum Stream {
    /// Plain TCP.
    Tcp(TcpStream),
    /// TLS over TCP.
    Tls(Box<TlsStream<TcpStream>>),
    /// A Unix socket.
    Unix(UnixStream),
}

impl Stream {
    /// Whether the client speaks TLS to us.
    pub fn is_tls(&self) -> bool {
        matches!(self, Self::Tls(_))
    }

    /// The host that the client named when it asked for TLS (SNI).
    pub fn server_name(&self) -> Option<&str> {
        match self {
            Self::Tls(stream) => stream.get_ref().1.server_name(),
            Self::Tcp(_) | Self::Unix(_) => None,
        }
    }

    /// Reads what of a plain stream has come already, without asking the runtime, which learns of a new connection
    /// only with its next look at all of them; `None` when nothing has, or the stream is not plain.
    pub fn read_at_once(&self, bytes: &mut [u8]) -> Option<usize> {
        let read = match self {
            Self::Tcp(stream) => recv(stream, bytes, RecvFlags::DONTWAIT),
            Self::Unix(stream) => recv(stream, bytes, RecvFlags::DONTWAIT),
            Self::Tls(_) => return None,
        };
        // The next read reports an error again.
        read.ok().map(|(read, _)| read).filter(|&read| read > 0)
    }

    /// Gives a plain socket its last bytes, which it keeps for the segment that carries the end (`MSG_MORE`,
    /// send(2)): the caller shuts it down at once. How many it took.
    pub fn write_last(&self, bytes: &[u8]) -> usize {
        let flags = SendFlags::MORE | SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
        let written = match self {
            Self::Tcp(stream) => send(stream, bytes, flags),
            Self::Unix(stream) => send(stream, bytes, flags),
            Self::Tls(_) => return 0,
        };
        // The next write reports an error again.
        written.unwrap_or(0)
    }

    /// Ends the connection when the client's kernel has acknowledged nothing for `limit` although bytes were
    /// sent (`TCP_USER_TIMEOUT`, tcp(7)). That distinguishes a dead client from one that waits for a slow program.
    /// A Unix socket can't lose its peer unnoticed.
    pub fn bound_unacknowledged(&self, limit: Duration) {
        let tcp = match self {
            Self::Tcp(stream) => stream,
            Self::Tls(stream) => stream.get_ref().0,
            Self::Unix(_) => return,
        };
        // Refused only for a socket that is dead already, which the next read reports.
        let _ = SockRef::from(tcp).set_tcp_user_timeout(Some(limit));
    }

    /// Has the kernel probe a silent client each `interval`, and end the connection when it has given no sign of life
    /// for two.
    pub fn probe(&self, interval: Duration) {
        let tcp = match self {
            Self::Tcp(stream) => stream,
            Self::Tls(stream) => stream.get_ref().0,
            Self::Unix(_) => return,
        };
        // The kernel counts in seconds.
        let seconds = interval.max(Duration::from_secs(1));
        let probes = TcpKeepalive::new()
            .with_time(seconds)
            .with_interval(seconds);
        let _ = SockRef::from(tcp).set_tcp_keepalive(&probes);
        self.bound_unacknowledged(2 * seconds);
    }

    /// Has the end of the connection be a reset, which says that it is no orderly one, and what waits to be sent be
    /// dropped.
    pub fn abort(self) {
        let tcp = match &self {
            Self::Tcp(stream) => stream,
            Self::Tls(stream) => stream.get_ref().0,
            Self::Unix(_) => return,
        };
        let _ = SockRef::from(tcp).set_linger(Some(Duration::ZERO));
    }

    /// What has become of the connection, which is told once.
    pub fn take_error(&self) -> Option<io::Error> {
        let taken = match self {
            Self::Tcp(stream) => stream.take_error(),
            Self::Tls(stream) => stream.get_ref().0.take_error(),
            Self::Unix(stream) => stream.take_error(),
        };
        taken.unwrap_or_else(Some)
    }

    /// Another descriptor of the socket, readable when the connection is gone both ways, whatever waits to be read.
    ///
    /// # Errors
    /// When there is no descriptor left.
    pub fn watch_hangup(&self) -> io::Result<AsyncFd<OwnedFd>> {
        let socket = match self {
            Self::Tcp(stream) => stream.as_fd(),
            Self::Tls(stream) => stream.get_ref().0.as_fd(),
            Self::Unix(stream) => stream.as_fd(),
        };
        // Errors and hang-ups are always told (epoll_ctl(2)); of urgent bytes, which is asked for in the place of
        // nothing, none come.
        #[expect(
            deprecated,
            reason = "sound for an OwnedFd; the successor takes unsafe"
        )]
        AsyncFd::with_interest(socket.try_clone_to_owned()?, Interest::PRIORITY)
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Unix(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Unix(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
            Self::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
            Self::Unix(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Tcp(stream) => stream.is_write_vectored(),
            Self::Tls(stream) => stream.is_write_vectored(),
            Self::Unix(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
            Self::Unix(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Unix(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
