//! One client, one program with a terminal: as [`super::join`], but for messages that are about the terminal and not for the
//! program.

pub mod control;

use std::future::poll_fn;
use std::task::{Context, Poll, ready};

use tokio::io::ReadBuf;

use super::client::Client;
use super::end::End;
use super::framing::{self, FromProgram, Kind, Sink, parcel};
use crate::process::Program;
use control::{Control, Dialect};

/// How a client speaks, and what its messages have led to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Conversation {
    dialect: Dialect,
    /// The client asked for output to wait. The program waits then, too, as with a client that does not read.
    is_paused: bool,
    /// Bytes at the start of what is ready that are keys.
    keys: usize,
}

impl Conversation {
    /// One that begins.
    pub(super) fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            is_paused: false,
            keys: 0,
        }
    }

    /// How its output becomes messages.
    pub(super) fn form(&self) -> Box<dyn FromProgram> {
        framing::from_terminal(self.dialect == Dialect::Ttyd)
    }
}

/// Joins a client and a program with a terminal.
#[derive(Debug)]
pub(super) struct TerminalJoin<'a, 'c> {
    client: &'a mut Client<'c>,
    program: &'a mut Program,
    form: Box<dyn FromProgram>,
    conversation: Conversation,
    /// Keys are dropped.
    is_read_only: bool,
}

impl<'a, 'c> TerminalJoin<'a, 'c> {
    pub(super) fn new(
        client: &'a mut Client<'c>,
        program: &'a mut Program,
        conversation: Conversation,
        is_read_only: bool,
    ) -> Self {
        Self {
            client,
            program,
            form: conversation.form(),
            conversation,
            is_read_only,
        }
    }

    /// The client, between polls.
    pub(super) fn client(&mut self) -> &mut Client<'c> {
        self.client
    }

    /// How the client speaks, for another join.
    pub(super) fn conversation(&self) -> Conversation {
        self.conversation
    }

    /// Tells that keys are dropped, if they are, and a client of ttyd what its server would.
    pub(super) fn greet(&mut self, title: &str) {
        let outgoing = self.client.outgoing();
        if self.conversation.dialect == Dialect::Ttyd {
            outgoing.message(Kind::Binary, format!("1{title}").as_bytes());
        }
        if let Some((kind, greeting)) = self.conversation.dialect.greeting(self.is_read_only) {
            outgoing.message(kind, greeting);
        }
    }

    /// Runs until an end of the session is reached. Both ends can be used when it is dropped, then or earlier.
    pub(super) async fn run(&mut self) -> End {
        poll_fn(|cx| self.poll(cx)).await
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        loop {
            // Inbound first: what it finds (a ping, a pause) is for outbound to heed.
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

    /// Client to terminal.
    fn poll_inbound(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        loop {
            if let Err(end) = self.client.decode() {
                return Poll::Ready(end);
            }
            // Stalled or not, the client is read while there is room: it may close, or answer a ping.
            if let Poll::Ready(Err(end)) = self.poll_messages(cx) {
                return Poll::Ready(end);
            }
            if let Err(end) = ready!(self.client.poll_read(cx)) {
                return Poll::Ready(end);
            }
        }
    }

    /// Does what each whole message asks for, in their order.
    fn poll_messages(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), End>> {
        loop {
            while self.conversation.keys > 0 {
                let keys = &self.client.ready()[..self.conversation.keys];
                let n = ready!(self.program.poll_write(cx, keys));
                self.client.consume(n);
                self.conversation.keys -= n;
            }
            let Some((kind, payload, len)) = parcel::first(self.client.ready()) else {
                return Poll::Ready(Ok(()));
            };
            match self.conversation.dialect.read(kind, payload) {
                Ok(Control::Keys(keys)) if !self.is_read_only => {
                    self.client.consume(len - keys);
                    self.conversation.keys = keys;
                }
                Ok(Control::Settings { size, is_paused }) => {
                    if let Some(size) = size {
                        self.program.resize(size);
                    }
                    self.conversation.is_paused = is_paused.unwrap_or(self.conversation.is_paused);
                    self.client.consume(len);
                }
                Ok(Control::Keys(_) | Control::Unknown) => self.client.consume(len),
                Err(control::NotJson) => return Poll::Ready(Err(End::NoControl)),
            }
        }
    }

    /// Terminal to client.
    fn poll_outbound(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        loop {
            if let Err(end) = ready!(self.client.poll_flush(cx)) {
                return Poll::Ready(end);
            }
            if !self.program.is_stdout_open() {
                return Poll::Ready(End::HandlerEnded);
            }
            if self.conversation.is_paused || self.poll_program(cx).is_pending() {
                self.client.park();
                return Poll::Pending;
            }
        }
    }

    /// Makes a message of all that the terminal shows now.
    fn poll_program(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let sink = self.client.outgoing();
        let mut space = ReadBuf::new(self.form.space(sink));
        ready!(self.program.poll_read(cx, &mut space));
        if !space.filled().is_empty() {
            let n = space.filled().len();
            self.form
                .filled(n, sink)
                .expect("any bytes are output of a terminal");
        }
        Poll::Ready(())
    }
}
