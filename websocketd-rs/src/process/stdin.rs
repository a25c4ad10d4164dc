//! A program's stdin, as its server sees it.

use std::io;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use rustix::io::{Errno, write};
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncWrite, Interest};

/// The writing end of a program's stdin, a pipe or a terminal. It is registered with the runtime only when it is full for the
/// first time, which it never is for most programs: that spares each connection two calls and a wake-up.
#[derive(Debug)]
pub struct Stdin(Pipe);

#[derive(Debug)]
enum Pipe {
    /// Has always taken what it was given.
    Roomy(OwnedFd),
    /// Has been full.
    Registered(AsyncFd<OwnedFd>),
    /// Could not be registered.
    Broken,
}

impl Stdin {
    /// The end of a pipe, or of a terminal, non-blocking.
    pub(super) fn new(end: OwnedFd) -> Self {
        Self(Pipe::Roomy(end))
    }

    /// The end, which no runtime watches any more.
    pub(super) fn detach(self) -> Option<OwnedFd> {
        match self.0 {
            Pipe::Roomy(end) => Some(end),
            Pipe::Registered(end) => Some(end.into_inner()),
            Pipe::Broken => None,
        }
    }

    fn register(&mut self) -> io::Result<()> {
        if let Pipe::Roomy(end) = std::mem::replace(&mut self.0, Pipe::Broken) {
            // Not a sender for pipes: that one takes a short write for a sign that it will be woken, which holds for no terminal.
            #[expect(
                deprecated,
                reason = "sound for an OwnedFd; the successor takes unsafe"
            )]
            let end = AsyncFd::with_interest(end, Interest::WRITABLE)?;
            self.0 = Pipe::Registered(end);
        }
        Ok(())
    }
}

impl AsyncWrite for Stdin {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        loop {
            match &mut self.0 {
                Pipe::Roomy(end) => match write(&*end, bytes) {
                    Err(Errno::AGAIN) => self.register()?,
                    Err(Errno::INTR) => {}
                    written => return Poll::Ready(Ok(written?)),
                },
                Pipe::Registered(end) => {
                    let mut ready = ready!(end.poll_write_ready(cx))?;
                    match write(&*end, bytes) {
                        Err(Errno::AGAIN) => ready.clear_ready(),
                        Err(Errno::INTR) => {}
                        written => return Poll::Ready(Ok(written?)),
                    }
                }
                Pipe::Broken => return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
            }
        }
    }

    /// A pipe has nothing to flush.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// Dropping closes it.
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use rustix::pipe::{PipeFlags, pipe_with};
    use tokio::io::AsyncWriteExt;

    use super::*;

    #[test]
    fn a_full_pipe_is_waited_for() {
        let (reader, writer) = pipe_with(PipeFlags::CLOEXEC).unwrap();
        rustix::io::ioctl_fionbio(&writer, true).unwrap();
        let bytes: Vec<u8> = (0..1_u32 << 20).map(|n| n.to_le_bytes()[0]).collect();
        let sent = bytes.clone();
        let reading = std::thread::spawn(move || {
            let mut all = Vec::new();
            std::fs::File::from(reader).read_to_end(&mut all).unwrap();
            all
        });
        let runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = { runtime }.enable_io().build().unwrap();
        runtime.block_on(async move {
            let mut stdin = Stdin::new(writer);
            stdin.write_all(&sent).await.unwrap();
        });
        assert_eq!(reading.join().unwrap(), bytes);
    }

    #[test]
    fn a_program_that_does_not_read_breaks_it() {
        let (reader, writer) = pipe_with(PipeFlags::CLOEXEC).unwrap();
        drop(reader);
        let mut stdin = Stdin::new(writer);
        let written = Pin::new(&mut stdin)
            .poll_write(&mut Context::from_waker(std::task::Waker::noop()), b"x");
        let Poll::Ready(Err(error)) = written else {
            panic!("{written:?}")
        };
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    }
}
