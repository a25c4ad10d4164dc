//! The task of a shared program: its stdin from the inbox, its stdout to the mailboxes, its end and its next start.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::ReadBuf;
use tokio::time::{Instant, Sleep, sleep};
use tokio_util::sync::CancellationToken;

use super::backoff::{Backoff, Next};
use super::mailbox::{Dismissal, Mailbox};
use super::output::Output;
use super::room::{Parcel, Room};
use super::start::Start;
use crate::config::SlowClient;
use crate::logging::Fields;
use crate::permit::Permit;
use crate::process::{Ended, Program};
use crate::session::end::End;
use crate::session::framing::BadOutput;

/// Runs a shared program until nobody needs it any more.
#[derive(Debug)]
pub(super) struct Driver {
    room: Arc<Room>,
    start: Start,
    running: Running,
    /// The program before, whose output is not at its end yet.
    leaving: Option<Leaving>,
    /// Events on their way to stdin, the first `written` bytes of which are there.
    stdin: Vec<u8>,
    written: usize,
    /// Members over their bound, which the program waits for.
    slow: Vec<Arc<Mailbox>>,
    /// For how long.
    slow_until: Option<Pin<Box<Sleep>>>,
    /// When a program without members ends.
    idle_until: Option<Pin<Box<Sleep>>>,
    backoff: Backoff,
    fields: Fields,
    /// One of `--maxforks`.
    _permit: Permit,
}

#[derive(Debug)]
struct Running {
    program: Program,
    output: Output,
}

#[derive(Debug)]
struct Leaving {
    running: Running,
    until: Pin<Box<Sleep>>,
    close_delay: Duration,
}

/// Why the program's service was interrupted.
enum Event {
    /// It has closed its output.
    Closed,
    /// It wrote what can't be followed.
    BadOutput(BadOutput),
    /// Nobody has been there for `--sharedidle`.
    Idle,
    /// The room was closed.
    RoomClosed(Dismissal),
    /// Another one is to serve.
    Replaced(Start),
    /// The one before has ended its output, or its time is over.
    Left(Leaving),
}

impl Driver {
    pub(super) fn new(room: Arc<Room>, start: Start, program: Program, permit: Permit) -> Self {
        let fields = Fields {
            command: Some(start.command.program.to_string_lossy().into_owned()),
            pid: Some(program.pid()),
            ..Fields::default()
        };
        Self {
            running: Running::new(&room, &start, program),
            backoff: Backoff::new(room.config().restart),
            room,
            start,
            leaving: None,
            stdin: Vec::new(),
            written: 0,
            slow: Vec::new(),
            slow_until: None,
            idle_until: None,
            fields,
            _permit: permit,
        }
    }

    /// Serves until the room is closed, then ends the program. `forget` is called when the room is closed: a program that takes
    /// its time to end keeps nobody from a new one.
    pub(super) async fn run(mut self, stopping: CancellationToken, forget: impl FnOnce()) {
        let why = tokio::select! {
            biased;
            () = stopping.cancelled() => None,
            why = self.serve() => Some(why),
        };
        // Members end by themselves when the daemon stops.
        if let Some(why) = why {
            self.room.close(why);
        }
        forget();
        let grace = if why.is_none() {
            self.start.grace
        } else {
            Duration::ZERO
        };
        let rest = self.stdin.split_off(self.written.min(self.stdin.len()));
        let mut termination = self.running.program.end(rest, &self.fields);
        let _ = termination.wait(grace).await;
        termination.terminate(self.start.close_delay).await;
        if let Some(mut leaving) = self.leaving {
            leaving
                .running
                .program
                .terminate(leaving.close_delay, &self.fields)
                .await;
        }
    }

    /// Why the room is to be closed.
    async fn serve(&mut self) -> Dismissal {
        loop {
            match poll_fn(|cx| self.poll(cx)).await {
                Event::RoomClosed(why) => return why,
                Event::Idle if self.room.close_if_empty() => return Dismissal::Replaced,
                // Somebody came at the last moment.
                Event::Idle => {}
                Event::Left(mut leaving) => {
                    let program = &mut leaving.running.program;
                    program.terminate(leaving.close_delay, &self.fields).await;
                }
                Event::Replaced(next) => self.replace(next).await,
                Event::Closed => {
                    let ended = self.end_program().await;
                    if let Some(why) = self.restart(ended).await {
                        return why;
                    }
                }
                Event::BadOutput(bad) => {
                    if let Some((level, remark)) = End::BadOutput(bad).remark() {
                        self.fields.log(level, "session", remark);
                    }
                    self.end_program().await;
                    if let Some(why) = self.restart(Ended::Unknown).await {
                        return why;
                    }
                }
            }
        }
    }

    /// Reaps a program that has closed its output, or must not go on.
    async fn end_program(&mut self) -> Ended {
        let program = &mut self.running.program;
        program
            .terminate(self.start.close_delay, &self.fields)
            .await
    }

    /// Starts the program again, after a pause; the reason when it is not to be.
    async fn restart(&mut self, mut ended: Ended) -> Option<Dismissal> {
        loop {
            let pause = match self.backoff.after(ended, Instant::now()) {
                Next::Start(pause) => pause,
                Next::Stay => return Some(Dismissal::ProgramEnded(ended)),
                Next::GiveUp => {
                    self.fields.error(
                        "session",
                        "Shared program fails again and again; its clients are sent away",
                    );
                    return Some(Dismissal::ProgramFails);
                }
            };
            let how = ended
                .failure()
                .unwrap_or_else(|| "exit status 0".to_owned());
            let message = format!(
                "Shared program ended ({how}); it starts again in {} ms",
                pause.as_millis()
            );
            self.fields.error("session", &message);
            sleep(pause).await;
            self.room.close_if_empty();
            if let Some(why) = self.room.closed() {
                return Some(why);
            }
            if let Some(next) = self.room.take_next() {
                self.start = next;
            }
            match self.start.start().await {
                Ok(program) => {
                    self.take_over(program);
                    return None;
                }
                Err(error) => {
                    self.fields
                        .error("process", &format!("Could not launch process: {error}"));
                    ended = Ended::Unknown;
                }
            }
        }
    }

