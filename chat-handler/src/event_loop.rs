//! One thread, one epoll: waits for the client, the room, the inbox and signals, and for nothing
//! else. Each turn does what can be done without waiting, writes once, and waits.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use rustix::event::epoll::{self, EventData, EventFlags};
use rustix::io::Errno;

use crate::input::{Input, Line};
use crate::journal;
use crate::output::{FULL_BYTES, Flushed, Output, STUFFED_BYTES, timespec};
use crate::room::{Flow, Room};
use crate::wire::Bye;

/// How often the files are looked at although no bell rang: another program may have appended, a
/// bell may have been taken away, a disk may be usable again.
const SAFETY_POLL: Duration = Duration::from_secs(5);

/// So much earlier the files are looked at when something else wakes the process anyway: in a room
/// where people talk, the look costs no wake-up of its own.
const POLL_SLACK: Duration = Duration::from_secs(1);

/// Bytes of records taken in one turn and so in one write, some 150 of them; the rest after the
/// client has been heard. What the buffer has once been, the heap stays.
const READ_BUDGET: usize = 16 * 1024;

/// Lines of the client that are taken in one turn; the rest after the room has been heard.
const LINES_PER_TURN: usize = 64;

/// Events taken from the kernel at once: there are five sources.
const EVENTS: usize = 8;

const STDIN: u64 = 0;
const STDOUT: u64 = 1;
const SIGNAL: u64 = 2;
const ROOM_BELL: u64 = 3;
const INBOX_BELL: u64 = 4;

/// Signals that end the process in an orderly way, as a descriptor. They are blocked from here on.
///
/// # Errors
/// Those of `pthread_sigmask(3)` and `signalfd(2)`.
pub fn watch_signals() -> io::Result<SignalFd> {
    let mut set = SigSet::empty();
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        set.add(signal);
    }
    set.thread_block()?;
    Ok(SignalFd::with_flags(
        &set,
        SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC,
    )?)
}

/// One client in one room.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one source's readiness, all combinations occur"
)]
pub struct EventLoop<'fd> {
    epoll: OwnedFd,
    stdin: BorrowedFd<'fd>,
    input: Input,
    output: Output<'fd>,
    signals: SignalFd,
    room: Room,
    /// Whether epoll tells about stdin just now.
    listening: bool,
    /// Whether stdin can be waited for at all; files cannot, and need not.
    pollable: bool,
    /// Whether epoll tells when stdout has room.
    wants_room: bool,
    stdin_ready: bool,
    /// There may be new records.
    room_due: bool,
    /// The bell has told how it was found. What it tells from then on is news.
    knows_bell: bool,
    /// The client is too fast: nothing is taken from it before this.
    resume_at: Option<Instant>,
    /// When the last wait ended. Good enough to tell how long the next one may take: to ask once a turn
    /// is half of what the clock costs.
    woken_at: Instant,
    next_poll: Instant,
}

