//! When something must happen to a client although nothing moves: pings, idleness, stalled writes.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use crate::session::end::End;

/// A session's deadlines, with one timer for whichever comes first.
#[derive(Debug)]
pub(in crate::session) struct Clock {
    timer: Option<Pin<Box<Sleep>>>,
    /// The next ping, if the client was not heard for an interval by then.
    ping_at: Option<Instant>,
    /// The client must have given a sign of life before this.
    dead_at: Option<Instant>,
    /// A write must have made progress before this.
    stalled_at: Option<Instant>,
    /// A message must have passed before this.
    idle_at: Option<Instant>,
}

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::session) enum Due {
    /// A ping is to be sent.
    Ping,
    /// The session ends.
    End(End),
}

impl Clock {
    /// Starts with pings each `ping_interval`, and `idle_timeout` from now on.
    pub(in crate::session) fn start(
        ping_interval: Option<Duration>,
        idle_timeout: Option<Duration>,
    ) -> Self {
        let now = Instant::now();
        Self {
            timer: None,
            ping_at: ping_interval.map(|interval| now + interval),
            dead_at: ping_interval.map(|interval| now + 2 * interval),
            stalled_at: None,
            idle_at: idle_timeout.map(|limit| now + limit),
        }
    }

    /// Messages passed.
    pub(in crate::session) fn pass(&mut self, messages: u64, idle_timeout: Option<Duration>) {
        if let Some(limit) = idle_timeout.filter(|_| messages > 0) {
            self.idle_at = Some(Instant::now() + limit);
        }
    }

    /// The client gave a sign of life.
    pub(in crate::session) fn see_alive(&mut self, ping_interval: Option<Duration>) {
        if let Some(interval) = ping_interval {
            self.dead_at = Some(Instant::now() + 2 * interval);
        }
    }

    /// The client is read again, after [`Self::suspend_liveness`] or as ever.
    pub(in crate::session) fn resume_liveness(&mut self, ping_interval: Option<Duration>) {
        if self.dead_at.is_none() {
            self.see_alive(ping_interval);
        }
    }

    /// The client is not read, and must not be taken for dead for that.
    pub(in crate::session) fn suspend_liveness(&mut self) {
        self.dead_at = None;
    }

    /// A write waits for the client, since now or earlier.
    pub(in crate::session) fn stall(&mut self, write_timeout: Duration) {
        self.stalled_at
            .get_or_insert_with(|| Instant::now() + write_timeout);
    }

    /// A write has made progress.
    pub(in crate::session) fn progress(&mut self) {
        self.stalled_at = None;
    }

    fn next(&self) -> Option<Instant> {
        [self.ping_at, self.dead_at, self.stalled_at, self.idle_at]
            .into_iter()
            .flatten()
            .min()
    }

    pub(in crate::session) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        ping_interval: Option<Duration>,
    ) -> Poll<Due> {
        loop {
            let Some(next) = self.next() else {
                return Poll::Pending;
            };
            let timer = self
                .timer
                .get_or_insert_with(|| Box::pin(sleep_until(next)));
            if timer.deadline() != next {
                timer.as_mut().reset(next);
            }
            ready!(timer.as_mut().poll(cx));
            let now = Instant::now();
            let due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
            for (at, end) in [
                (self.stalled_at, End::WriteStalled),
                (self.dead_at, End::PingTimeout),
                (self.idle_at, End::Idle),
            ] {
                if due(at) {
                    return Poll::Ready(Due::End(end));
                }
            }
            if due(self.ping_at) {
                let heard = self.dead_at.zip(ping_interval);
                let next = heard.map(|(dead_at, interval)| dead_at - interval);
                if let Some(next) = next.filter(|&next| next > now) {
                    // It was heard meanwhile.
                    self.ping_at = Some(next);
                    continue;
                }
                self.ping_at = ping_interval.map(|interval| now + interval);
                return Poll::Ready(Due::Ping);
            }
        }
    }
}

/// What an error of the client's connection means.
pub(in crate::session) fn end_of(error: &io::Error) -> End {
    match error.kind() {
        // The kernel's own probes, or bytes that were not acknowledged.
        io::ErrorKind::TimedOut
        | io::ErrorKind::HostUnreachable
        | io::ErrorKind::NetworkUnreachable => End::PingTimeout,
        _ => End::ClientGone,
    }
}
