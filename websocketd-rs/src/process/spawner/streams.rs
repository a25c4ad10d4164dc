//! The streams of a program to be started: the daemon's ends, and those that go to the spawner.

use std::io;
use std::os::fd::OwnedFd;

use rustix::fs::{OFlags, fcntl_setfl};
use rustix::pipe::{PipeFlags, pipe_with};

use super::launch::Launcher;
use crate::process::program::Pipes;
use crate::process::stderr::Stderr;
use crate::process::terminal::{self, Terminal};
use crate::process::{Stdin, Stdout};

/// Opens both ends of each.
///
/// # Errors
/// When there are too many open files, or no pseudo-terminal is left.
pub(super) fn open(terminal: Terminal) -> io::Result<(Pipes, [OwnedFd; Launcher::PIPES])> {
    let (stdin, our_stdin) = pipe_with(PipeFlags::CLOEXEC)?;
    let (our_stdout, stdout) = match terminal {
        Terminal::None => {
            let (ours, theirs) = pipe_with(PipeFlags::CLOEXEC)?;
            (Stdout::pipe(non_blocking(ours)?)?, theirs)
        }
        Terminal::Stdout => {
            let (ours, theirs) = terminal::open_raw()?;
            (Stdout::terminal(non_blocking(ours)?)?, theirs)
        }
    };
    let (our_stderr, stderr) = pipe_with(PipeFlags::CLOEXEC)?;
    let ours = Pipes {
        stdin: Some(Stdin::new(non_blocking(our_stdin)?)),
        stdout: Some(our_stdout),
        stderr: Stderr::new(non_blocking(our_stderr)?)?,
    };
    Ok((ours, [stdin, stdout, stderr]))
}

/// The runtime's end of a new pipe. The program's end is another open file, and stays blocking. (Tokio would ask the
/// kernel twice more for each, whether it is a pipe.)
fn non_blocking(end: OwnedFd) -> io::Result<OwnedFd> {
    fcntl_setfl(&end, OFlags::NONBLOCK)?;
    Ok(end)
}
