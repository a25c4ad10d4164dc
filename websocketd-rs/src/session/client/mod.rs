//! The client's end of a session: WebSocket frames in, frames out, signs of life, the closing handshake.
//!
//! It knows no program. A joint takes what is [`Client::ready`] and puts messages into [`Client::outgoing`].

pub(super) mod clock;
mod close;
pub mod decoder;
pub mod kept;
pub mod outgoing;

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::tungstenite::protocol::frame::coding::Control;

use super::end::End;
use super::framing::ToProgram;
use crate::config;
use crate::metrics::METRICS;
use crate::net::Stream;
use clock::{Clock, Due};
use decoder::{Decoder, Event, Payload, Rules};
use kept::{Kept, Standing};
use outgoing::Outgoing;

/// Pings that are answered one by one when many come before a write. RFC 6455 section 5.5.3 lets an endpoint answer only
/// the latest, but clients that count their pongs, and conformance suites, want them all; a flood gets the newest.
const MAX_PONGS: usize = 32;

/// A client after the 101.
#[derive(Debug)]
pub(super) struct Client<'a> {
    stream: Stream,
    decoder: Decoder,
    outgoing: Outgoing,
    /// Pings that wait for their answer, at most [`MAX_PONGS`].
    pongs: VecDeque<Payload>,
    ping_due: bool,
    /// Bytes were handed to TLS that may not be on the wire yet.
    unflushed: bool,
    clock: Clock,
    config: &'a config::Session,
}

impl<'a> Client<'a> {
    /// `early` came after the request head; `form` says what the program gets.
    pub(super) fn new(
        stream: Stream,
        early: &[u8],
        form: &'static dyn ToProgram,
        config: &'a config::Session,
    ) -> Self {
        let rules = Rules {
            form,
            max_message: config.max_message.unwrap_or(usize::MAX),
            max_fragments: config.max_fragments,
        };
        if let Some(interval) = config.ping_interval {
            stream.bound_unacknowledged(2 * interval);
        }
        Self {
            stream,
            decoder: Decoder::new(rules, early),
            outgoing: Outgoing::default(),
            pongs: VecDeque::new(),
            ping_due: false,
            unflushed: false,
            clock: Clock::start(config.ping_interval, config.idle_timeout),
            config,
        }
    }

    /// The same for one whose session lingers: it has `received` so many messages, which `kept` can follow.
    pub(super) fn lingering(
        client: Self,
        mut kept: Box<Kept>,
        standing: Standing,
        received: u64,
    ) -> Self {
        let greeting = kept.begin(standing, received);
        let mut outgoing = Outgoing::keeping(kept);
        outgoing.announce(&greeting.unwrap_or_default());
        outgoing.repeat();
        Self { outgoing, ..client }
    }

    /// Whole messages, as the program gets them.
    pub(super) fn ready(&self) -> &[u8] {
        match self.outgoing.backlog() {
            [] => self.decoder.ready(),
            first => first,
        }
    }

    /// Takes the first `n` bytes of [`Self::ready`] away.
    pub(super) fn consume(&mut self, n: usize) {
        match self.outgoing.kept() {
            Some(kept) if !kept.backlog().is_empty() => kept.consume(n),
            _ => self.decoder.consume(n),
        }
    }

    /// Whether one that has `received` so many messages can go on with this session.
    pub(super) fn can_be_followed(&mut self, received: u64) -> bool {
        let kept = self.outgoing.kept();
        kept.is_some_and(|kept| kept.can_follow(received))
    }

    /// What is kept of a session that another client goes on with. This one can only be closed.
    pub(super) fn hand_over(&mut self) -> Option<Box<Kept>> {
        let mut kept = self.outgoing.take_kept()?;
        kept.put_back(self.decoder.ready());
        self.decoder.discard();
        Some(kept)
    }

    /// Ends the connection without a word; what is kept of a session that lingers.
    pub(super) fn abandon(mut self) -> Option<Box<Kept>> {
        let kept = self.hand_over();
        self.decoder.park();
        self.outgoing.discard();
        self.outgoing.park();
        kept
    }

