//! The daemon's side of the spawner: hands over the pipe ends, waits for the pid, learns of the exits.

use std::io;
use std::os::fd::AsFd;
use std::pin::pin;
use std::process;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use tokio::sync::{Notify, Semaphore, oneshot};
use tokio::time::timeout;

use crate::config::User;
use crate::metrics::METRICS;

use super::channel::Channel;
use super::message::{self, EncodeError, Head};
use super::start::start;
use super::streams;
use super::waiting::{Start, Waiting};
use crate::process::program::Program;
use crate::process::{Command, Exit, Terminal, terminate};

/// How long a start may take while the spawner answers no other request either. Longer means that it is stopped, or hangs in the
/// exec of a program on a dead network disk. Where thousands come at once, those before us are no reason to give up.
const START_TIMEOUT: Duration = Duration::from_secs(10);

/// Starts that are under way at once; later ones wait their turn. Each holds six ends of pipes until the spawner's socket has taken
/// three: 4,000 at once would need more descriptors than all their sessions.
const MAX_STARTS: usize = 64;

/// How long handing over a signal may take. Longer means that the spawner is stopped, and its programs can't be ended.
const SIGNAL_TIMEOUT: Duration = Duration::from_secs(5);

/// How long the end of the daemon waits for the spawner's.
const END_TIMEOUT: Timespec = Timespec {
    tv_sec: 1,
    tv_nsec: 0,
};

/// Starts programs, by way of the spawner process: nothing else does.
#[derive(Debug)]
pub struct Spawner {
    channel: Channel,
    /// Permits to ask it, [`MAX_STARTS`].
    permits: Semaphore,
    waiting: Mutex<Waiting>,
    child: Mutex<process::Child>,
    /// Its programs run as another user, whom the daemon may not signal: the spawner does.
    is_foreign: bool,
    /// Some programs of [`Waiting::take_abandoned`] are to be ended.
    abandonment: Notify,
}

impl Spawner {
    /// Starts the spawner process: this binary again, with one end of a socket pair as its stdin.
    /// To be called after privileges were given up, so that the spawner has none either.
    ///
    /// # Errors
    /// When `/proc/self/exe` can't be started or a socket can't be had.
    pub fn start() -> io::Result<Self> {
        Self::launch(None)
    }

    /// Starts a spawner that becomes `user`, which takes the rights of root unless that is the daemon's own user: to be
    /// called before they are given up.
    ///
    /// # Errors
    /// As [`Spawner::start`], and with the reason when it can't become that user.
    pub fn start_as(user: &User) -> io::Result<Self> {
        Self::launch(Some(user))
    }

    fn launch(user: Option<&User>) -> io::Result<Self> {
        let (ours, child) = start(user)?;
        Ok(Self {
            channel: Channel::new(ours)?,
            permits: Semaphore::new(MAX_STARTS),
            waiting: Mutex::default(),
            child: Mutex::new(child),
            is_foreign: user.is_some(),
            abandonment: Notify::new(),
        })
    }

    /// Takes the spawner's replies until it is gone. The server runs this as a task of its own beside everything that spawns.
    ///
    /// # Errors
    /// `UnexpectedEof` when the spawner died. Starts that were under way have failed then, and later ones do.
    pub async fn listen(&self) -> io::Result<()> {
        let result = tokio::select! {
            result = self.read_replies() => result,
            () = self.end_abandoned() => Ok(()),
        };
        self.permits.close();
        self.lock().close();
        result
    }

    async fn read_replies(&self) -> io::Result<()> {
        let mut replies = self.channel.replies()?;
        loop {
            let reply = replies.next().await?;
            if self.lock().take(reply, self.is_foreign) {
                self.abandonment.notify_one();
            }
        }
    }

    /// Ends programs whose asker has gone, beside the reading of replies: were it a part of that, the spawner and we could
    /// each wait for the other to read.
    async fn end_abandoned(&self) {
        loop {
            self.abandonment.notified().await;
            let abandoned = self.lock().take_abandoned();
            for group in abandoned {
                self.signal(group, Signal::SIGKILL).await;
            }
        }
    }

    /// Whether its programs are another user's.
    pub(in crate::process) fn is_foreign(&self) -> bool {
        self.is_foreign
    }

    /// Sends `signal` to a process group, by way of the spawner if it is another user's.
    pub(in crate::process) async fn signal(&self, group: u32, signal: Signal) {
        if !self.is_foreign {
            return terminate::send(group, signal);
        }
        let head = Head::Signal {
            group,
            signal: signal as i32,
        };
        // Safe to give up: so few bytes go at once or not.
        let sent = timeout(SIGNAL_TIMEOUT, self.channel.send(head, &[], &[])).await;
        if !matches!(sent, Ok(Ok(()))) {
            // The spawner is gone, which ends the daemon: what one that is still root can do is done.
            terminate::send(group, signal);
        }
    }

