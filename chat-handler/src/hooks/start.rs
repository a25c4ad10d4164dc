//! A connection to a program that listens, or to one that is started for it.

use std::ffi::{CString, OsStr};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::UnixStream;
use std::path::Path;

use nix::spawn::{PosixSpawnAttr, PosixSpawnFileActions, PosixSpawnFlags};
use nix::sys::signal::{SigSet, Signal};
use nix::unistd::Pid;
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};

use super::reply::Fault;

/// Where a program finds others. It gets nothing of our own environment: the client's cookies are in there.
const PATH: &std::ffi::CStr = c"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What came of it.
pub(super) enum Started {
    /// It can be spoken to.
    Connected(UnixStream, Option<Pid>),
    /// So many wait for the listener that the kernel takes no more just now.
    Busy,
}

/// Connects without waiting.
///
/// # Errors
/// Nobody listens there.
pub(super) fn connect(path: &Path) -> Result<Started, Fault> {
    let attempt = || -> Result<OwnedFd, Errno> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let address = SocketAddrUnix::new(path)?;
        let socket =
            rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
        rustix::net::connect(&socket, &address)?;
        Ok(socket)
    };
    match attempt() {
        Ok(socket) => Ok(Started::Connected(socket.into(), None)),
        Err(Errno::AGAIN) => Ok(Started::Busy),
        Err(error) => Err(Fault::Unreachable(error.to_string())),
    }
}

/// Starts a program with one end of a pair of sockets as its stdin and stdout, as leader of a process group of its own.
/// `file`: what it is asked about, its first argument.
///
/// # Errors
/// It cannot be started.
#[expect(
    clippy::disallowed_methods,
    reason = "the one program that a handler starts, named by the administrator; std's own Command would hand on the \
              signals that the handler blocks, and needs unsafe to do otherwise"
)]
pub(super) fn spawn(program: &Path, file: Option<&str>) -> Result<Started, Fault> {
    let failed = |reason: &dyn std::fmt::Display| Fault::Unreachable(reason.to_string());
    let (ours, theirs) = UnixStream::pair().map_err(|error| failed(&error))?;
    ours.set_nonblocking(true).map_err(|error| failed(&error))?;
    let text = |text: &OsStr| {
        CString::new(text.as_bytes()).map_err(|_| Fault::Unreachable("a NUL byte".to_owned()))
    };
    let name = text(program.as_os_str())?;
    let mut arguments = vec![name.clone()];
    if let Some(file) = file {
        arguments.push(text(OsStr::new(file))?);
    }
    let spawned = || -> nix::Result<Pid> {
        let mut actions = PosixSpawnFileActions::init()?;
        for descriptor in [0, 1] {
            actions.add_dup2(theirs.as_raw_fd(), descriptor)?;
        }
        let mut attributes = PosixSpawnAttr::init()?;
        attributes.set_flags(
            PosixSpawnFlags::POSIX_SPAWN_SETPGROUP
                | PosixSpawnFlags::POSIX_SPAWN_SETSIGMASK
                | PosixSpawnFlags::POSIX_SPAWN_SETSIGDEF,
        )?;
        attributes.set_pgroup(Pid::from_raw(0))?;
        attributes.set_sigmask(&SigSet::empty())?;
        let mut usual = SigSet::empty();
        usual.add(Signal::SIGPIPE);
        attributes.set_sigdefault(&usual)?;
        nix::spawn::posix_spawn(name.as_c_str(), &actions, &attributes, &arguments, &[PATH])
    };
    let pid = spawned().map_err(|error| failed(&error))?;
    Ok(Started::Connected(ours, Some(pid)))
}
