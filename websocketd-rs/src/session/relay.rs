//! The relay: two directions in one future, each read then write, with no channel between.
//!
//! A direction whose far end is stalled does not read, so that the stall reaches the near end through the
//! kernel's buffers; the other direction goes on. A direction that ends does not end the other.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::unix::pipe;
use tokio::time::{Instant, Sleep, sleep_until};
use tokio_tungstenite::tungstenite::protocol::frame::coding::Control;

use super::decoder::{Decoder, Event, Kind, Payload, Rules};
use super::encoder::{LineTooLong, Lines, Outgoing, Source, tagged, text_of};
use super::end::End;
use super::stderr::Stderr;
use super::teardown::{Client, Program};
use crate::config::{self, Framing};
use crate::logging::Fields;
use crate::metrics::METRICS;
use crate::net::Stream;
use crate::process::Stdin;

/// Pings that are answered one by one when many come before a write. RFC 6455 section 5.5.3 lets an endpoint answer only
/// the latest, but clients that count their pongs, and conformance suites, want them all; a flood gets the newest.
const MAX_PONGS: usize = 32;

/// A session's descriptors and what is on its way between them.
#[derive(Debug)]
pub(super) struct Relay<'a> {
    stream: Stream,
    /// `None` once the program does not read any more.
    stdin: Option<Stdin>,
    /// `None` once the program has closed it.
    stdout: Option<pipe::Receiver>,
    stderr: Stderr,
    decoder: Decoder,
    outgoing: Outgoing,
    lines: Lines,
    config: &'a config::Session,
    fields: &'a Fields,
    /// Pings of the client that wait for their answer, at most [`MAX_PONGS`].
    pongs: VecDeque<Payload>,
    ping_due: bool,
    /// Bytes were handed to TLS that may not be on the wire yet.
    unflushed: bool,
    replaced: bool,
    clock: Clock,
}

/// When something must happen although nothing moves.
#[derive(Debug, Default)]
struct Clock {
    timer: Option<Pin<Box<Sleep>>>,
    /// The next ping.
    ping_at: Option<Instant>,
    /// The client must have been heard before this.
    dead_at: Option<Instant>,
    /// A write must have made progress before this.
    stalled_at: Option<Instant>,
    /// A message must have passed before this.
    idle_at: Option<Instant>,
}

impl Clock {
    fn next(&self) -> Option<Instant> {
        [self.ping_at, self.dead_at, self.stalled_at, self.idle_at]
            .into_iter()
            .flatten()
            .min()
    }

    /// Messages passed.
    fn pass(&mut self, messages: u64, idle_timeout: Option<Duration>) {
        if let Some(limit) = idle_timeout.filter(|_| messages > 0) {
            self.idle_at = Some(Instant::now() + limit);
        }
    }
}

impl<'a> Relay<'a> {
    pub(super) fn new(
        stream: Stream,
        early: &[u8],
        pipes: (Stdin, pipe::Receiver, pipe::Receiver),
        config: &'a config::Session,
        fields: &'a Fields,
    ) -> Self {
        let (stdin, stdout, stderr) = pipes;
        let rules = Rules {
            kind: if config.framing == Framing::Binary {
                Kind::Binary
            } else {
                Kind::Text
            },
            max_message: config.max_message.unwrap_or(usize::MAX),
            max_fragments: config.max_fragments,
        };
        let mut clock = Clock::default();
        if let Some(interval) = config.ping_interval {
            let now = Instant::now();
            clock.ping_at = Some(now + interval);
            clock.dead_at = Some(now + 2 * interval);
            stream.bound_unacknowledged(2 * interval);
        }
        clock.pass(1, config.idle_timeout);
        Self {
            stream,
            stdin: Some(stdin),
            stdout: Some(stdout),
            stderr: Stderr::new(stderr),
            decoder: Decoder::new(rules, early),
            outgoing: Outgoing::default(),
            lines: Lines::default(),
            config,
            fields,
            pongs: VecDeque::new(),
            ping_due: false,
            unflushed: false,
            replaced: false,
            clock,
        }
    }

    /// Relays until one of the ends of a session is reached. Can be dropped and called again without loss.
    pub(super) async fn run(&mut self) -> End {
        poll_fn(|cx| self.poll(cx)).await
    }

    /// Parts the two sides, which end independently.
    pub(super) fn split(mut self) -> (Client, Program<'a>) {
        self.lines.park();
        let rest = self.decoder.ready().to_vec();
        let program = Program {
            stdin: self.stdin,
            rest,
            stdout: self.stdout,
            stderr: self.stderr,
            fields: self.fields,
            inquiry: None,
        };
        let client = Client {
            stream: self.stream,
            decoder: self.decoder,
            outgoing: self.outgoing,
        };
        (client, program)
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        loop {
            if self.config.framing != Framing::TaggedLines {
                self.stderr.poll_log(cx, self.fields);
            }
            // Inbound first: what it finds (a ping) is for outbound to write.
            if let Poll::Ready(end) = self.poll_inbound(cx) {
                return Poll::Ready(end);
            }
            if let Poll::Ready(end) = self.poll_outbound(cx) {
                return Poll::Ready(end);
            }
            if let Some(end) = ready!(self.poll_clock(cx)) {
                return Poll::Ready(end);
            }
        }
    }

