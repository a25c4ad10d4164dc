//! One thread, one epoll: waits for the client, the room, the inbox and signals, and for nothing
//! else. Each turn does what can be done without waiting, writes once, and waits.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use rustix::event::epoll::EventFlags;
use rustix::io::Errno;

use super::client::Client;
use super::input::{Input, RawLine};
use super::output::{FULL_BYTES, Flushed, STUFFED_BYTES};
use super::sources::{Source, Sources};
use crate::journal;
use crate::occupant::{BadRequest, Bye, Flow};
use crate::person::Person;

/// The wait of who is in no room; then what else they have is looked at.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// So much earlier the files are looked at when something else wakes the process anyway: in a room
/// where people talk, the look costs no wake-up of its own.
const POLL_SLACK: Duration = Duration::from_secs(1);

/// Bytes of records taken in one turn and so in one write, some 150 of them; the rest after the
/// client has been heard. What the buffer has once been, the heap stays.
const READ_BUDGET: usize = 16 * 1024;

/// Lines of the client that are taken in one turn; the rest after the room has been heard.
const LINES_PER_TURN: usize = 64;

/// The daemon has given the client up, which did not answer pings; the end of stdin follows.
const UNREACHABLE: Signal = Signal::SIGURG;

/// Signals that end the process in an orderly way, and [`UNREACHABLE`], as a descriptor. They are blocked from here on.
///
/// # Errors
/// Those of `pthread_sigmask(3)` and `signalfd(2)`.
pub fn watch_signals() -> io::Result<SignalFd> {
    let mut set = SigSet::empty();
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP, UNREACHABLE] {
        set.add(signal);
    }
    set.thread_block()?;
    Ok(SignalFd::with_flags(
        &set,
        SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC,
    )?)
}

/// The client's input, and whether it is to be taken.
struct Intake<'fd> {
    stdin: BorrowedFd<'fd>,
    input: Input,
    /// Whether stdin can be waited for at all; files cannot, and need not.
    pollable: bool,
    /// Whether epoll reports stdin just now.
    listening: bool,
    ready: bool,
    /// The client is too fast: nothing is taken from it before this.
    resume_at: Option<Instant>,
}

/// One client.
pub struct EventLoop<'fd> {
    sources: Sources,
    intake: Intake<'fd>,
    client: Client<'fd>,
    /// Whether epoll reports that stdout has room.
    wants_room: bool,
    signals: SignalFd,
    person: Person<'fd>,
    /// The client's line that is done when the site's programs have said what they think of it.
    held: Option<Vec<u8>>,
    /// When the last wait ended. Good enough to tell how long the next one may take: to ask once a turn
    /// is half of what the clock costs.
    woken_at: Instant,
}

