//! How a program ends.

use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::sync::oneshot;
use tokio::time::sleep;

use super::Spawner;
use crate::metrics::{METRICS, Present};

/// How long a spawner of another user has to pass a signal on, which it does not answer: as long as the first step of the ladder.
const PASSING_TIME: Duration = Duration::from_millis(100);

/// A promise of how a process ends.
#[derive(Debug)]
pub struct Exit {
    reaped: oneshot::Receiver<ExitStatus>,
    status: Option<Ended>,
    /// Its termination has begun.
    is_terminated: bool,
    /// Counts the process as running, or as being terminated, until it has exited.
    present: Option<Present>,
    /// Who started it.
    spawner: Arc<Spawner>,
}

/// A look at a process that seems to have ended.
#[derive(Debug)]
pub struct Inquiry {
    pid: u32,
    spawner: Arc<Spawner>,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It exited or was killed by a signal.
    Status(ExitStatus),
    /// The spawner died before it could report.
    Unknown,
}

impl Exit {
    pub(super) fn new(reaped: oneshot::Receiver<ExitStatus>, spawner: Arc<Spawner>) -> Self {
        let present = Some(METRICS.handlers_running.enter());
        Self {
            reaped,
            status: None,
            is_terminated: false,
            present,
            spawner,
        }
    }

    /// Sends `signal` to the process group `group`, whose leader this is about.
    pub(super) async fn signal(&self, group: u32, signal: Signal) {
        self.spawner.signal(group, signal).await;
    }

    /// The same, and returns when the signal is there, or should be: it has a head start on what follows.
    pub(super) async fn tell(&self, group: u32, signal: Signal) {
        self.spawner.signal(group, signal).await;
        if self.spawner.is_foreign() {
            sleep(PASSING_TIME).await;
        }
    }

    /// The session `id` has ended, whose program this is about: what left its group ends too, and so does what is left of the
    /// kernel session that the program led, if it led one.
    pub(super) async fn end_strays(&self, id: &str, session: Option<u32>) {
        self.spawner.end_strays(id, session).await;
    }

    /// What to send when the pipes of `pid`, which this is about, have closed.
    pub fn inquiry(&self, pid: u32) -> Inquiry {
        Inquiry {
            pid,
            spawner: Arc::clone(&self.spawner),
        }
    }

    /// Waits until the process has exited. Can be called again, and dropped without loss.
    pub async fn wait(&mut self) -> Ended {
        if let Some(ended) = self.status {
            return ended;
        }
        let ended = (&mut self.reaped)
            .await
            .map_or(Ended::Unknown, Ended::Status);
        METRICS.programs_ended.add(ended.label(self.is_terminated));
        self.status = Some(ended);
        self.present = None;
        ended
    }

    /// Counts the process as being terminated from here on, if it runs.
    pub(super) fn mark_ending(&mut self) {
        if self.present.is_some() {
            self.is_terminated = true;
            self.present = Some(METRICS.handlers_ending.enter());
        }
    }
}

impl Inquiry {
    /// Makes sure that the exit is reported soon.
    pub fn send(self) {
        self.spawner.inquire(self.pid);
    }
}

impl Ended {
    /// The exit status, if the program exited.
    pub fn code(self) -> Option<i32> {
        self.status()?.code()
    }

    /// The signal that killed the program, if one did.
    pub fn signal(self) -> Option<i32> {
        self.status()?.signal()
    }

    /// The name of [`Self::signal`], as in signal(7).
    pub fn signal_name(self) -> Option<&'static str> {
        let signal = Signal::try_from(self.signal()?).ok();
        Some(signal.map_or("a real-time signal", Signal::as_str))
    }

    /// Whether it exited with status 0.
    pub fn is_success(self) -> bool {
        self.status().is_some_and(|status| status.success())
    }

    /// The wait status, if it is known.
    pub fn status(self) -> Option<ExitStatus> {
        match self {
            Self::Status(status) => Some(status),
            Self::Unknown => None,
        }
    }

    /// How the program failed, for a close frame; `None` when it did not.
    pub fn failure(self) -> Option<String> {
        if self.is_success() {
            return None;
        }
        Some(match (self, self.code(), self.signal()) {
            (Self::Unknown, ..) => "ended unobserved".to_owned(),
            (_, Some(code), _) => format!("exit status {code}"),
            (_, None, Some(signal)) => format!("killed by signal {signal}"),
            (_, None, None) => "ended abnormally".to_owned(),
        })
    }

    /// The name by which ends are counted. `is_terminated`: we had begun to end it.
    fn label(self, is_terminated: bool) -> &'static str {
        match self {
            Self::Unknown => "unobserved",
            _ if self.is_success() => "success",
            _ if is_terminated => "terminated",
            _ if self.code().is_some() => "failure",
            Self::Status(_) => "signal",
        }
    }
}

/// What follows "Program" in a log line.
impl fmt::Display for Ended {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.code(), self.signal(), self.signal_name()) {
            (Some(code), ..) => write!(out, "exited with status {code}"),
            (_, Some(signal), Some(name)) => write!(out, "was killed by signal {signal}, {name}"),
            _ => out.write_str("ended unobserved"),
        }
    }
}
