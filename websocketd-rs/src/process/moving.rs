//! A program on its way from one thread's runtime to another's.

use std::os::fd::OwnedFd;

use super::program::{Pipes, Program};
use super::stderr::Stderr;
use super::stdout::Loose;
use super::{Exit, Stdin, Stdout};
use crate::buffer::Lines;

/// A running program whose streams no runtime watches.
#[derive(Debug)]
pub struct Moving {
    pid: u32,
    leads_session: bool,
    stdin: Option<OwnedFd>,
    stdout: Option<Loose>,
    stderr: Option<OwnedFd>,
    /// The line of stderr that has not ended yet.
    line: Lines,
    exit: Exit,
}

impl Program {
    /// Takes its streams off this thread's runtime. One that can't be is closed, which the program notices.
    pub fn detach(self) -> Moving {
        let Self {
            pid,
            leads_session,
            pipes,
            exit,
        } = self;
        let Pipes {
            stdin,
            stdout,
            stderr,
        } = pipes;
        let (stderr, line) = stderr.detach();
        Moving {
            pid,
            leads_session,
            stdin: stdin.and_then(Stdin::detach),
            stdout: stdout.and_then(Stdout::detach),
            stderr,
            line,
            exit,
        }
    }
}

impl Moving {
    /// Has this thread's runtime watch its streams. One that it can't watch is closed, which ends the session in due course.
    pub fn attach(self) -> Program {
        Program {
            pid: self.pid,
            leads_session: self.leads_session,
            pipes: Pipes {
                stdin: self.stdin.map(Stdin::new),
                stdout: self.stdout.and_then(|loose| loose.attach().ok()),
                stderr: Stderr::attach(self.stderr, self.line),
            },
            exit: self.exit,
        }
    }
}