    /// Decodes all that has come, so that all its messages go to the program in one write.
    ///
    /// # Errors
    /// When the client closes, or broke the protocol or a limit.
    pub(super) fn decode(&mut self) -> Result<(), End> {
        loop {
            match self.decoder.decode().map_err(End::Violation)? {
                Event::NeedBytes => {
                    let messages = self.decoder.take_finished();
                    if let Some(kept) = self.outgoing.kept() {
                        kept.receive(messages);
                    }
                    let messages = messages.into();
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
                Event::Pong(payload) => {
                    if let Some(kept) = self.outgoing.kept()
                        && kept.take_pong(payload.as_slice())
                    {
                        self.clock.progress();
                    }
                    if self.outgoing.take_pinged(payload.as_slice()) {
                        self.decoder.put_pong(&payload);
                    }
                }
                Event::Close(code) => return Err(End::ClientClosed(code)),
            }
        }
    }

    /// What the program's author should know of this client's messages, once.
    pub(super) fn take_remark(&mut self) -> Option<&'static str> {
        self.decoder.take_remark()
    }

    /// Reads once. Waits, without reading, while what is [`Self::ready`] leaves no room.
    pub(super) fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), End>> {
        if let Some(kept) = self.outgoing.kept()
            && self.decoder.space().is_empty()
            && kept.delay(self.decoder.ready())
        {
            self.decoder.discard();
        }
        let mut space = ReadBuf::new(self.decoder.space());
        if space.capacity() == 0 {
            // The program is slow. Its client is not read until then, and must not be taken for dead for that;
            // whether it is still there is left to TCP (see `bound_unacknowledged`).
            self.clock.suspend_liveness();
            return Poll::Pending;
        }
        match Pin::new(&mut self.stream).poll_read(cx, &mut space) {
            Poll::Pending => {
                self.decoder.park();
                self.clock.resume_liveness(self.config.ping_interval);
                Poll::Pending
            }
            Poll::Ready(Ok(())) if !space.filled().is_empty() => {
                let n = space.filled().len();
                METRICS.bytes_in.add(n as u64);
                if let Some(kept) = self.outgoing.kept() {
                    kept.receive_bytes(n);
                }
                self.decoder.filled(n);
                self.clock.see_alive(self.config.ping_interval);
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Ok(())) => Poll::Ready(Err(End::ClientGone)),
            Poll::Ready(Err(error)) => Poll::Ready(Err(self.end_of(&error))),
        }
    }

    /// Where messages for the client go. Empty after [`Self::poll_flush`].
    pub(super) fn outgoing(&mut self) -> &mut Outgoing {
        &mut self.outgoing
    }

    /// Writes messages, pongs and pings until nothing is left.
    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), End>> {
        loop {
            if self.outgoing.is_empty() {
                self.put_control();
            }
            self.outgoing.acknowledge();
            if let Err(end) = ready!(self.poll_write(cx)) {
                return Poll::Ready(Err(end));
            }
            if self.pongs.is_empty() {
                break;
            }
        }
        if self.outgoing.is_full() {
            // The program waits for the client, as it would if the socket were full.
            self.outgoing.park();
            self.clock.stall(self.config.write_timeout);
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
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
        loop {
            let stream = Pin::new(&mut self.stream);
            let poll = if !self.outgoing.is_empty() {
                match stream.poll_write(cx, self.outgoing.pending()) {
                    Poll::Ready(Ok(0)) => return Poll::Ready(Err(End::ClientGone)),
                    poll => poll,
                }
            } else if self.unflushed {
                stream.poll_flush(cx).map_ok(|()| 0)
            } else {
                return Poll::Ready(Ok(()));
            };
            match poll {
                Poll::Ready(Ok(n)) => self.wrote(n),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(self.end_of(&error))),
                Poll::Pending => {
                    self.clock.stall(self.config.write_timeout);
                    return Poll::Pending;
                }
            }
        }
    }

    fn wrote(&mut self, n: usize) {
        self.unflushed = n > 0 && self.stream.is_tls();
        METRICS.bytes_out.add(n as u64);
        let messages = self.outgoing.take_messages().into();
        METRICS.messages_out.add(messages);
        self.clock.pass(messages, self.config.idle_timeout);
        self.outgoing.consume(n);
        self.clock.progress();
    }

    /// What an error of the connection means. Who is not pinged was not silent: TCP alone gave up.
    fn end_of(&self, error: &io::Error) -> End {
        match self.config.ping_interval {
            Some(_) => clock::end_of(error),
            None => End::ClientGone,
        }
    }

    /// Gives back the frames' buffer while the session waits for the program.
    pub(super) fn park(&mut self) {
        self.outgoing.park();
    }

    /// Ready when a ping is to be flushed, or with the end of a client that gave no sign of life.
    pub(super) fn poll_clock(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), End>> {
        match ready!(self.clock.poll(cx, self.config.ping_interval)) {
            Due::Ping => {
                self.ping_due = true;
                Poll::Ready(Ok(()))
            }
            Due::End(end) => Poll::Ready(Err(end)),
        }
    }
}