    /// Client to program.
    fn poll_inbound(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        loop {
            match self.decode() {
                Ok(()) => {}
                Err(end) => return Poll::Ready(end),
            }
            // Stalled or not, the client is read while there is room: it may close, or answer a ping.
            let _ = self.poll_stdin(cx);
            let mut space = ReadBuf::new(self.decoder.space());
            if space.capacity() == 0 {
                // The program is slow. Its client is not heard until then, and must not be held dead for that;
                // whether it is still there is left to TCP (see `bound_unacknowledged`).
                self.clock.dead_at = None;
                return Poll::Pending;
            }
            match Pin::new(&mut self.stream).poll_read(cx, &mut space) {
                Poll::Pending => {
                    self.decoder.park();
                    if self.clock.dead_at.is_none() {
                        self.hear();
                    }
                    return Poll::Pending;
                }
                Poll::Ready(Ok(())) if !space.filled().is_empty() => {
                    let n = space.filled().len();
                    METRICS.bytes_in.add(n as u64);
                    self.decoder.filled(n);
                    self.hear();
                }
                Poll::Ready(_) => return Poll::Ready(End::ClientGone),
            }
        }
    }

    fn hear(&mut self) {
        if let Some(interval) = self.config.ping_interval {
            self.clock.dead_at = Some(Instant::now() + 2 * interval);
        }
    }

    /// Decodes all that has come, so that all its messages go to the program in one write.
    fn decode(&mut self) -> Result<(), End> {
        loop {
            match self.decoder.decode().map_err(End::Violation)? {
                Event::NeedBytes => {
                    let messages = self.decoder.take_finished().into();
                    METRICS.messages_in.add(messages);
                    self.clock.pass(messages, self.config.idle_timeout);
                    return Ok(());
                }
                Event::Ping(payload) => {
                    if self.pongs.len() == MAX_PONGS {
                        self.pongs.pop_front();
                    }
                    self.pongs.push_back(payload);
                }
                Event::Pong => {}
                Event::Close(code) => return Err(End::ClientClosed(code)),
            }
        }
    }

    /// Gives the program what is ready for it. What a program that does not read any more would get is dropped:
    /// that is no end, it may have much to say yet.
    fn poll_stdin(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while !self.decoder.ready().is_empty() {
            let Some(stdin) = &mut self.stdin else {
                self.decoder.discard();
                break;
            };
            match ready!(Pin::new(stdin).poll_write(cx, self.decoder.ready())) {
                Ok(n) => self.decoder.consume(n),
                Err(_) => self.stdin = None,
            }
        }
        Poll::Ready(())
    }

