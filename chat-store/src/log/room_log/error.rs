//! Why a line was not saved.

use std::path::{Path, PathBuf};
use std::{fmt, io};

use rustix::io::Errno;

use crate::cluster::Refused;
use crate::record::MAX_LINE;

/// Why a line was not saved. Nothing of it is in the log then. The text is for the sender.
#[derive(Debug)]
#[non_exhaustive]
pub enum AppendError {
    /// Another process held the log's lock all the time.
    Busy,
    /// The room has gone to another place.
    Moved,
    /// The disk is full, or the quota is used up.
    DiskFull,
    /// The site has taken all of the disk that it may (`DISK_MAX`).
    SpaceUsedUp,
    /// The file system is read-only.
    ReadOnly,
    /// No file could be opened: this process or the system has too many.
    TooManyFiles,
    /// The directory of the logs is not there.
    NoDirectory(PathBuf),
    /// The log may not be written.
    Denied(PathBuf),
    /// The line would be longer than [`MAX_LINE`].
    TooLong,
    /// What is meant for one person never goes into a log.
    Personal,
    /// This machine is cut off from the others of the site.
    Isolated,
    /// Something that all machines of the site agree on speaks against it.
    Refused(Refused),
    /// Anything else.
    Io(io::Error),
}

impl AppendError {
    /// From a system call that failed on `path`.
    pub(crate) fn of(error: Errno, path: &Path) -> Self {
        match error {
            Errno::NOSPC | Errno::DQUOT | Errno::FBIG => Self::DiskFull,
            Errno::ROFS => Self::ReadOnly,
            Errno::MFILE | Errno::NFILE => Self::TooManyFiles,
            Errno::NOENT | Errno::NOTDIR => {
                Self::NoDirectory(path.parent().unwrap_or(path).to_owned())
            }
            Errno::ACCESS
            | Errno::PERM
            | Errno::LOOP
            | Errno::INVAL
            | Errno::NXIO
            | Errno::ISDIR => Self::Denied(path.to_owned()),
            error => Self::Io(error.into()),
        }
    }

    /// As [`AppendError::of`], for an error that went through the standard library.
    pub(crate) fn of_io(error: io::Error, path: &Path) -> Self {
        match Errno::from_io_error(&error) {
            Some(errno) => Self::of(errno, path),
            None => Self::Io(error),
        }
    }

    /// A word for programs, stable.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::Moved => "moved",
            Self::DiskFull => "disk-full",
            Self::SpaceUsedUp => "quota",
            Self::ReadOnly => "read-only",
            Self::TooManyFiles => "too-many-files",
            Self::NoDirectory(_) => "no-directory",
            Self::Denied(_) => "denied",
            Self::TooLong => "too-long",
            Self::Personal => "personal",
            Self::Isolated => "isolated",
            Self::Refused(why) => why.code(),
            Self::Io(_) => "io",
        }
    }
}

impl fmt::Display for AppendError {
    // Paths are for the log (Debug), not for people in the room.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not saved: ")?;
        match self {
            Self::Busy => f.write_str("the room is busy, send it again"),
            Self::Moved => f.write_str("the room is for others now, come in again"),
            Self::DiskFull => f.write_str("the server's disk is full, send it again later"),
            Self::SpaceUsedUp => {
                f.write_str("the space of this chat is used up, tell its administrator")
            }
            Self::ReadOnly => f.write_str("the server's disk is read-only, send it again later"),
            Self::TooManyFiles => {
                f.write_str("the server has too many files open, send it again later")
            }
            Self::NoDirectory(_) => {
                f.write_str("the server's directory is missing, send it again later")
            }
            Self::Denied(_) => {
                f.write_str("the server may not write the room's log, tell its administrator")
            }
            Self::TooLong => write!(f, "the line is longer than {MAX_LINE} bytes"),
            Self::Personal => f.write_str("this is for one person only"),
            Self::Isolated => {
                f.write_str("this server is cut off from the others, send it again in a moment")
            }
            Self::Refused(why) => why.fmt(f),
            Self::Io(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for AppendError {}
