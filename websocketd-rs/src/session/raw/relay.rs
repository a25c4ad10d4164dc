//! One client and one program, byte for byte: two directions in one future, each read then write. Each ends by itself, as with a
//! program that has the socket: the client's FIN is the end of stdin, the end of stdout is our FIN.

use std::future::poll_fn;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::way::Way;
use crate::config::TcpLimits;
use crate::logging::Fields;
use crate::metrics::METRICS;
use crate::net::Stream;
use crate::process::{Inquiry, Program};
use crate::session::client::clock::{Clock, Due, end_of};
use crate::session::end::End;

/// Joins a client and a program.
#[derive(Debug)]
pub(super) struct Relay<'a> {
    stream: &'a mut Stream,
    program: &'a mut Program,
    /// Client to program.
    inbound: Way,
    /// Program to client.
    outbound: Way,
    clock: Clock,
    /// The end of the direction that ended first, as the end of the session.
    first: Option<End>,
    /// Our FIN is sent.
    is_finished: bool,
    /// Bytes were handed to TLS that may not be on the wire yet.
    unflushed: bool,
    /// Tells of a reset while the client is not read: boxed, few sessions come to that.
    hangup: Option<Box<AsyncFd<OwnedFd>>>,
    limits: &'a TcpLimits,
    fields: &'a Fields,
}

impl<'a> Relay<'a> {
    pub(super) fn new(
        stream: &'a mut Stream,
        program: &'a mut Program,
        limits: &'a TcpLimits,
        fields: &'a Fields,
    ) -> Self {
        Self {
            stream,
            program,
            inbound: Way::default(),
            outbound: Way::default(),
            clock: Clock::start(None, limits.idle_timeout),
            first: None,
            is_finished: false,
            unflushed: false,
            hangup: None,
            limits,
            fields,
        }
    }

    /// Runs until both directions have ended, or the program, or until one of them can't go on. Can be called again after it was
    /// dropped.
    pub(super) async fn run(&mut self) -> End {
        poll_fn(|cx| self.poll(cx)).await
    }

    /// Reads no more of the client: what has come is the last that the program gets.
    pub(super) fn end_input(&mut self) {
        self.inbound.is_over = true;
        self.first.get_or_insert(End::ServerStopping);
    }

    /// Whether the client has not said that nothing follows.
    pub(super) fn is_client_open(&self) -> bool {
        !self.inbound.is_over
    }

    /// What the program has not been given yet.
    pub(super) fn take_rest(&mut self) -> Vec<u8> {
        self.inbound.take_pending()
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        loop {
            self.program.poll_log(cx, self.fields);
            let inbound = self.poll_inbound(cx);
            if let Poll::Ready(Err(end)) = inbound {
                return Poll::Ready(end);
            }
            match self.poll_outbound(cx) {
                Poll::Ready(Err(end)) => return Poll::Ready(end),
                Poll::Ready(Ok(())) => {
                    // A program that is gone reads no more; one that is not may still want what the client sends.
                    if inbound.is_ready() || self.program.poll_exit(cx).is_ready() {
                        return Poll::Ready(self.first.unwrap_or(End::HandlerEnded));
                    }
                }
                Poll::Pending => {}
            }
            match ready!(self.clock.poll(cx, None)) {
                Due::End(end) => return Poll::Ready(end),
                Due::Ping => {}
            }
        }
    }

