//! One client, one program: two directions in one future, each read then write, with no channel between.
//!
//! A direction whose far end is stalled does not read, so that the stall reaches the near end through the
//! kernel's buffers; the other direction goes on. A direction that ends does not end the other.

use std::future::poll_fn;
use std::task::{Context, Poll, ready};

use tokio::io::ReadBuf;

use super::client::Client;
use super::end::End;
use super::framing::{self, BadOutput, FromProgram, Sink};
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

    /// The client, between polls.
    pub(super) fn client(&mut self) -> &mut Client<'c> {
        self.client
    }

    /// The state of the program's output, for another join.
    pub(super) fn into_form(mut self) -> Box<dyn FromProgram> {
        self.form.park();
        std::mem::replace(&mut self.form, framing::none())
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<End> {
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

    /// Reads once from the program and makes messages of what came.
    fn poll_program(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BadOutput>> {
        let sink = self.client.outgoing();
        poll_output(cx, self.program, &mut *self.form, sink, self.fields)
    }
}

/// Reads once from the program and makes messages of what came, for a `sink` that is empty.
pub(super) fn poll_output(
    cx: &mut Context<'_>,
    program: &mut Program,
    form: &mut dyn FromProgram,
    sink: &mut dyn Sink,
    fields: &Fields,
) -> Poll<Result<(), BadOutput>> {
    if program.is_stdout_open() {
        let mut space = ReadBuf::new(form.space(sink));
        if program.poll_read(cx, &mut space).is_ready() {
            let (n, is_full) = (space.filled().len(), space.remaining() == 0);
            let result = if n == 0 {
                form.finish(sink)
            } else {
                let more = if is_full {
                    read_on(cx, program, form, sink, n)
                } else {
                    0
                };
                form.filled(n + more, sink)
            };
            if let Some(remark) = form.take_remark() {
                fields.error("session", remark);
            }
            return Poll::Ready(result);
        }
    }
    if !form.takes_stderr() {
        return Poll::Pending;
    }
    program
        .poll_stderr(cx, |line| {
            fields.error("stderr", text_of(line).trim_end());
            form.stderr_line(line, sink);
        })
        .map(Ok)
}

/// What the pipe holds beyond a first read of `n` bytes, which filled its space, where that is to be one message with it.
fn read_on(
    cx: &mut Context<'_>,
    program: &mut Program,
    form: &dyn FromProgram,
    sink: &mut dyn Sink,
    n: usize,
) -> usize {
    let Some(longest) = form.longest_read() else {
        return 0;
    };
    let capacity = program.stdout_capacity().unwrap_or_default();
    let more = capacity.min(longest).saturating_sub(n);
    if more == 0 {
        return 0;
    }
    let mut space = ReadBuf::new(sink.more_space(n, more));
    // Nothing more, or the end, which shows again when the program is read next.
    let _ = program.poll_read(cx, &mut space);
    space.filled().len()
}

impl Drop for Join<'_, '_> {
    /// Gives the buffer of a line that will not end to the next session of this thread.
    fn drop(&mut self) {
        self.form.park();
    }
}
