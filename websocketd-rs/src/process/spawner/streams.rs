//! The streams of a program to be started: the daemon's ends, and those that go to the spawner.

use std::io::{self, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as StdUnixStream;

use rustix::fs::{OFlags, fcntl_setfl};
use rustix::io::Errno;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use rustix::pipe::{PipeFlags, pipe_with};

use crate::process::program::Pipes;
use crate::process::stderr::Stderr;
use crate::process::terminal::{self, Terminal};
use crate::process::{Stdin, Stdout};

/// The daemon's ends.
#[derive(Debug)]
pub(super) enum Ours {
    Pipes(Box<Pipes>),
    /// The spawner opens the terminal, so that it is the program's user's, who may open it again by its path. It sends the other
    /// end before it starts the program.
    Terminal(StdUnixStream),
}

/// Opens both ends of each.
///
/// # Errors
/// When there are too many open files, or no pseudo-terminal is left.
pub(super) fn open(terminal: Terminal) -> io::Result<(Ours, Vec<OwnedFd>)> {
    if let Terminal::Controlling(_) = terminal {
        let (ours, theirs) = StdUnixStream::pair()?;
        ours.set_nonblocking(true)?;
        return Ok((Ours::Terminal(ours), vec![theirs.into()]));
    }
    let (stdin, our_stdin) = pipe_with(PipeFlags::CLOEXEC)?;
    let (our_stdout, stdout) = if terminal == Terminal::Stdout {
        let (ours, theirs) = terminal::open_raw()?;
        (Stdout::terminal(non_blocking(ours)?)?, theirs)
    } else {
        let (ours, theirs) = pipe_with(PipeFlags::CLOEXEC)?;
        (Stdout::pipe(non_blocking(ours)?)?, theirs)
    };
    let (our_stderr, stderr) = pipe_with(PipeFlags::CLOEXEC)?;
    let ours = Pipes {
        stdin: Some(Stdin::new(non_blocking(our_stdin)?)),
        stdout: Some(our_stdout),
        stderr: Stderr::new(non_blocking(our_stderr)?)?,
    };
    Ok((Ours::Pipes(ours.into()), vec![stdin, stdout, stderr]))
}

impl Ours {
    /// The streams of a program that has started.
    ///
    /// # Errors
    /// When there are too many open files.
    pub(super) fn receive(self) -> io::Result<Pipes> {
        match self {
            Self::Pipes(pipes) => Ok(*pipes),
            Self::Terminal(socket) => {
                let terminal = non_blocking(receive_one(&socket)?)?;
                Ok(Pipes {
                    // Another descriptor, since the runtime watches one for one way.
                    stdin: Some(Stdin::new(terminal.try_clone()?)),
                    stdout: Some(Stdout::terminal(terminal)?),
                    stderr: Stderr::none(),
                })
            }
        }
    }

    /// Why a program was not started.
    pub(super) fn explain(&self, error: io::Error) -> io::Error {
        match (self, error.raw_os_error().map(Errno::from_raw_os_error)) {
            (Self::Terminal(_), Some(Errno::NOSPC)) => terminal::explain(Errno::NOSPC),
            _ => error,
        }
    }
}

fn receive_one(socket: &StdUnixStream) -> io::Result<OwnedFd> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    let mut bytes = [IoSliceMut::new(&mut byte)];
    recvmsg(socket, &mut bytes, &mut control, RecvFlags::CMSG_CLOEXEC)?;
    let received = control.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
        _ => None,
    });
    // It gets lost where there are too many open files.
    received.ok_or(Errno::MFILE.into())
}

/// The runtime's end of a new pipe. The program's end is another open file, and stays blocking. (Tokio would ask the
/// kernel twice more for each, whether it is a pipe.)
fn non_blocking(end: OwnedFd) -> io::Result<OwnedFd> {
    fcntl_setfl(&end, OFlags::NONBLOCK)?;
    Ok(end)
}