    /// Client to program. Ready when the program has got all and knows that it was all.
    fn poll_inbound(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), End>> {
        loop {
            while !self.inbound.is_empty() {
                let Poll::Ready(n) = self.program.poll_write(cx, self.inbound.pending()) else {
                    return self.poll_hangup(cx);
                };
                self.inbound.consume(n);
            }
            if self.inbound.is_over {
                self.inbound.park();
                drop(self.program.take_stdin());
                return match self.poll_hangup(cx) {
                    Poll::Ready(Err(end)) => Poll::Ready(Err(end)),
                    _ => Poll::Ready(Ok(())),
                };
            }
            let mut space = ReadBuf::new(self.inbound.space());
            match Pin::new(&mut *self.stream).poll_read(cx, &mut space) {
                Poll::Pending => {
                    self.inbound.park();
                    return Poll::Pending;
                }
                Poll::Ready(Ok(())) if !space.filled().is_empty() => {
                    let n = space.filled().len();
                    METRICS.tcp_bytes_in.add(n as u64);
                    self.inbound.filled(n);
                    self.clock.pass(1, self.limits.idle_timeout);
                }
                Poll::Ready(Ok(())) => {
                    self.inbound.is_over = true;
                    self.first.get_or_insert(End::ClientClosed(None));
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(end_of(&error))),
            }
        }
    }

    /// Program to client. Ready when the client has got all, and our FIN.
    fn poll_outbound(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), End>> {
        loop {
            if let Err(end) = ready!(self.poll_client(cx)) {
                return Poll::Ready(Err(end));
            }
            if self.is_finished {
                self.outbound.park();
                return Poll::Ready(Ok(()));
            }
            let mut space = ReadBuf::new(self.outbound.space());
            if self.program.poll_read(cx, &mut space).is_pending() {
                self.outbound.park();
                return Poll::Pending;
            }
            let n = space.filled().len();
            self.outbound.filled(n);
            if n == 0 {
                self.outbound.is_over = true;
                self.first.get_or_insert(End::HandlerEnded);
            }
        }
    }

    /// Writes until the client has all that waits, and our FIN where that is due.
    fn poll_client(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), End>> {
        loop {
            let stream = Pin::new(&mut *self.stream);
            let poll = if !self.outbound.is_empty() {
                match stream.poll_write(cx, self.outbound.pending()) {
                    Poll::Ready(Ok(0)) => return Poll::Ready(Err(End::ClientGone)),
                    poll => poll,
                }
            } else if self.unflushed {
                stream.poll_flush(cx).map_ok(|()| 0)
            } else if self.outbound.is_over && !self.is_finished {
                let poll = stream.poll_shutdown(cx).map_ok(|()| 0);
                if let Poll::Ready(Ok(_)) = poll {
                    self.is_finished = true;
                    inquire(self.program);
                }
                poll
            } else {
                return Poll::Ready(Ok(()));
            };
            match poll {
                Poll::Ready(Ok(n)) => {
                    self.unflushed = n > 0 && self.stream.is_tls();
                    METRICS.tcp_bytes_out.add(n as u64);
                    self.outbound.consume(n);
                    self.clock.progress();
                    let passed = u64::from(n > 0);
                    self.clock.pass(passed, self.limits.idle_timeout);
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(end_of(&error))),
                Poll::Pending => {
                    self.clock.stall(self.limits.write_timeout);
                    return Poll::Pending;
                }
            }
        }
    }

    /// Tells of a client that is gone, where nobody reads what it sends: its program is slow, or its FIN has come.
    fn poll_hangup(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), End>> {
        if self.hangup.is_none() {
            // Without one, in want of a descriptor, the next write tells.
            self.hangup = self.stream.watch_hangup().ok().map(Box::new);
        }
        let Some(hangup) = &self.hangup else {
            return Poll::Pending;
        };
        loop {
            let Ok(mut ready) = ready!(hangup.poll_read_ready(cx)) else {
                return Poll::Pending;
            };
            ready.clear_ready();
            if let Some(error) = self.stream.take_error() {
                return Poll::Ready(Err(end_of(&error)));
            }
            // A Unix socket tells a client that has closed from one that has shut down its side; over TCP both send a FIN.
            if matches!(self.stream, Stream::Unix(_)) && self.inbound.is_over {
                return Poll::Ready(Err(End::ClientGone));
            }
        }
    }
}

/// Makes sure that the exit is reported soon.
fn inquire(program: &Program) {
    let inquiry: Inquiry = program.inquiry();
    inquiry.send();
}
