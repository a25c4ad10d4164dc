//! A program's stderr: read for as long as it writes, logged line by line.

use std::io;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::unix::pipe;

use crate::buffer::{Lines, text_of};
use crate::logging::Fields;

/// Longest piece of a line in one log line, in bytes; a longer line is told in several.
const MAX_PIECE: usize = 4096;

/// The pipe, and the line that has not ended yet.
#[derive(Debug)]
pub(super) struct Stderr {
    pipe: Option<pipe::Receiver>,
    lines: Lines,
}

impl Stderr {
    /// The end of a pipe, non-blocking.
    ///
    /// # Errors
    /// When the runtime can't watch it.
    pub(super) fn new(end: OwnedFd) -> io::Result<Self> {
        Ok(Self {
            pipe: Some(pipe::Receiver::from_owned_fd_unchecked(end)?),
            lines: Lines::default(),
        })
    }

    /// Of a program that writes it to its terminal.
    pub(super) fn none() -> Self {
        Self {
            pipe: None,
            lines: Lines::default(),
        }
    }

    /// Takes it off this thread's runtime, with the line that has not ended yet.
    pub(super) fn detach(mut self) -> (Option<OwnedFd>, Lines) {
        let end = self.pipe.and_then(|pipe| pipe.into_nonblocking_fd().ok());
        self.lines.park();
        (end, self.lines)
    }

    /// The same on another thread. What its runtime can't watch is closed.
    pub(super) fn attach(end: Option<OwnedFd>, lines: Lines) -> Self {
        let pipe = end.and_then(|end| pipe::Receiver::from_owned_fd_unchecked(end).ok());
        Self { pipe, lines }
    }

    /// Whether the program can still write.
    pub(super) fn is_open(&self) -> bool {
        self.pipe.is_some()
    }

    /// Logs all that has come.
    pub(super) fn poll_log(&mut self, cx: &mut Context<'_>, fields: &Fields) {
        while self.is_open() {
            let poll = self.poll_lines(cx, |line| {
                fields.error("stderr", text_of(line).trim_end());
            });
            if poll.is_pending() {
                return;
            }
        }
    }

    /// Reads once and hands over what lines came; a line over [`MAX_PIECE`] in pieces. Ready when something
    /// was read or the end was found.
    pub(super) fn poll_lines(
        &mut self,
        cx: &mut Context<'_>,
        mut each: impl FnMut(&[u8]),
    ) -> Poll<()> {
        let Some(pipe) = &mut self.pipe else {
            return Poll::Pending;
        };
        let mut space = ReadBuf::new(self.lines.space(MAX_PIECE));
        let n = match Pin::new(pipe).poll_read(cx, &mut space) {
            Poll::Ready(Ok(())) => space.filled().len(),
            Poll::Ready(Err(_)) => 0,
            Poll::Pending => {
                self.lines.park();
                return Poll::Pending;
            }
        };
        if n == 0 {
            self.pipe = None;
        }
        self.lines.filled(n);
        while let Some(line) = self.lines.next_line() {
            for_pieces(line, &mut each);
        }
        while self.lines.pending().len() >= MAX_PIECE {
            each(&self.lines.pending()[..MAX_PIECE]);
            self.lines.skip(MAX_PIECE);
        }
        if self.pipe.is_none() {
            if let Some(rest) = self.lines.take_rest() {
                each(rest);
            }
            self.lines.park();
        }
        Poll::Ready(())
    }
}

fn for_pieces(line: &[u8], each: &mut impl FnMut(&[u8])) {
    if line.is_empty() {
        each(line);
    }
    for piece in line.chunks(MAX_PIECE) {
        each(piece);
    }
}
