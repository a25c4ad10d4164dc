//! The program's end of a session or CGI exchange: stdin, stdout, stderr, and how it ends.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::stderr::Stderr;
use super::terminate::Termination;
use super::{Ended, Exit, Inquiry, Size, Stdin, Stdout};
use crate::logging::Fields;

/// A running program, leader of its own process group. It lives from its start until it is reaped.
#[derive(Debug)]
pub struct Program {
    /// Process id, also the id of its process group.
    pub(super) pid: u32,
    /// It leads a kernel session, whose controlling terminal its streams are.
    pub(super) leads_session: bool,
    pub(super) pipes: Pipes,
    pub(super) exit: Exit,
}

/// Its three streams.
#[derive(Debug)]
pub(super) struct Pipes {
    /// `None` once the program does not read any more, or is to be told that nothing follows.
    pub(super) stdin: Option<Stdin>,
    /// `None` once the program has closed it.
    pub(super) stdout: Option<Stdout>,
    pub(super) stderr: Stderr,
}

impl Program {
    /// Process id, also the id of its process group.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Gives the program `bytes`: how many it took. What a program that does not read any more would get is dropped:
    /// that is no end, it may have much to say yet.
    pub fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<usize> {
        if let Some(stdin) = &mut self.pipes.stdin {
            match Pin::new(stdin).poll_write(cx, bytes) {
                Poll::Ready(Ok(n)) => return Poll::Ready(n),
                Poll::Ready(Err(_)) => self.pipes.stdin = None,
                Poll::Pending => return Poll::Pending,
            }
        }
        Poll::Ready(bytes.len())
    }

    /// Reads once from stdout; nothing means that the program has closed it.
    pub fn poll_read(&mut self, cx: &mut Context<'_>, space: &mut ReadBuf<'_>) -> Poll<()> {
        let Some(stdout) = &mut self.pipes.stdout else {
            return Poll::Ready(());
        };
        let before = space.filled().len();
        let read = Pin::new(stdout).poll_read(cx, space).map(|_| ());
        if read.is_ready() && space.filled().len() == before {
            self.pipes.stdout = None;
        }
        read
    }

    /// Bytes that stdout's pipe can hold; `None` when it is closed, or no pipe.
    pub fn stdout_capacity(&self) -> Option<usize> {
        self.pipes.stdout.as_ref()?.pipe_capacity()
    }

    /// Sets the size of its terminal, if it has one.
    pub fn resize(&self, size: Size) {
        if let Some(stdout) = &self.pipes.stdout {
            stdout.resize(size);
        }
    }

    /// Reads stderr once and hands over what lines came. Ready when something was read or the end was found.
    pub fn poll_stderr(&mut self, cx: &mut Context<'_>, each: impl FnMut(&[u8])) -> Poll<()> {
        self.pipes.stderr.poll_lines(cx, each)
    }

    /// Logs all that has come on stderr.
    pub fn poll_log(&mut self, cx: &mut Context<'_>, fields: &Fields) {
        self.pipes.stderr.poll_log(cx, fields);
    }

    /// Whether the program can still write to stdout.
    pub fn is_stdout_open(&self) -> bool {
        self.pipes.stdout.is_some()
    }

    /// Whether the program can't write any more, to stderr neither `with_stderr`.
    pub fn has_closed_output(&self, with_stderr: bool) -> bool {
        self.pipes.stdout.is_none() && !(with_stderr && self.pipes.stderr.is_open())
    }

    /// Whether the program has exited. To be asked again when woken; [`Self::inquiry`] makes the answer come soon.
    pub fn poll_exit(&mut self, cx: &mut Context<'_>) -> Poll<Ended> {
        pin!(self.exit.wait()).poll(cx)
    }

    /// What to send when the program seems to have closed its output.
    pub fn inquiry(&self) -> Inquiry {
        self.exit.inquiry(self.pid)
    }

    /// Stdin, for whoever writes it apart from the rest. Without it the program is told that nothing follows.
    pub fn take_stdin(&mut self) -> Option<Stdin> {
        self.pipes.stdin.take()
    }

    /// Stdout, for whoever reads it apart from the rest.
    pub fn take_stdout(&mut self) -> Option<Stdout> {
        self.pipes.stdout.take()
    }

    /// Runs `future` to its end and logs stderr meanwhile.
    pub async fn log_during<T>(&mut self, fields: &Fields, future: impl Future<Output = T>) -> T {
        let mut future = pin!(future);
        poll_fn(|cx| {
            self.poll_log(cx, fields);
            future.as_mut().poll(cx)
        })
        .await
    }

    /// Waits for the exit of a program whose pipes seem to have closed, and logs stderr meanwhile. Can be called again, and
    /// dropped without loss.
    pub async fn wait(&mut self, fields: &Fields) -> Ended {
        let Self {
            pid, pipes, exit, ..
        } = self;
        exit.inquiry(*pid).send();
        let mut ended = pin!(exit.wait());
        poll_fn(|cx| {
            pipes.stderr.poll_log(cx, fields);
            ended.as_mut().poll(cx)
        })
        .await
    }

    /// Says that the client has not answered pings, before stdin is closed: by SIGURG, which a program that does not
    /// wait for it does not notice (signal(7): its default is to be ignored).
    pub async fn tell_of_silence(&self) {
        self.exit.tell(self.pid, Signal::SIGURG).await;
    }

    /// Closes stdin once `rest` is written, and stops caring for what the program writes but to stderr.
    pub fn end<'a>(&'a mut self, rest: Vec<u8>, fields: &'a Fields) -> Termination<'a> {
        Termination::new(self, rest, fields)
    }

    /// Closes stdin and climbs the ladder at once.
    pub async fn terminate(&mut self, delay: Duration, fields: &Fields) -> Ended {
        self.end(Vec::new(), fields).terminate(delay).await
    }
}