impl<'fd> EventLoop<'fd> {
    /// Watches everything; nothing is read yet.
    ///
    /// # Errors
    /// Those of `epoll_create1(2)` and `epoll_ctl(2)`.
    pub fn new(
        stdin: BorrowedFd<'fd>,
        output: Output<'fd>,
        input: Input,
        signals: SignalFd,
        room: Room,
    ) -> io::Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let watch = |fd: BorrowedFd<'_>, token, flags| {
            epoll::add(&epoll, fd, EventData::new_u64(token), flags)
        };
        let edge = EventFlags::IN | EventFlags::ET;
        watch(signals.as_fd(), SIGNAL, EventFlags::IN)?;
        watch(room.bell(), ROOM_BELL, edge)?;
        watch(room.inbox_bell(), INBOX_BELL, edge)?;
        let pollable = match watch(stdin, STDIN, EventFlags::IN) {
            Ok(()) => true,
            // A file, or /dev/null: always ready.
            Err(Errno::PERM) => false,
            Err(error) => return Err(error.into()),
        };
        // Without flags: only that the reader is gone.
        match watch(output.fd(), STDOUT, EventFlags::empty()) {
            Ok(()) | Err(Errno::PERM | Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
        let now = Instant::now();
        Ok(Self {
            epoll,
            stdin,
            input,
            output,
            signals,
            room,
            listening: pollable,
            pollable,
            wants_room: false,
            stdin_ready: !pollable,
            room_due: true,
            knows_bell: false,
            resume_at: None,
            woken_at: now,
            next_poll: now + SAFETY_POLL,
        })
    }

    /// Runs until the client leaves, is sent away, or a signal comes; then leaves the room.
    pub fn run(mut self) {
        let bye = self.converse();
        if let Some(bye) = bye {
            self.room.say_bye(bye, self.output.buffer());
        }
        self.room.leave();
        self.output.farewell();
    }

    /// `None`: the client is gone, there is nobody to say goodbye to.
    fn converse(&mut self) -> Option<Bye> {
        loop {
            let more_lines = match self.take_lines() {
                Taken::More => true,
                Taken::All => false,
                Taken::Bye(bye) => return Some(bye),
                Taken::End => {
                    // The client's own last lines come back to it by way of the log.
                    self.room.follow(READ_BUDGET, &mut self.output);
                    return None;
                }
            };
            // Before our own reading: the others begin on another processor meanwhile.
            self.room.ring();
            // After the client's lines, so that acks and records leave in one write.
            if self.room_due && self.output.waiting() < FULL_BYTES {
                match self.room.follow(READ_BUDGET, &mut self.output) {
                    Flow::Idle => self.room_due = false,
                    Flow::More => {}
                    Flow::Bye(bye) => return Some(bye),
                }
            }
            let flushed = self.output.flush();
            if flushed == Flushed::Closed {
                return None;
            }
            let readable = self.room_due && self.output.waiting() < FULL_BYTES;
            let heard = self.wait(more_lines || readable, flushed == Flushed::Waiting);
            match heard {
                Ok(Heard::Something) => {}
                Ok(Heard::Closed) => return None,
                Ok(Heard::Bye(bye)) => return Some(bye),
                Err(error) => {
                    journal::note(format_args!("cannot wait for events: {error}"));
                    return Some(Bye::ShuttingDown);
                }
            }
        }
    }

    fn take_lines(&mut self) -> Taken {
        for _ in 0..LINES_PER_TURN {
            if self.is_paused() || self.output.waiting() >= STUFFED_BYTES {
                return Taken::All;
            }
            let flow = match self.input.next_line() {
                Line::Complete(line) => self.room.hear(&line, self.output.buffer()),
                Line::TooLong => self.room.hear_too_long(self.output.buffer()),
                Line::End => return Taken::End,
                Line::Incomplete if self.stdin_ready => {
                    self.stdin_ready = !self.pollable;
                    if let Err(error) = self.input.read(self.stdin) {
                        journal::note(format_args!("cannot read stdin: {error}"));
                    }
                    continue;
                }
                Line::Incomplete => return Taken::All,
            };
            // Its own record is in the log by now.
            self.room_due = true;
            if let Some(bye) = self.room.keep_order(&mut self.output) {
                return Taken::Bye(bye);
            }
            match flow {
                Flow::Bye(bye) => return Taken::Bye(bye),
                Flow::Idle | Flow::More => {}
            }
            let delay = self.room.take_delay();
            if !delay.is_zero() {
                self.resume_at = Some(Instant::now() + delay);
            }
        }
        Taken::More
    }

    fn is_paused(&mut self) -> bool {
        if self.resume_at.is_some_and(|at| at <= Instant::now()) {
            self.resume_at = None;
        }
        self.resume_at.is_some()
    }

    /// Waits for the next event, not at all if `busy`.
    fn wait(&mut self, busy: bool, full: bool) -> io::Result<Heard> {
        let paused = self.is_paused() || self.output.waiting() >= STUFFED_BYTES;
        self.listen(!paused)?;
        self.watch_room_in_stdout(full)?;
        let until = [self.resume_at, self.room.ring_at()]
            .into_iter()
            .flatten()
            .fold(self.next_poll, Instant::min);
        let wait = if busy || (self.stdin_ready && !paused) {
            Duration::ZERO
        } else {
            until.saturating_duration_since(self.woken_at)
        };
        let mut events = [epoll::Event {
            flags: EventFlags::empty(),
            data: EventData::new_u64(0),
        }; EVENTS];
        let count = match epoll::wait(&self.epoll, &mut events, Some(&timespec(wait))) {
            Ok(count) => count,
            Err(Errno::INTR) => 0,
            Err(error) => return Err(error.into()),
        };
        for event in &events[..count] {
            // The kernel packs the structure: its fields are copied, not lent.
            let (flags, token) = (event.flags, event.data);
            match token.u64() {
                STDIN => self.stdin_ready = true,
                STDOUT if flags.intersects(EventFlags::ERR | EventFlags::HUP) => {
                    return Ok(Heard::Closed);
                }
                ROOM_BELL => {
                    self.room_due = true;
                    if std::mem::replace(&mut self.knows_bell, true) {
                        self.room.has_rung();
                    }
                }
                INBOX_BELL => {
                    self.room.inbox_rang();
                    self.room_due = true;
                }
                SIGNAL if matches!(self.signals.read_signal(), Ok(Some(_))) => {
                    return Ok(Heard::Bye(Bye::ShuttingDown));
                }
                _ => {}
            }
        }
        let now = Instant::now();
        self.woken_at = now;
        let early = if count > 0 {
            POLL_SLACK
        } else {
            Duration::ZERO
        };
        if now + early >= self.next_poll {
            self.next_poll = now + SAFETY_POLL;
            self.room_due = true;
            match self.room.poll(self.output.buffer()) {
                Ok(replaced) => self.watch_again(replaced)?,
                Err(bye) => return Ok(Heard::Bye(bye)),
            }
        }
        Ok(Heard::Something)
    }

    /// While nothing is taken from the client its end is not watched either: it may have hung up
    /// with lines still in the pipe, and level-triggered epoll would tell that without end.
    fn listen(&mut self, wanted: bool) -> io::Result<()> {
        if self.pollable && wanted != self.listening {
            if wanted {
                epoll::add(
                    &self.epoll,
                    self.stdin,
                    EventData::new_u64(STDIN),
                    EventFlags::IN,
                )?;
            } else {
                epoll::delete(&self.epoll, self.stdin)?;
            }
            self.listening = wanted;
        }
        Ok(())
    }

    fn watch_room_in_stdout(&mut self, wanted: bool) -> io::Result<()> {
        if wanted != self.wants_room {
            let flags = if wanted {
                EventFlags::OUT
            } else {
                EventFlags::empty()
            };
            epoll::modify(
                &self.epoll,
                self.output.fd(),
                EventData::new_u64(STDOUT),
                flags,
            )?;
            self.wants_room = wanted;
        }
        Ok(())
    }

    /// A bell that was replaced has a new descriptor; the old one left epoll when it was closed.
    fn watch_again(&mut self, replaced: crate::room::Replaced) -> io::Result<()> {
        let edge = EventFlags::IN | EventFlags::ET;
        if replaced.bell {
            self.knows_bell = false;
            epoll::add(
                &self.epoll,
                self.room.bell(),
                EventData::new_u64(ROOM_BELL),
                edge,
            )?;
        }
        if replaced.inbox {
            epoll::add(
                &self.epoll,
                self.room.inbox_bell(),
                EventData::new_u64(INBOX_BELL),
                edge,
            )?;
        }
        Ok(())
    }
}

/// What waiting brought.
enum Heard {
    Something,
    /// The client is gone.
    Closed,
    Bye(Bye),
}

/// What taking the client's lines brought.
enum Taken {
    All,
    More,
    Bye(Bye),
    End,
}