impl<'fd> EventLoop<'fd> {
    /// Watches everything; nothing is read yet.
    ///
    /// # Errors
    /// Those of `epoll_create1(2)` and `epoll_ctl(2)`.
    pub fn new(
        stdin: BorrowedFd<'fd>,
        input: Input,
        client: Client<'fd>,
        signals: SignalFd,
        person: Person<'fd>,
    ) -> io::Result<Self> {
        let mut sources = Sources::new()?;
        sources.add(Source::Signals, signals.as_fd(), EventFlags::IN)?;
        let pollable = match sources.add(Source::Stdin, stdin, EventFlags::IN) {
            Ok(()) => true,
            // A file, or /dev/null: always ready.
            Err(Errno::PERM) => false,
            Err(error) => return Err(error.into()),
        };
        // Without flags: only that the reader is gone.
        match sources.add(Source::Stdout, client.output.fd(), EventFlags::empty()) {
            Ok(()) | Err(Errno::PERM | Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
        let now = Instant::now();
        Ok(Self {
            sources,
            intake: Intake {
                stdin,
                input,
                pollable,
                listening: pollable,
                ready: !pollable,
                resume_at: None,
            },
            client,
            wants_room: false,
            signals,
            person,
            held: None,
            woken_at: now,
        })
    }

    /// Runs until the client leaves, is sent away, or a signal comes; then leaves the room.
    pub fn run(mut self) {
        let bye = self.converse();
        // One that came with the end of stdin.
        self.take_signals();
        self.person.leave(bye, &mut self.client);
        self.client.finish();
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
                    self.follow();
                    return None;
                }
            };
            // All that has come was taken by now.
            if !more_lines && self.person.is_silent() {
                journal::note("nothing is heard of the client, which promised a word");
                return None;
            }
            self.enter_rooms();
            // Before our own reading: the others begin on another processor meanwhile.
            self.person.ring();
            // After the client's lines, so that acks and records leave in one write.
            if let Some(bye) = self.follow() {
                return Some(bye);
            }
            let flushed = self.client.output.flush();
            // After the acks have left: the disk takes its time.
            self.person.sync_if_due(&mut self.client);
            if flushed == Flushed::Closed {
                return None;
            }
            let is_behind =
                self.person.is_due() || self.person.is_entering() && !self.person.is_asking();
            let goes_on = is_behind && self.client.output.waiting() < FULL_BYTES;
            match self.wait(more_lines || goes_on, flushed == Flushed::Waiting) {
                Ok(Woken::Something) => {}
                Ok(Woken::Closed) => return None,
                Ok(Woken::Bye(bye)) => return Some(bye),
                Err(error) => {
                    journal::note(format_args!("cannot wait for events: {error}"));
                    return Some(Bye::ShuttingDown);
                }
            }
        }
    }

    /// Comes into the rooms that were asked for, as fast as the client takes what it is told of each.
    fn enter_rooms(&mut self) {
        while self.person.is_entering() && self.client.output.waiting() < FULL_BYTES {
            self.person.enter_next(&mut self.client);
            if self.person.is_asking() {
                break;
            }
            self.client.output.flush();
        }
    }

    /// Passes on what is new in the rooms: of each once, as long as the client takes it.
    fn follow(&mut self) -> Option<Bye> {
        for _ in 0..self.person.turns() {
            if !self.person.is_due() || self.client.output.waiting() >= FULL_BYTES {
                break;
            }
            if let Flow::Bye(bye) = self.person.follow_next(READ_BUDGET, &mut self.client) {
                return Some(bye);
            }
        }
        None
    }

    fn take_lines(&mut self) -> Taken {
        for _ in 0..LINES_PER_TURN {
            let line = match self.take_decided() {
                Some(line) => RawLine::Complete(line),
                None if self.is_paused() => return Taken::All,
                None => self.intake.input.next_line(),
            };
            let flow = match line {
                RawLine::Complete(line) => self.take_line(line),
                RawLine::TooLong => {
                    self.person
                        .reject(&BadRequest::too_long(), &mut self.client);
                    Flow::Idle
                }
                RawLine::End => return Taken::End,
                RawLine::Incomplete if self.intake.ready => {
                    self.intake.read();
                    continue;
                }
                RawLine::Incomplete => return Taken::All,
            };
            if let Some(bye) = self.keep_order() {
                return Taken::Bye(bye);
            }
            if let Flow::Bye(bye) = flow {
                return Taken::Bye(bye);
            }
            let delay = self.person.take_delay();
            if !delay.is_zero() {
                self.intake.resume_at = Some(Instant::now() + delay);
            }
        }
        Taken::More
    }

    fn take_line(&mut self, bytes: Vec<u8>) -> Flow {
        self.person.heard();
        let line = String::from_utf8_lossy(&bytes);
        let mut flow = Flow::Idle;
        match self.client.wire.parse(&line) {
            Ok(Some(wish)) => flow = self.person.take(wish, &mut self.client),
            Ok(None) => {}
            Err(bad) => self.person.reject(&bad, &mut self.client),
        }
        if self.person.asks_about_request() {
            self.held = Some(bytes);
        }
        flow
    }

    /// The line that was held, when it is decided what becomes of it.
    fn take_decided(&mut self) -> Option<Vec<u8>> {
        self.held.as_ref()?;
        self.person.ask_on().then(|| self.held.take()).flatten()
    }

    /// Text has no ids, so what a person typed and what they are answered must come in the order
    /// they typed it: their own record is fetched before the next line is taken.
    fn keep_order(&mut self) -> Option<Bye> {
        let apart = self.person.is_replaying() || self.client.output.waiting() >= FULL_BYTES;
        if apart || !self.client.wire.needs_order() {
            return None;
        }
        self.follow()
    }

    /// Whether nothing is to be taken from the client just now.
    fn is_paused(&mut self) -> bool {
        let resume_at = &mut self.intake.resume_at;
        if resume_at.is_some_and(|at| at <= Instant::now()) {
            *resume_at = None;
        }
        resume_at.is_some()
            || self.client.output.waiting() >= STUFFED_BYTES
            || self.person.is_entering()
            || self.person.is_asking()
    }

    /// Waits for the next event, not at all if `busy`.
    fn wait(&mut self, busy: bool, full: bool) -> io::Result<Woken> {
        let paused = self.is_paused();
        if paused {
            self.person.heard();
        }
        self.intake.listen(!paused, &mut self.sources)?;
        self.watch_for_room(full)?;
        self.watch_new_bells()?;
        self.watch_hook()?;
        let until = [self.intake.resume_at, self.person.due_at()];
        let until = until.into_iter().flatten().min();
        let limit = if busy || (self.intake.ready && !paused) {
            Duration::ZERO
        } else {
            until.map_or(LONGEST_WAIT, |until| {
                until.saturating_duration_since(self.woken_at)
            })
        };
        let (mut closed, mut signaled) = (false, false);
        let (intake, person) = (&mut self.intake, &mut self.person);
        let count = self.sources.wait(limit, &mut |ready| match ready.source {
            Source::Stdin => intake.ready = true,
            Source::Stdout => {
                closed |= ready.flags.intersects(EventFlags::ERR | EventFlags::HUP);
            }
            Source::Signals => signaled = true,
            // Whatever it is, the next turn asks on.
            Source::Hook => {}
            Source::Bell(bell) => person.rang(bell),
        })?;
        if closed {
            return Ok(Woken::Closed);
        }
        if signaled && self.take_signals() {
            return Ok(Woken::Bye(Bye::ShuttingDown));
        }
        Ok(self.poll_if_time(count > 0))
    }

    /// Reads the signals that have come. True: the process is to end.
    fn take_signals(&mut self) -> bool {
        let mut ends = false;
        while let Ok(Some(signal)) = self.signals.read_signal() {
            if i32::try_from(signal.ssi_signo) == Ok(UNREACHABLE as i32) {
                self.person.was_unreachable();
            } else {
                ends = true;
            }
        }
        ends
    }

    /// The look after files, a little early if the process is awake anyway.
    fn poll_if_time(&mut self, awake: bool) -> Woken {
        let now = Instant::now();
        self.woken_at = now;
        let early = if awake { POLL_SLACK } else { Duration::ZERO };
        match self.person.poll(now + early, &mut self.client) {
            Ok(()) => Woken::Something,
            Err(bye) => Woken::Bye(bye),
        }
    }

    /// Rooms that were entered, and bells that were replaced, have descriptors that epoll does not know.
    fn watch_new_bells(&mut self) -> io::Result<()> {
        for bell in self.person.take_unwatched() {
            if let Some(fd) = self.person.bell(bell) {
                let edge = EventFlags::IN | EventFlags::ET;
                self.sources.add(Source::Bell(bell), fd, edge)?;
            }
        }
        Ok(())
    }

    /// Each program that is asked has a descriptor of its own, which leaves epoll when it is closed.
    fn watch_hook(&mut self) -> io::Result<()> {
        if let Some(fd) = self.person.unwatched_hook() {
            let both = EventFlags::IN | EventFlags::OUT | EventFlags::ET;
            self.sources.add(Source::Hook, fd, both)?;
        }
        Ok(())
    }

    /// Whether epoll is to report that stdout has room.
    fn watch_for_room(&mut self, wanted: bool) -> io::Result<()> {
        if wanted != self.wants_room {
            let flags = if wanted {
                EventFlags::OUT
            } else {
                EventFlags::empty()
            };
            let stdout = self.client.output.fd();
            self.sources.change(Source::Stdout, stdout, flags)?;
            self.wants_room = wanted;
        }
        Ok(())
    }
}

impl Intake<'_> {
    /// Reads once: epoll, or that it is a file, says that it does not block.
    fn read(&mut self) {
        self.ready = !self.pollable;
        if let Err(error) = self.input.read(self.stdin) {
            journal::note(format_args!("cannot read stdin: {error}"));
        }
    }

    /// While nothing is taken from the client its end is not watched either: it may have hung up
    /// with lines still in the pipe, and level-triggered epoll would report that without end.
    fn listen(&mut self, wanted: bool, sources: &mut Sources) -> io::Result<()> {
        if self.pollable && wanted != self.listening {
            if wanted {
                sources.add(Source::Stdin, self.stdin, EventFlags::IN)?;
            } else {
                sources.remove(self.stdin)?;
            }
            self.listening = wanted;
        }
        Ok(())
    }
}

/// What waiting brought.
enum Woken {
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
