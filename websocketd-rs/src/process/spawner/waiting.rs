//! What the daemon waits for from a spawner: starts and exits.

use std::collections::HashMap;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Instant;

use nix::sys::signal::Signal;
use tokio::sync::oneshot;

use super::children::FEW;
use super::message::Reply;
use crate::process::terminate;

/// Starts and exits that replies will bring.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    next_id: u64,
    /// When the last reply came.
    answered: Option<Instant>,
    starts: HashMap<u64, Start>,
    exits: HashMap<u32, oneshot::Sender<ExitStatus>>,
    /// Programs of another user whose asker has gone.
    abandoned: Vec<u32>,
    closed: bool,
}

/// The two promises of a request. The exit is registered by the task that reads the replies, in the order of
/// the stream, so that a program that ends at once is not missed.
#[derive(Debug)]
pub(super) struct Start {
    pub(super) started: oneshot::Sender<io::Result<u32>>,
    pub(super) exited: oneshot::Sender<ExitStatus>,
}

impl Waiting {
    /// Takes a reply. `true`: there is an abandoned program to end, which this process may not signal.
    pub(super) fn take(&mut self, reply: Reply, is_foreign: bool) -> bool {
        self.answered = Some(Instant::now());
        match reply {
            Reply::Started { id, pid } => {
                let Some(start) = self.starts.remove(&id) else {
                    return false;
                };
                self.exits.insert(pid, start.exited);
                // Whoever asked may have gone meanwhile: nothing else would ever end it.
                let is_abandoned = start.started.send(Ok(pid)).is_err();
                if is_abandoned && is_foreign {
                    self.abandoned.push(pid);
                    return true;
                }
                if is_abandoned {
                    terminate::send(pid, Signal::SIGKILL);
                }
            }
            Reply::Failed { id, errno } => {
                if let Some(start) = self.starts.remove(&id) {
                    let _ = start.started.send(Err(io::Error::from_raw_os_error(errno)));
                }
            }
            Reply::Exited { pid, status } => {
                if let Some(exited) = self.exits.remove(&pid) {
                    let _ = exited.send(ExitStatus::from_raw(status));
                }
            }
        }
        false
    }

    /// The id of a start to be asked for; `None` once the spawner is gone.
    pub(super) fn register(&mut self, start: Start) -> Option<u64> {
        if self.closed {
            return None;
        }
        let id = self.next_id;
        self.next_id += 1;
        self.starts.insert(id, start);
        Some(id)
    }

    /// Forgets a start that could not be asked for.
    pub(super) fn forget(&mut self, id: u64) {
        self.starts.remove(&id);
    }

    /// Programs whose asker has gone, since the last call.
    pub(super) fn take_abandoned(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.abandoned)
    }

    /// When the last reply came.
    pub(super) fn answered(&self) -> Option<Instant> {
        self.answered
    }

    /// Whether the spawner may not notice the end of `pid` soon. One that has few children looks at all of them each time.
    pub(super) fn needs_look(&self, pid: u32) -> bool {
        self.exits.len() > FEW && self.exits.contains_key(&pid)
    }

    /// The spawner is gone: whoever waits fails.
    pub(super) fn close(&mut self) {
        self.closed = true;
        self.starts.clear();
        self.exits.clear();
    }
}
