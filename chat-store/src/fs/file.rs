//! Files as the storage opens and knows them.

use std::fmt;
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode, OFlags, RenameFlags, Stat, renameat_with};
use rustix::io::Errno;

use super::dirs;
use super::temporary;

/// Logs, inboxes and state are for the service's user and group alone.
pub const FILE_MODE: Mode = Mode::from_raw_mode(0o640);

/// Those of closed rooms are for the user alone.
const PRIVATE_MODE: Mode = Mode::from_raw_mode(0o600);

/// How often a file is written that somebody else removes before it is in its place.
const REPLACE_TRIES: u32 = 3;

/// The mode of a file that is made there.
pub(crate) fn mode_at(path: &Path) -> Mode {
    if dirs::is_private(path) {
        PRIVATE_MODE
    } else {
        FILE_MODE
    }
}

/// Which file it is, whatever it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FileId {
    dev: u64,
    ino: u64,
}

impl FileId {
    /// From fstat(2) or stat(2).
    // The width of st_dev is the platform's.
    #[allow(clippy::useless_conversion)]
    pub fn of(stat: &Stat) -> Self {
        Self {
            dev: u64::from(stat.st_dev),
            ino: u64::from(stat.st_ino),
        }
    }

    /// Reads what [`FileId`] shows.
    pub fn parse(text: &str) -> Option<Self> {
        let (dev, ino) = text.split_once(' ')?;
        Some(Self {
            dev: dev.parse().ok()?,
            ino: ino.parse().ok()?,
        })
    }

    /// The file a path names now; `None` if there is none.
    ///
    /// # Errors
    /// Those of lstat(2) other than `ENOENT`.
    pub fn at(path: &Path) -> io::Result<Option<Self>> {
        match rustix::fs::lstat(path) {
            Ok(stat) => Ok(Some(Self::of(&stat))),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

impl fmt::Display for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.dev, self.ino)
    }
}

/// Tells one version of a file from the next: an inode may be used again at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp(FileId, u64, i64, u64);

