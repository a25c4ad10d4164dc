//! Programs: how they start, and how they end.
//!
//! The daemon does not start them itself. A small [`spawner`] process does, because the price of a fork grows with the open files
//! of the process that forks (measured: 59 us with few, 670 us with 16,000), and every child keeps a copy of that file table in
//! the kernel. The spawner owns no client socket; it gets the pipe ends of each program by `SCM_RIGHTS`. [`Spawner`] is its
//! client. Programs of another user have a spawner of their own, which has become that user; [`Spawners`] holds them all. A
//! started [`Program`] is one end of a session.

pub mod env;
pub mod privileges;
mod program;
pub mod spawner;
mod spawners;
mod stderr;
mod stdin;
mod stdout;
mod terminate;

use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::Arc;

use nix::sys::signal::Signal;
use tokio::sync::oneshot;

use crate::metrics::{METRICS, Present};
pub use program::Program;
pub use spawner::Spawner;
pub use spawners::{Others, Spawners, UserError};
pub use stdin::Stdin;
pub use stdout::Stdout;
pub use terminate::Termination;

use crate::config::ResourceLimits;

/// What to start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The program, also argv[0].
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Its whole environment.
    pub env: Vec<(OsString, OsString)>,
    /// Its working directory; `None`: the server's.
    pub cwd: Option<PathBuf>,
    /// What it may use.
    pub limits: ResourceLimits,
}

/// A promise of how a process ends.
#[derive(Debug)]
pub struct Exit {
    reaped: oneshot::Receiver<ExitStatus>,
    status: Option<Ended>,
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
    fn new(reaped: oneshot::Receiver<ExitStatus>, spawner: Arc<Spawner>) -> Self {
        let present = Some(METRICS.handlers_running.enter());
        Self {
            reaped,
            status: None,
            present,
            spawner,
        }
    }

    /// Sends `signal` to the process group `group`, whose leader this is about.
    async fn signal(&self, group: u32, signal: Signal) {
        self.spawner.signal(group, signal).await;
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
        self.status = Some(ended);
        self.present = None;
        ended
    }

    /// Counts the process as being terminated from here on, if it runs.
    fn mark_ending(&mut self) {
        if self.present.is_some() {
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
        match self {
            Self::Status(status) => status.code(),
            Self::Unknown => None,
        }
    }

    /// How the program failed, in words; `None` when it did not.
    pub fn failure(self) -> Option<String> {
        let status = match self {
            Self::Status(status) if status.success() => return None,
            Self::Status(status) => status,
            Self::Unknown => return Some("ended unobserved".to_owned()),
        };
        Some(match (status.code(), status.signal()) {
            (Some(code), _) => format!("exit status {code}"),
            (None, Some(signal)) => format!("killed by signal {signal}"),
            (None, None) => "ended abnormally".to_owned(),
        })
    }
}
