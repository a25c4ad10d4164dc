//! Pseudo-terminals (pty(7)).

use std::io;
use std::os::fd::OwnedFd;

use rustix::io::Errno;
use rustix::pty::{OpenptFlags, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

use crate::config::Streams;

/// The kind of the error when there is no pseudo-terminal left.
pub const NO_TERMINAL: io::ErrorKind = io::ErrorKind::QuotaExceeded;

/// Which streams of a program are a terminal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Terminal {
    /// None.
    #[default]
    None,
    /// Stdout, which the program does not control: no signal comes from it.
    Stdout,
}

impl From<&Streams> for Terminal {
    fn from(streams: &Streams) -> Self {
        match streams {
            Streams::Pipes => Self::None,
            Streams::Unbuffered => Self::Stdout,
        }
    }
}

/// A terminal that passes on every byte as it is: the end to read from, and the one for a program.
///
/// # Errors
/// [`NO_TERMINAL`] when all are in use.
pub(super) fn open_raw() -> io::Result<(OwnedFd, OwnedFd)> {
    // Not controlling: a service manager starts the daemon as leader of a session, whose terminal it would become.
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let ours = openpt(flags).map_err(explain)?;
    unlockpt(&ours)?;
    // Not by its path, which is the other user's to open where programs run as one, and may be that of another mount.
    let theirs = ioctl_tiocgptpeer(&ours, flags)?;
    let mut modes = tcgetattr(&theirs)?;
    modes.make_raw();
    tcsetattr(&theirs, OptionalActions::Now, &modes)?;
    Ok((ours, theirs))
}

/// A bare "no space left on device" would name no device.
fn explain(error: Errno) -> io::Error {
    match error {
        // The kernel says ENOSPC, which rustix makes what POSIX has for it.
        Errno::NOSPC | Errno::AGAIN => io::Error::new(
            NO_TERMINAL,
            "all pseudo-terminals are in use; raise kernel.pty.max (sysctl(8)) or lower --maxforks",
        ),
        error => error.into(),
    }
}