impl Stamp {
    /// Of the file that a path names now; `None` if there is none. One stat(2).
    ///
    /// # Errors
    /// Those of lstat(2) other than `ENOENT`.
    // Nanoseconds are as wide as the platform has them.
    #[allow(clippy::useless_conversion)]
    pub fn at(path: &Path) -> io::Result<Option<Self>> {
        match rustix::fs::lstat(path) {
            Ok(stat) => Ok(Some(Self(
                FileId::of(&stat),
                size_of(&stat),
                stat.st_mtime,
                u64::from(stat.st_mtime_nsec),
            ))),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// The size of a file in bytes.
pub fn size_of(stat: &Stat) -> u64 {
    u64::try_from(stat.st_size).unwrap_or_default()
}

/// True for a descriptor whose path still names it.
///
/// # Errors
/// Those of fstat(2) and lstat(2).
pub fn is_at(fd: impl AsFd, path: &Path) -> io::Result<bool> {
    let id = FileId::of(&rustix::fs::fstat(fd)?);
    Ok(FileId::at(path)? == Some(id))
}

/// Opens a regular file; never follows a link, never waits for a FIFO, never leaks into a child.
///
/// # Errors
/// Those of open(2); `EINVAL` for what is no regular file.
pub fn open(path: &Path, flags: OFlags) -> Result<(File, Stat), Errno> {
    let always = OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let mode = if flags.contains(OFlags::CREATE) {
        mode_at(path)
    } else {
        FILE_MODE
    };
    let fd = loop {
        match rustix::fs::open(path, flags | always, mode) {
            Err(Errno::INTR) => {}
            result => break result?,
        }
    };
    let stat = rustix::fs::fstat(&fd)?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(Errno::INVAL);
    }
    Ok((File::from(fd), stat))
}

/// As [`open`], and makes it for the service's user alone if it is not there.
///
/// # Errors
/// As [`open`].
pub(crate) fn open_private(path: &Path, flags: OFlags) -> Result<(File, Stat), Errno> {
    let (file, stat) = open(path, flags | OFlags::CREATE)?;
    if stat.st_mode & 0o777 != PRIVATE_MODE.as_raw_mode() {
        rustix::fs::fchmod(&file, PRIVATE_MODE)?;
    }
    Ok((file, stat))
}

/// Opens for reading.
///
/// # Errors
/// As [`open`].
pub fn open_read(path: &Path) -> Result<(File, Stat), Errno> {
    open(path, OFlags::RDONLY)
}

/// Reads at `offset` until the buffer is full or the file ends; gives the number of bytes.
///
/// # Errors
/// Those of pread(2).
pub fn read_at(fd: impl AsFd, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match rustix::io::pread(&fd, &mut buffer[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(filled)
}

/// One write(2); gives the number of bytes, which is less than asked when the disk is full.
///
/// # Errors
/// Those of write(2).
pub fn write_once(fd: impl AsFd, bytes: &[u8]) -> Result<usize, Errno> {
    loop {
        match rustix::io::write(&fd, bytes) {
            Err(Errno::INTR) => {}
            result => return result,
        }
    }
}

/// The path with something after its last character.
pub fn suffixed(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Puts a whole file in place of another, so that a reader sees the old or the new one, and so does
/// who comes after a power cut: the file is on the disk before it is renamed, the new name at the end.
///
/// # Errors
/// Those of the system calls, with the path in front. The old file stays then.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    put_in_place(path, content, true)?;
    sync_directory_of(path)
}

/// As [`replace`], without waiting for the disk: after a power cut it may be as it was a while ago.
///
/// # Errors
/// As [`replace`].
pub fn swap(path: &Path, content: &[u8]) -> io::Result<()> {
    put_in_place(path, content, false)
}

/// Gives a file another name, which nobody may have: `EXIST` then.
pub(crate) fn move_to(from: &Path, to: &Path) -> Result<(), Errno> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // Not every file system knows this one.
        Err(Errno::INVAL | Errno::NOSYS) => {
            rustix::fs::link(from, to).and_then(|()| rustix::fs::unlink(from))
        }
        moved => moved,
    }
}

fn put_in_place(path: &Path, content: &[u8], sync: bool) -> io::Result<()> {
    let temporary = temporary::beside(path);
    let mut written = write_and_rename(&temporary, path, content, sync);
    for _ in 1..REPLACE_TRIES {
        // It was taken for one that somebody has left.
        if written == Err(Errno::NOENT) {
            written = write_and_rename(&temporary, path, content, sync);
        }
    }
    written.map_err(|error| {
        // Half of it must not stay; if it was never made there is nothing to remove.
        let _ = rustix::fs::unlink(&temporary);
        let error = io::Error::from(error);
        io::Error::new(error.kind(), format!("{}: {error}", path.display()))
    })
}

fn write_and_rename(
    temporary: &Path,
    path: &Path,
    content: &[u8],
    sync: bool,
) -> Result<(), Errno> {
    let (file, _) = open(temporary, OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC)?;
    temporary::hold(&file);
    let mut rest = content;
    while !rest.is_empty() {
        let count = write_once(&file, rest)?;
        rest = &rest[count..];
    }
    if sync {
        rustix::fs::fsync(&file)?;
    }
    rustix::fs::rename(temporary, path)
}

/// Makes the names in the directory of `path` survive a power cut.
///
/// # Errors
/// Those of open(2) and fsync(2).
pub fn sync_directory_of(path: &Path) -> io::Result<()> {
    let dir = path.parent().unwrap_or(path);
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let dir = rustix::fs::open(dir, flags, Mode::empty())?;
    Ok(rustix::fs::fsync(&dir)?)
}

/// One pread(2).
///
/// # Errors
/// Those of pread(2).
pub fn read_some_at(fd: impl AsFd, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    loop {
        match rustix::io::pread(&fd, &mut *buffer, offset) {
            Err(Errno::INTR) => {}
            result => return Ok(result?),
        }
    }
}

/// A small file as a whole, at most `max` bytes of it; a missing one is empty.
///
/// # Errors
/// Those of open(2) and read(2).
pub fn read_whole(path: &Path, max: u64) -> io::Result<Vec<u8>> {
    let (file, stat) = match open_read(path) {
        Ok(opened) => opened,
        Err(Errno::NOENT) => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let size = size_of(&stat).min(max);
    let mut text = vec![0; usize::try_from(size).unwrap_or_default()];
    let filled = read_at(&file, &mut text, 0)?;
    text.truncate(filled);
    Ok(text)
}
