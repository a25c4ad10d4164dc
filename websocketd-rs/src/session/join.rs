//! One client, one program: two directions in one future, each read then write, with no channel between.
//!
//! A direction whose far end is stalled does not read, so that the stall reaches the near end through the
//! kernel's buffers; the other direction goes on. A direction that ends does not end the other.

use std::future::poll_fn;
use std::task::{Context, Poll, ready};

use tokio::io::ReadBuf;

use super::client::Client;
use super::end::End;
use super::framing::{BadOutput, FromProgram, Sink};
use crate::buffer::text_of;
use crate::config::Level;
use crate::logging::Fields;
use crate::process::Program;

/// Joins a client and a program.
#[derive(Debug)]
pub(super) struct Join<'a, 'c> {
    client: &'a mut Client<'c>,
    program: &'a mut Program,
    form: Box<dyn FromProgram>,
    /// Lines of stderr go to the client, and not only to the log.
    is_stderr_joined: bool,
    fields: &'a Fields,
}

impl<'a, 'c> Join<'a, 'c> {
    pub(super) fn new(
        client: &'a mut Client<'c>,
        program: &'a mut Program,
        form: Box<dyn FromProgram>,
        fields: &'a Fields,
    ) -> Self {
        Self {
            is_stderr_joined: form.takes_stderr(),
            client,
            program,
            form,
            fields,
        }
    }

    /// Runs until an end of the session is reached. Both ends can be used when it is dropped, then or earlier.
    pub(super) async fn run(&mut self) -> End {
        poll_fn(|cx| self.poll(cx)).await
    }

    /// The code and the reason that the program asked for, with [`End::ProgramClosed`].
    pub(super) fn take_close(&mut self) -> Option<(u16, String)> {
        self.form.take_close()
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        loop {
            if !self.is_stderr_joined {
                self.program.poll_log(cx, self.fields);
            }
            // Inbound first: what it finds (a ping) is for outbound to write.
            if let Poll::Ready(end) = self.poll_inbound(cx) {
                return Poll::Ready(end);
            }
            if let Poll::Ready(end) = self.poll_outbound(cx) {
                return Poll::Ready(end);
            }
            if let Err(end) = ready!(self.client.poll_clock(cx)) {
                return Poll::Ready(end);
            }
        }
    }

    /// Client to program.
    fn poll_inbound(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        loop {
            let decoded = self.client.decode();
            if let Some(remark) = self.client.take_remark() {
                self.fields.log(Level::Info, "session", remark);
            }
            if let Err(end) = decoded {
                return Poll::Ready(end);
            }
            // Stalled or not, the client is read while there is room: it may close, or answer a ping.
            let _ = self.poll_stdin(cx);
            if let Err(end) = ready!(self.client.poll_read(cx)) {
                return Poll::Ready(end);
            }
        }
    }

    fn poll_stdin(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while !self.client.ready().is_empty() {
            let n = ready!(self.program.poll_write(cx, self.client.ready()));
            self.client.consume(n);
        }
        Poll::Ready(())
    }

    /// Program to client.
    fn poll_outbound(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        loop {
            if let Err(end) = ready!(self.client.poll_flush(cx)) {
                return Poll::Ready(end);
            }
            if self.form.has_closed() {
                return Poll::Ready(End::ProgramClosed);
            }
            if self.program.has_closed_output(self.is_stderr_joined) {
                return Poll::Ready(End::HandlerEnded);
            }
            match self.poll_program(cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(bad)) => return Poll::Ready(End::BadOutput(bad)),
                Poll::Pending => {
                    self.client.park();
                    self.form.park();
                    return Poll::Pending;
                }
            }
        }
    }

    /// What the pipe holds beyond a first read of `n` bytes, which filled its space, where that is to be one message with it.
    fn read_on(&mut self, cx: &mut Context<'_>, n: usize) -> usize {
        let Some(longest) = self.form.longest_read() else {
            return 0;
        };
        let capacity = self.program.stdout_capacity().unwrap_or_default();
        let more = capacity.min(longest).saturating_sub(n);
        if more == 0 {
            return 0;
        }
        let mut space = ReadBuf::new(self.client.outgoing().more_space(n, more));
        // Nothing more, or the end, which shows again when the program is read next.
        let _ = self.program.poll_read(cx, &mut space);
        space.filled().len()
    }

    /// Reads once from the program and makes messages of what came.
    fn poll_program(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BadOutput>> {
        let sink = self.client.outgoing();
        if self.program.is_stdout_open() {
            let mut space = ReadBuf::new(self.form.space(sink));
            if self.program.poll_read(cx, &mut space).is_ready() {
                let (n, is_full) = (space.filled().len(), space.remaining() == 0);
                let result = if n == 0 {
                    self.form.finish(sink)
                } else {
                    let more = if is_full { self.read_on(cx, n) } else { 0 };
                    self.form.filled(n + more, self.client.outgoing())
                };
                if let Some(remark) = self.form.take_remark() {
                    self.fields.error("session", remark);
                }
                return Poll::Ready(result);
            }
        }
        if !self.is_stderr_joined {
            return Poll::Pending;
        }
        self.program
            .poll_stderr(cx, |line| {
                self.fields.error("stderr", text_of(line).trim_end());
                self.form.stderr_line(line, sink);
            })
            .map(Ok)
    }
}

impl Drop for Join<'_, '_> {
    /// Gives the buffer of a line that will not end to the next session of this thread.
    fn drop(&mut self) {
        self.form.park();
    }
}
