//! The start of a program with a terminal, which it controls: a leader of a session (setsid(2)) that opens a terminal gets it.

use std::ffi::{CStr, OsStr};
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::thread;

use nix::fcntl::OFlag;
use nix::sched::{CloneFlags, unshare};
use nix::spawn::{PosixSpawnAttr, PosixSpawnFileActions, PosixSpawnFlags, posix_spawn};
use nix::sys::stat::Mode;
use nix::unistd::Pid;
use rustix::io::Errno;
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};

use super::message::Execution;
use crate::process::terminal::{self, Size};

/// `POSIX_SPAWN_SETSID` of glibc and musl, which nix has no name for.
pub(super) const SETSID: PosixSpawnFlags = PosixSpawnFlags::from_bits_retain(0x80);

/// Starts the program; the other end of its terminal goes over the socket in `descriptors` before that.
pub(super) fn spawn(
    execution: &Execution<'_>,
    size: Size,
    attributes: &PosixSpawnAttr,
    descriptors: Vec<OwnedFd>,
) -> io::Result<Pid> {
    // None arrives when this process is out of descriptors.
    let [socket]: [OwnedFd; 1] = descriptors.try_into().map_err(|_| Errno::MFILE)?;
    let (ours, path) = terminal::open(size)?;
    send(&socket, &ours)?;
    match execution.cwd {
        None => start(execution, attributes, &path),
        Some(dir) => in_directory(dir, || start(execution, attributes, &path)),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the spawner process starts programs with a terminal here"
)]
fn start(execution: &Execution<'_>, attributes: &PosixSpawnAttr, path: &CStr) -> io::Result<Pid> {
    let mut files = PosixSpawnFileActions::init()?;
    files.add_open(0, path, OFlag::O_RDWR, Mode::empty())?;
    files.add_dup2(0, 1)?;
    files.add_dup2(0, 2)?;
    let Execution { argv, envp, .. } = execution;
    let program = *argv.first().ok_or(Errno::BADMSG)?;
    Ok(posix_spawn(program, &files, attributes, argv, envp)?)
}

/// Runs `start` in a thread with a working directory of its own, which what it starts inherits. There is no file action for that
/// in nix, and the standard library makes no sessions. This process can't go there and back, as `spawn_in` says.
fn in_directory(dir: &CStr, start: impl FnOnce() -> io::Result<Pid> + Send) -> io::Result<Pid> {
    let dir = Path::new(OsStr::from_bytes(dir.to_bytes()));
    let enter_and_start = || {
        unshare(CloneFlags::CLONE_FS)?;
        std::env::set_current_dir(dir)?;
        start()
    };
    #[expect(
        clippy::disallowed_methods,
        reason = "a thread for the time of one start, which is waited for"
    )]
    thread::scope(|scope| {
        let thread = thread::Builder::new().spawn_scoped(scope, enter_and_start)?;
        thread
            .join()
            .unwrap_or_else(|_| Err(io::Error::other("a start panicked")))
    })
}

fn send(socket: &OwnedFd, end: &OwnedFd) -> io::Result<()> {
    let descriptors = [end.as_fd()];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !control.push(SendAncillaryMessage::ScmRights(&descriptors)) {
        return Err(io::Error::other("no room for the descriptor"));
    }
    sendmsg(
        socket,
        &[IoSlice::new(&[0])],
        &mut control,
        SendFlags::NOSIGNAL,
    )?;
    Ok(())
}
