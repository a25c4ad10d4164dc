//! Handler processes: their environment, their start, their end.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;

use tokio::net::unix::pipe;

/// What to start.
#[derive(Debug, Clone)]
pub struct Command {
    /// The program, also argv[0].
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Its whole environment.
    pub env: Vec<(OsString, OsString)>,
    /// Its working directory; `None`: the server's.
    pub cwd: Option<PathBuf>,
}

/// A running program, leader of its own process group.
#[derive(Debug)]
pub struct Handler {
    /// Process id, also the id of its process group.
    pub pid: u32,
    /// Its stdin.
    pub stdin: pipe::Sender,
    /// Its stdout.
    pub stdout: pipe::Receiver,
    /// Its stderr.
    pub stderr: pipe::Receiver,
}

/// Starts programs.
#[derive(Debug)]
pub struct Spawner;

impl Spawner {
    /// Makes the spawner ready.
    ///
    /// # Errors
    /// When its resources can't be had.
    pub fn start() -> io::Result<Self> {
        Ok(Self)
    }

    /// Starts `command` in a process group of its own with three pipes.
    ///
    /// # Errors
    /// What exec reports (not found, permission, exec format, too many processes), or too many open files.
    pub async fn spawn(&self, command: Command) -> io::Result<Handler> {
        let _ = command;
        Err(io::ErrorKind::Unsupported.into())
    }
}
