//! Pseudo-terminals (pty(7)).

use std::ffi::CString;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::io::Errno;
use rustix::pty::{OpenptFlags, ioctl_tiocgptpeer, openpt, ptsname, unlockpt};
use rustix::termios::{InputModes, OptionalActions, Winsize, tcgetattr, tcsetattr, tcsetwinsize};

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
    /// All three, of this size at first. The program leads a kernel session whose controlling terminal it is.
    Controlling(Size),
}

/// Columns and rows of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    columns: u16,
    rows: u16,
}

impl Size {
    /// Most columns, and most rows. Programs hold a copy of their screen.
    pub const MAX: u16 = 1000;

    /// `None` unless both are from 1 to [`Self::MAX`].
    pub fn new(columns: u64, rows: u64) -> Option<Self> {
        let sound = |n: u64| {
            u16::try_from(n)
                .ok()
                .filter(|n| (1..=Self::MAX).contains(n))
        };
        Some(Self {
            columns: sound(columns)?,
            rows: sound(rows)?,
        })
    }

    /// Columns.
    pub fn columns(self) -> u16 {
        self.columns
    }

    /// Rows.
    pub fn rows(self) -> u16 {
        self.rows
    }
}

impl Default for Size {
    /// That of a terminal of 1978, which programs take for granted when they are not told.
    fn default() -> Self {
        Self {
            columns: 80,
            rows: 24,
        }
    }
}

/// Not controlling: a service manager starts the daemon as leader of a session, whose terminal it would become.
const FLAGS: OpenptFlags = OpenptFlags::RDWR
    .union(OpenptFlags::NOCTTY)
    .union(OpenptFlags::CLOEXEC);

/// A terminal that passes on every byte as it is: the end to read from, and the one for a program.
///
/// # Errors
/// [`NO_TERMINAL`] when all are in use.
pub(super) fn open_raw() -> io::Result<(OwnedFd, OwnedFd)> {
    let ours = open_master().map_err(explain)?;
    // Not by its path, which is the other user's to open where programs run as one, and may be that of another mount.
    let theirs = ioctl_tiocgptpeer(&ours, FLAGS)?;
    let mut modes = tcgetattr(&theirs)?;
    modes.make_raw();
    tcsetattr(&theirs, OptionalActions::Now, &modes)?;
    Ok((ours, theirs))
}

/// A terminal as a person sits at: the end of whoever shows it, and the path of the program's.
pub(super) fn open(size: Size) -> Result<(OwnedFd, CString), Errno> {
    let ours = open_master()?;
    let mut modes = tcgetattr(&ours)?;
    // The erase key takes away a character, and not a byte of it.
    modes.input_modes |= InputModes::IUTF8;
    tcsetattr(&ours, OptionalActions::Now, &modes)?;
    resize(&ours, size)?;
    let path = ptsname(&ours, Vec::new())?;
    Ok((ours, path))
}

/// Sets the size, of which the programs in the foreground learn by SIGWINCH.
pub(super) fn resize(terminal: impl AsFd, size: Size) -> Result<(), Errno> {
    let size = Winsize {
        ws_row: size.rows,
        ws_col: size.columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(terminal, size)
}

fn open_master() -> Result<OwnedFd, Errno> {
    // The kernel says ENOSPC, which rustix makes EAGAIN, as POSIX has it; but a fork can fail with that, too.
    let ours = openpt(FLAGS).map_err(|error| match error {
        Errno::AGAIN => Errno::NOSPC,
        error => error,
    })?;
    unlockpt(&ours)?;
    Ok(ours)
}

/// A bare "no space left on device" would name no device.
pub(super) fn explain(error: Errno) -> io::Error {
    match error {
        Errno::NOSPC => io::Error::new(
            NO_TERMINAL,
            "all pseudo-terminals are in use; raise kernel.pty.max (sysctl(8)) or lower --maxforks",
        ),
        error => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_bounds() {
        for (columns, rows, is_sound) in [
            (80, 24, true),
            (1, 1, true),
            (1000, 1000, true),
            (0, 24, false),
            (80, 0, false),
            (1001, 24, false),
            (80, 65_616, false),
        ] {
            assert_eq!(
                Size::new(columns, rows).is_some(),
                is_sound,
                "{columns}x{rows}"
            );
        }
    }
}