    /// Lets a program serve that was just started. Returns the one before.
    fn take_over(&mut self, program: Program) -> Running {
        let rest = self.room.wire().not_begun(&self.stdin, self.written);
        self.room.announce_all(rest);
        self.stdin.clear();
        self.written = 0;
        self.fields.pid = Some(program.pid());
        self.backoff.started(Instant::now());
        let next = Running::new(&self.room, &self.start, program);
        std::mem::replace(&mut self.running, next)
    }

    /// Starts `next` and gives it what follows; the present one gets the end of its stdin, and its output is delivered first.
    async fn replace(&mut self, next: Start) {
        let program = match next.start().await {
            Ok(program) => program,
            Err(error) => {
                let message = format!("Could not launch process, the old one goes on: {error}");
                self.fields.error("process", &message);
                return;
            }
        };
        let old = std::mem::replace(&mut self.start, next);
        let mut running = self.take_over(program);
        drop(running.program.take_stdin());
        let leaving = Leaving {
            running,
            until: Box::pin(sleep(old.grace)),
            close_delay: old.close_delay,
        };
        // One that has not left since the reload before has had its time.
        if let Some(mut earlier) = self.leaving.replace(leaving) {
            let program = &mut earlier.running.program;
            program.terminate(earlier.close_delay, &self.fields).await;
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        self.room.watch(cx);
        if let Some(why) = self.room.closed() {
            return Poll::Ready(Event::RoomClosed(why));
        }
        self.running.program.poll_log(cx, &self.fields);
        if let Poll::Ready(event) = self.poll_stdin(cx) {
            return Poll::Ready(event);
        }
        if let Poll::Ready(event) = self.poll_stdout(cx) {
            return Poll::Ready(event);
        }
        self.poll_idle(cx)
    }

    /// Members to program. Another program takes over between two events.
    fn poll_stdin(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        loop {
            while self.written < self.stdin.len() {
                let rest = &self.stdin[self.written..];
                self.written += ready!(self.running.program.poll_write(cx, rest));
            }
            if self.leaving.is_none()
                && let Some(next) = self.room.take_next()
            {
                return Poll::Ready(Event::Replaced(next));
            }
            self.written = 0;
            self.stdin.clear();
            if !self.room.take_inbox(&mut self.stdin) {
                return Poll::Pending;
            }
        }
    }

    /// Program to members.
    fn poll_stdout(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        loop {
            ready!(self.poll_slow(cx));
            if let Some(leaving) = &mut self.leaving {
                leaving.running.program.poll_log(cx, &self.fields);
                let is_over = leaving.until.as_mut().poll(cx).is_ready();
                if leaving.running.program.is_stdout_open() && !is_over {
                    let parcels = ready!(leaving.running.poll_read(cx, &self.fields));
                    // What comes of the old program's last words is delivered; what can't be followed is not.
                    self.slow = self.room.deliver(parcels.unwrap_or_default());
                    continue;
                }
                let left = self.leaving.take();
                return left.map_or(Poll::Pending, |left| Poll::Ready(Event::Left(left)));
            }
            if !self.running.program.is_stdout_open() {
                return Poll::Ready(Event::Closed);
            }
            match ready!(self.running.poll_read(cx, &self.fields)) {
                Ok(parcels) => self.slow = self.room.deliver(parcels),
                Err(bad) => return Poll::Ready(Event::BadOutput(bad)),
            }
        }
    }

    /// Holds the program for members that are over their bound. Each may hold it once for `--slowms`: who has not read all
    /// that waits by then is too slow.
    fn poll_slow(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.slow
            .retain(|mailbox| mailbox.poll_empty(cx).is_pending());
        if self.slow.is_empty() {
            self.slow_until = None;
            return Poll::Ready(());
        }
        let config = self.room.config();
        let until = self
            .slow_until
            .get_or_insert_with(|| Box::pin(sleep(config.slow_time)));
        ready!(until.as_mut().poll(cx));
        for mailbox in self.slow.drain(..) {
            match config.slow {
                SlowClient::Close => mailbox.dismiss(Dismissal::TooSlow),
                SlowClient::Drop => mailbox.let_lag(),
            }
        }
        self.slow_until = None;
        Poll::Ready(())
    }

    fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        let Some(limit) = self.room.config().idle else {
            return Poll::Pending;
        };
        if !self.room.is_empty() {
            self.idle_until = None;
            return Poll::Pending;
        }
        let until = self
            .idle_until
            .get_or_insert_with(|| Box::pin(sleep(limit)));
        ready!(until.as_mut().poll(cx));
        self.idle_until = None;
        Poll::Ready(Event::Idle)
    }
}

impl Running {
    fn new(room: &Room, start: &Start, program: Program) -> Self {
        Self {
            program,
            output: Output::new(room, start.max_line),
        }
    }

    /// Reads once and makes parcels of what came.
    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        fields: &Fields,
    ) -> Poll<Result<Vec<Parcel>, BadOutput>> {
        let mut space = ReadBuf::new(self.output.space());
        if self.program.poll_read(cx, &mut space).is_pending() {
            self.output.park();
            return Poll::Pending;
        }
        Poll::Ready(match space.filled().len() {
            0 => self.output.finish(fields),
            n => self.output.filled(n, fields),
        })
    }
}
