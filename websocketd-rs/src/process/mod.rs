//! Programs: how they start, and how they end.
//!
//! The daemon does not start them itself. A small [`spawner`] process does, because the price of a fork grows with the open files
//! of the process that forks (measured: 59 us with few, 670 us with 16,000), and every child keeps a copy of that file table in
//! the kernel. The spawner owns no client socket; it gets the pipe ends of each program by `SCM_RIGHTS`. [`Spawner`] is its
//! client. Programs of another user have a spawner of their own, which has become that user; [`Spawners`] holds them all. A
//! started [`Program`] is one end of a session.

pub mod env;
mod exit;
mod id;
mod moving;
pub mod privileges;
mod program;
pub mod spawner;
mod spawners;
mod stderr;
mod stdin;
mod stdout;
mod terminal;
mod terminate;

use std::ffi::OsString;
use std::path::PathBuf;

pub use exit::{Ended, Exit, Inquiry};
pub use id::unique_id;
pub use moving::Moving;
pub use program::Program;
pub use spawner::{Spawner, ignored_signals};
pub use spawners::{Others, Spawners, UserError};
pub use stdin::Stdin;
pub use stdout::Stdout;
pub use terminal::{NO_TERMINAL, Size, Terminal};
pub use terminate::Termination;

use crate::config::{Level, ResourceLimits};
use crate::logging::{self, Fields};

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
    /// Which of its streams are a terminal.
    pub terminal: Terminal,
}

impl Command {
    /// Logs the environment at debug, as websocketd does, but no secrets.
    pub fn log_environment(&self, fields: &Fields) {
        if logging::enabled(Level::Debug) {
            for (name, value) in &self.env {
                fields.log(Level::Debug, "env", &env::shown(name, value));
            }
        }
    }
}
