//! A program's stdout, as its server reads it.

use std::io;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use rustix::io::{Errno, read};
use rustix::pipe::fcntl_getpipe_size;
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncRead, Interest, ReadBuf};
use tokio::net::unix::pipe;

use super::terminal::{self, Size};

/// The reading end of a program's stdout.
#[derive(Debug)]
pub struct Stdout(Source);

/// What the program writes into.
#[derive(Debug)]
enum Source {
    Pipe(pipe::Receiver),
    /// Not a receiver, which would take a short read for the last before new bytes wake it: the kernel hands out a terminal's
    /// bytes by 4 KiB at the most, and less where its ring of them ends.
    Terminal(AsyncFd<OwnedFd>),
}

/// The same end, which no runtime watches.
#[derive(Debug)]
pub(super) enum Loose {
    Pipe(OwnedFd),
    Terminal(OwnedFd),
}

impl Loose {
    /// Has this thread's runtime watch it.
    ///
    /// # Errors
    /// When the runtime can't watch it.
    pub(super) fn attach(self) -> io::Result<Stdout> {
        match self {
            Self::Pipe(end) => Stdout::pipe(end),
            Self::Terminal(end) => Stdout::terminal(end),
        }
    }
}

impl Stdout {
    /// Takes it off this thread's runtime; `None` when that can't be done.
    pub(super) fn detach(self) -> Option<Loose> {
        Some(match self.0 {
            Source::Pipe(pipe) => Loose::Pipe(pipe.into_nonblocking_fd().ok()?),
            Source::Terminal(end) => Loose::Terminal(end.into_inner()),
        })
    }

    /// The end of a pipe, non-blocking.
    ///
    /// # Errors
    /// When the runtime can't watch it.
    pub(super) fn pipe(end: OwnedFd) -> io::Result<Self> {
        let pipe = pipe::Receiver::from_owned_fd_unchecked(end)?;
        Ok(Self(Source::Pipe(pipe)))
    }

    /// The daemon's end of a terminal, non-blocking.
    ///
    /// # Errors
    /// When the runtime can't watch it.
    pub(super) fn terminal(end: OwnedFd) -> io::Result<Self> {
        #[expect(
            deprecated,
            reason = "sound for an OwnedFd; the successor takes unsafe"
        )]
        let end = AsyncFd::with_interest(end, Interest::READABLE)?;
        Ok(Self(Source::Terminal(end)))
    }

    /// Bytes that the pipe can hold now: the program may have changed it (`F_SETPIPE_SZ` in fcntl(2)). A terminal is none.
    pub(super) fn pipe_capacity(&self) -> Option<usize> {
        match &self.0 {
            Source::Pipe(pipe) => fcntl_getpipe_size(pipe).ok(),
            Source::Terminal(_) => None,
        }
    }
}

impl Stdout {
    /// Sets the size of the terminal, if it is one.
    pub(super) fn resize(&self, size: Size) {
        if let Source::Terminal(end) = &self.0 {
            // Refused by no terminal; what the program believes of its size is nothing to fail for.
            let _ = terminal::resize(end.get_ref(), size);
        }
    }
}

impl AsyncRead for Stdout {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut self.0 {
            Source::Pipe(pipe) => Pin::new(pipe).poll_read(cx, buf),
            Source::Terminal(end) => poll_terminal(end, cx, buf),
        }
    }
}

/// Fills `buf` with all that is there.
fn poll_terminal(
    end: &AsyncFd<OwnedFd>,
    cx: &mut Context<'_>,
    buf: &mut ReadBuf<'_>,
) -> Poll<io::Result<()>> {
    let before = buf.filled().len();
    while buf.filled().len() == before {
        let mut ready = ready!(end.poll_read_ready(cx))?;
        while buf.remaining() > 0 {
            match read(end, buf.initialize_unfilled()) {
                Ok(n) if n > 0 => buf.advance(n),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    ready.clear_ready();
                    break;
                }
                // EIO: nobody has the other end any more. What came before it is handed over first.
                Ok(_) | Err(Errno::IO) => return Poll::Ready(Ok(())),
                Err(error) => return Poll::Ready(Err(error.into())),
            }
        }
    }
    Poll::Ready(Ok(()))
}
