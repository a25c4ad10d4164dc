//! A program's stdout, as its server reads it.

use std::io;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::unix::pipe;

/// The reading end of a program's stdout.
#[derive(Debug)]
pub struct Stdout(Source);

/// What the program writes into. A terminal would be another one; its end is an error, `EIO`, and not the end of a file.
#[derive(Debug)]
enum Source {
    Pipe(pipe::Receiver),
}

impl Stdout {
    /// The end of a pipe, non-blocking.
    ///
    /// # Errors
    /// When the runtime can't watch it.
    pub(super) fn pipe(end: OwnedFd) -> io::Result<Self> {
        let pipe = pipe::Receiver::from_owned_fd_unchecked(end)?;
        Ok(Self(Source::Pipe(pipe)))
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
        }
    }
}
