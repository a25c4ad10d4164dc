//! How a shared program is started, the first time and again.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::process::{Command, Program, Spawner};

/// Everything that starting one takes.
#[derive(Debug, Clone)]
pub struct Start {
    /// The program, with an environment that knows no client.
    pub command: Command,
    /// Starts it as the user that programs run as at its site.
    pub spawner: Arc<Spawner>,
    /// Longest line of its output, in bytes.
    pub max_line: usize,
    /// Added to each step of the termination ladder.
    pub close_delay: Duration,
    /// Time to end by itself when the daemon stops, or when another program takes over.
    pub grace: Duration,
}

impl Start {
    /// Starts the program.
    ///
    /// # Errors
    /// When it can't be started.
    pub(super) async fn start(&self) -> io::Result<Program> {
        self.spawner.spawn(self.command.clone()).await
    }

    /// Whether `other` starts the same program in the same way.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.command == other.command
            && Arc::ptr_eq(&self.spawner, &other.spawner)
            && self.max_line == other.max_line
    }
}