    /// Program to client.
    fn poll_outbound(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        loop {
            if self.outgoing.is_empty() {
                self.put_control();
            }
            if let Err(end) = ready!(self.poll_write(cx)) {
                return Poll::Ready(end);
            }
            if !self.pongs.is_empty() {
                continue;
            }
            if self.has_ended() {
                return Poll::Ready(End::HandlerEnded);
            }
            match self.poll_program(cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(LineTooLong)) => return Poll::Ready(End::LineTooLong),
                Poll::Pending => {
                    self.outgoing.park();
                    self.lines.park();
                    return Poll::Pending;
                }
            }
        }
    }

    fn has_ended(&self) -> bool {
        let stderr_counts = self.config.framing == Framing::TaggedLines;
        self.stdout.is_none() && !(stderr_counts && self.stderr.is_open())
    }

    fn put_control(&mut self) {
        // Taken whole: an idle session keeps no queue.
        for payload in std::mem::take(&mut self.pongs) {
            self.outgoing.control(Control::Pong, payload.as_slice());
        }
        if std::mem::take(&mut self.ping_due) {
            self.outgoing.control(Control::Ping, b"");
        }
    }

    /// Writes all that is pending, in as few calls as the socket takes.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), End>> {
        let result = loop {
            let (poll, n) = if !self.outgoing.is_empty() {
                match Pin::new(&mut self.stream).poll_write(cx, self.outgoing.pending()) {
                    Poll::Ready(Ok(0)) => break Err(End::ClientGone),
                    Poll::Ready(Ok(n)) => (Poll::Ready(Ok(())), n),
                    Poll::Ready(Err(error)) => (Poll::Ready(Err(error)), 0),
                    Poll::Pending => (Poll::Pending, 0),
                }
            } else if self.unflushed {
                (Pin::new(&mut self.stream).poll_flush(cx), 0)
            } else {
                break Ok(());
            };
            match poll {
                Poll::Ready(Ok(())) => {
                    self.unflushed = n > 0 && self.stream.is_tls();
                    METRICS.bytes_out.add(n as u64);
                    let messages = self.outgoing.take_messages().into();
                    METRICS.messages_out.add(messages);
                    self.clock.pass(messages, self.config.idle_timeout);
                    self.outgoing.consume(n);
                    self.clock.stalled_at = None;
                }
                Poll::Ready(Err(_)) => break Err(End::ClientGone),
                Poll::Pending => {
                    let deadline = || Instant::now() + self.config.write_timeout;
                    self.clock.stalled_at.get_or_insert_with(deadline);
                    return Poll::Pending;
                }
            }
        };
        Poll::Ready(result)
    }

    /// Reads once from the program and makes frames of what came.
    fn poll_program(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), LineTooLong>> {
        if self.config.framing == Framing::Binary {
            return self.poll_binary(cx).map(Ok);
        }
        let Some(stdout) = &mut self.stdout else {
            return self.poll_tagged_stderr(cx).map(Ok);
        };
        let mut space = ReadBuf::new(self.lines.space(self.config.max_line));
        match Pin::new(stdout).poll_read(cx, &mut space) {
            Poll::Pending if self.config.framing == Framing::TaggedLines => {
                return self.poll_tagged_stderr(cx).map(Ok);
            }
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Ok(())) if !space.filled().is_empty() => {
                let n = space.filled().len();
                self.lines.filled(n);
            }
            Poll::Ready(_) => {
                self.stdout = None;
                if let Some(rest) = self.lines.take_rest() {
                    put_line(
                        &mut self.outgoing,
                        self.config.framing,
                        rest,
                        &mut self.replaced,
                    );
                }
            }
        }
        let replaced_before = self.replaced;
        let result = self.put_lines();
        if self.replaced && !replaced_before {
            self.fields.error(
                "session",
                "Program wrote bytes that are not UTF-8; they were replaced",
            );
        }
        Poll::Ready(result)
    }

    fn put_lines(&mut self) -> Result<(), LineTooLong> {
        while let Some(line) = self.lines.next_line() {
            if line.len() > self.config.max_line {
                return Err(LineTooLong);
            }
            put_line(
                &mut self.outgoing,
                self.config.framing,
                line,
                &mut self.replaced,
            );
        }
        if self.lines.pending().len() > self.config.max_line {
            return Err(LineTooLong);
        }
        Ok(())
    }

    fn poll_binary(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(stdout) = &mut self.stdout else {
            return Poll::Ready(());
        };
        let mut space = ReadBuf::new(self.outgoing.binary_space());
        match ready!(Pin::new(stdout).poll_read(cx, &mut space)) {
            Ok(()) if !space.filled().is_empty() => {
                let n = space.filled().len();
                self.outgoing.binary_filled(n);
            }
            _ => self.stdout = None,
        }
        Poll::Ready(())
    }

    fn poll_tagged_stderr(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let outgoing = &mut self.outgoing;
        self.stderr.poll_lines(cx, |line| {
            let text = text_of(line);
            self.fields.error("stderr", text.trim_end());
            outgoing.text(tagged(Source::Stderr, &text).as_bytes());
        })
    }

    /// `Ready(None)` when a ping is due.
    fn poll_clock(&mut self, cx: &mut Context<'_>) -> Poll<Option<End>> {
        loop {
            let Some(next) = self.clock.next() else {
                return Poll::Pending;
            };
            let timer = self
                .clock
                .timer
                .get_or_insert_with(|| Box::pin(sleep_until(next)));
            if timer.deadline() != next {
                timer.as_mut().reset(next);
            }
            ready!(timer.as_mut().poll(cx));
            let now = Instant::now();
            let due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
            if due(self.clock.stalled_at) {
                return Poll::Ready(Some(End::WriteStalled));
            }
            if due(self.clock.dead_at) {
                return Poll::Ready(Some(End::PingTimeout));
            }
            if due(self.clock.idle_at) {
                return Poll::Ready(Some(End::Idle));
            }
            if due(self.clock.ping_at) {
                self.clock.ping_at = self.config.ping_interval.map(|interval| now + interval);
                self.ping_due = true;
                return Poll::Ready(None);
            }
        }
    }
}

fn put_line(outgoing: &mut Outgoing, framing: Framing, line: &[u8], replaced: &mut bool) {
    let text = text_of(line);
    *replaced |= matches!(text, std::borrow::Cow::Owned(_));
    if framing == Framing::TaggedLines {
        outgoing.text(tagged(Source::Stdout, &text).as_bytes());
    } else {
        outgoing.text(text.as_bytes());
    }
}