    /// Has the spawner end what left the groups of the session `id`, and what is left of the kernel session `session`.
    pub(in crate::process) async fn end_strays(&self, id: &str, session: Option<u32>) {
        // Safe to give up: so few bytes go at once or not.
        let head = Head::Ended { session };
        let sent = self.channel.send(head, id.as_bytes(), &[]);
        let _ = timeout(SIGNAL_TIMEOUT, sent).await;
    }

    /// Has the spawner look whether `pid`, whose pipes have closed, has ended: signals that come together are one, so that it may
    /// not know yet.
    pub(in crate::process) fn inquire(&self, pid: u32) {
        if self.lock().needs_look(pid) {
            self.channel.send_at_once(Head::Look { pid });
        }
    }

    /// Starts `command` in a process group of its own with three pipes.
    ///
    /// # Errors
    /// What exec reports, or too many open files; `BrokenPipe` when the spawner is gone, `TimedOut` when it does not answer.
    pub async fn spawn(self: &Arc<Self>, command: Command) -> io::Result<Program> {
        let asked = Instant::now();
        let started = self.request(command).await;
        match &started {
            Ok(_) => METRICS.spawn_time.add(asked.elapsed()),
            Err(_) => METRICS.spawn_failures.add(1),
        }
        started
    }

    async fn request(self: &Arc<Self>, command: Command) -> io::Result<Program> {
        let body = message::encode(&command)?;
        let permit = self.patiently(pin!(self.permits.acquire())).await;
        let _permit = permit.ok_or(Errno::TIMEDOUT)?.map_err(|_| gone())?;
        let (ours, theirs) = streams::open(command.terminal)?;

        let (started, mut pid) = oneshot::channel();
        let (exited, reaped) = oneshot::channel();
        let id = self.lock().register(Start { started, exited });
        let id = id.ok_or_else(gone)?;
        let head = Head::Start {
            id,
            body: body.len(),
        };
        let descriptors: Vec<_> = theirs.iter().map(AsFd::as_fd).collect();
        if let Err(error) = self.channel.send(head, &body, &descriptors).await {
            self.lock().forget(id);
            return Err(error);
        }
        drop(theirs);
        let started = if let Some(started) = self.patiently(&mut pid).await {
            started.map_err(|_| gone())?
        } else {
            // A program that is started later is ended, since nobody waits for it; one that was started just now is taken.
            pid.close();
            let late = pid.try_recv();
            late.unwrap_or_else(|_| Err(Errno::TIMEDOUT.into()))
        };
        let pid = started.map_err(|error| ours.explain(error))?;
        let pipes = match ours.receive() {
            Ok(pipes) => pipes,
            Err(error) => {
                self.signal(pid, Signal::SIGKILL).await;
                return Err(error);
            }
        };
        Ok(Program {
            pid,
            leads_session: matches!(command.terminal, Terminal::Controlling(_)),
            pipes,
            exit: Exit::new(reaped, Arc::clone(self)),
        })
    }

    /// Waits for `reply` as long as others come; `None` when the spawner is silent.
    async fn patiently<T>(&self, mut reply: impl Future<Output = T> + Unpin) -> Option<T> {
        loop {
            if let Ok(reply) = timeout(START_TIMEOUT, &mut reply).await {
                return Some(reply);
            }
            if self.is_silent() {
                return None;
            }
        }
    }

    /// Whether no reply has come for as long as a start may take.
    fn is_silent(&self) -> bool {
        let last = self.lock().answered();
        last.is_none_or(|last| last.elapsed() >= START_TIMEOUT)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.waiting.lock().expect("no holder of this lock panics")
    }
}

impl Drop for Spawner {
    /// Closes the socket, upon which the spawner ends what still runs, and reaps it. One that was stopped ends when the daemon is
    /// gone, which then wakes it.
    fn drop(&mut self) {
        self.channel.close();
        if let Ok(child) = self.child.get_mut() {
            if let Ok(end) = pidfd_open(Pid::from_child(child), PidfdFlags::empty()) {
                let _ = poll(&mut [PollFd::new(&end, PollFlags::IN)], Some(&END_TIMEOUT));
            }
            let _ = child.try_wait();
        }
    }
}

impl From<EncodeError> for io::Error {
    fn from(error: EncodeError) -> Self {
        let what = match error {
            EncodeError::Nul => "a NUL byte in an argument or environment variable",
            EncodeError::Name => "an environment variable without a proper name",
            EncodeError::TooLong => return Errno::TOOBIG.into(),
        };
        Self::new(io::ErrorKind::InvalidInput, what)
    }
}

fn gone() -> io::Error {
    io::Error::new(
        io::ErrorKind::BrokenPipe,
        "the spawner process is gone; restart the server",
    )
}
