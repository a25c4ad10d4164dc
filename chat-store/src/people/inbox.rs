//! What is meant for one person only: whispers, WebRTC signalling, kicks, typing. It never enters a
//! room's log; it goes into a file in `run/` of each of that person's connections, which is there as long as that
//! one is, and its own bell is rung.
//!
//! The file takes a burst that its reader is too slow for: no sender waits for a reader. Whenever
//! everything in it was read, it is emptied.

use std::borrow::Cow;
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fmt, io};

use memchr::memchr;
use rustix::fs::OFlags;
use rustix::io::Errno;

use crate::bell::{self, Bell};
use crate::fs::dirs::Dirs;
use crate::fs::file;
use crate::fs::lock::{self, Share};
use crate::log::tail::Progress;
use crate::name::{Nick, RoomName};
use crate::people::kept;
use crate::people::message::{Message, Sender};
use crate::people::person::PersonId;
use crate::people::presence::Claim;
use crate::people::presence::find::{self, Found};
use crate::record::{Draft, MAX_LINE, Record, RecordId, attrs};

/// The most that may wait for one person, in bytes: sixty signals of the greatest length. Beyond it
/// senders are told, so that nobody can fill the disk (or the memory, on tmpfs) through a reader that
/// stands still.
pub const MAX_UNREAD: u64 = 4 * 1024 * 1024;
/// So much may wait for anybody, in bytes, unless the disk is full: a call's beginning.
const ALWAYS: u64 = 256 * 1024;
/// More may wait while a quarter of the file system is free, or so many bytes: all the readers that stand
/// still together must not fill it.
const KEPT_FREE: u64 = 256 * 1024 * 1024;
/// The longest wait for an inbox's lock, held for one write. Whoever holds it may have lost the CPU:
/// a signal that is refused is a call that does not come about.
pub const LOCK_TIMEOUT: Duration = Duration::from_secs(2);
/// What one read takes, in bytes; grows for a longer line only.
const READ_BYTES: usize = 4 * 1024;
/// Times the file may be replaced between opening and locking it.
const SEND_TRIES: u32 = 4;

/// Why something did not reach a person.
#[derive(Debug)]
pub enum SendError {
    /// Nobody of this name is in the room.
    NotHere,
    /// More waits for them than [`MAX_UNREAD`].
    Full,
    /// Others held the inbox's lock all the time.
    Busy,
    /// They have lost their connection just now, and may come back.
    Away,
    /// It would be longer than [`MAX_LINE`] as a line.
    TooLong,
    /// Anything else.
    Io(io::Error),
}

impl SendError {
    /// A word for programs, stable.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotHere => "not-here",
            Self::Full => "inbox-full",
            Self::Busy => "busy",
            Self::Away => "away",
            Self::TooLong => "too-long",
            Self::Io(_) => "io",
        }
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not sent: ")?;
        match self {
            Self::NotHere => f.write_str("nobody of this name is in the room"),
            Self::Full => f.write_str("too much waits for them already, send it again later"),
            Self::Busy => f.write_str("they get too much at once, send it again"),
            Self::Away => {
                f.write_str("they have no connection just now, send it again in a moment")
            }
            Self::TooLong => write!(f, "it is longer than {MAX_LINE} bytes"),
            Self::Io(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for SendError {}

impl From<io::Error> for SendError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Puts a message into the inboxes of who is called `to`, one for each connection, and rings. Does not wait for them. Whispers
/// are kept for who is away just now.
///
/// # Errors
/// No connection gets it then.
pub fn send(
    dirs: &Dirs,
    room: &RoomName,
    to: &Nick,
    from: Sender<'_>,
    message: &Message<'_>,
) -> Result<RecordId, SendError> {
    let found = find::by_nick(dirs, room, to)?.ok_or(SendError::NotHere)?;
    put_all(dirs, room, &found, None, from, message)
}

/// As [`send`], to a person whatever they are called; also gives their name.
///
/// # Errors
/// As [`send`].
pub fn send_to(
    dirs: &Dirs,
    room: &RoomName,
    to: &PersonId,
    from: Sender<'_>,
    message: &Message<'_>,
) -> Result<(RecordId, Nick), SendError> {
    let found = find::by_person(dirs, room, to)?.ok_or(SendError::NotHere)?;
    let id = put_all(dirs, room, &found, None, from, message)?;
    Ok((id, found.nick))
}

/// As [`send`], to the other connections of who holds `claim`. True if there is one.
///
/// # Errors
/// As [`send`].
pub fn send_own(
    dirs: &Dirs,
    room: &RoomName,
    claim: &Claim,
    from: Sender<'_>,
    message: &Message<'_>,
) -> Result<bool, SendError> {
    let person = claim.about().person.as_ref().ok_or(SendError::NotHere)?;
    let found = find::by_person(dirs, room, person)?.ok_or(SendError::NotHere)?;
    match put_all(dirs, room, &found, Some(claim.slot()), from, message) {
        Ok(_) => Ok(true),
        Err(SendError::Away) => Ok(false),
        Err(error) => Err(error),
    }
}

/// All connections but `own` get it. That one of them gets it is enough: the others stand still, or are dead and do not know it.
fn put_all(
    dirs: &Dirs,
    room: &RoomName,
    to: &Found,
    own: Option<u32>,
    from: Sender<'_>,
    message: &Message<'_>,
) -> Result<RecordId, SendError> {
    let id = RecordId::now();
    let mut line = Vec::new();
    message.draft(from, |draft| draft.write_to(id, &mut line));
    if line.len() > MAX_LINE {
        return Err(SendError::TooLong);
    }
    let mut result = Err(SendError::Away);
    for slot in to.connections()? {
        if Some(slot) == own {
            continue;
        }
        let sent = put_one(dirs, room, &to.person, slot, &line, message);
        if result.is_err() {
            result = sent;
        }
    }
    if message.is_kept() && own.is_some() {
        // That it was said, not what: so that it is not said twice.
        line.clear();
        message.draft(from, |draft| {
            Draft { text: "", ..*draft }.write_to(id, &mut line);
        });
        kept::put(dirs, room, &to.person, &line)?;
    } else if message.is_kept() && to.is_awaited() && matches!(result, Err(SendError::Away)) {
        // What is private is on the disk for nobody who is here to hear it.
        kept::put(dirs, room, &to.person, &line)?;
        if to.is_gone()? {
            kept::forget(dirs, room, &to.person);
        } else {
            result = Ok(());
        }
    }
    match result {
        Err(SendError::Away) if own.is_none() && !to.is_awaited() => Err(SendError::NotHere),
        result => result.map(|()| id),
    }
}

fn put_one(
    dirs: &Dirs,
    room: &RoomName,
    to: &PersonId,
    slot: u32,
    line: &[u8],
    message: &Message<'_>,
) -> Result<(), SendError> {
    let path = dirs.inbox(room, to, slot);
    for _ in 0..SEND_TRIES {
        if put(&path, line, message.is_of_a_person())? {
            // The inbox of a dead handler has a bell that nobody waits at.
            let heard = bell::ring_at(&dirs.inbox_bell(room, to, slot))?;
            return if heard {
                Ok(())
            } else {
                Err(SendError::NotHere)
            };
        }
    }
    Err(SendError::Busy)
}

/// False if the file was replaced before it was locked. What a moderator or the server says comes through
/// whatever waits: who does not read is thrown out all the same.
fn put(path: &Path, line: &[u8], bounded: bool) -> Result<bool, SendError> {
    let (file, _) = file::open(path, OFlags::WRONLY | OFlags::APPEND).map_err(|error| {
        if error == Errno::NOENT {
            SendError::NotHere
        } else {
            SendError::Io(error.into())
        }
    })?;
    let Some(_lock) = lock::take(&file, Share::Exclusive, LOCK_TIMEOUT)? else {
        return Err(SendError::Busy);
    };
    if !file::is_at(&file, path)? {
        return Ok(false);
    }
    let stat = rustix::fs::fstat(&file).map_err(io::Error::from)?;
    let size = file::size_of(&stat);
    let size_then = size + line.len() as u64;
    if bounded && (size_then > MAX_UNREAD || size_then > ALWAYS && is_scarce(&file)?) {
        return Err(SendError::Full);
    }
    let written = file::write_once(&file, line).map_err(io::Error::from)?;
    if written < line.len() {
        rustix::fs::ftruncate(&file, size).map_err(io::Error::from)?;
        return Err(SendError::Io(Errno::NOSPC.into()));
    }
    Ok(true)
}

/// Whether there is little room left where the inboxes are.
fn is_scarce(file: &File) -> io::Result<bool> {
    let space = rustix::fs::fstatvfs(file)?;
    let kept = (KEPT_FREE / space.f_frsize.max(1)).min(space.f_blocks / 4);
    // An unlimited tmpfs has no size.
    Ok(space.f_blocks > 0 && space.f_bavail < kept)
}

/// A message in one's inbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received<'a> {
    /// When it was sent; it sorts with the ids of the room's records.
    pub id: RecordId,
    /// The sender's nick.
    pub from: &'a str,
    /// The sender's number under all names.
    pub person: Option<Cow<'a, str>>,
    /// What it is.
    pub message: Message<'a>,
}

impl<'a> Received<'a> {
    /// What a record of an inbox is; `None`: nothing that this version knows.
    pub(super) fn of(record: &'a Record<'_>) -> Option<Self> {
        Some(Self {
            id: record.id,
            from: &record.from,
            person: record.attr(attrs::PERSON),
            message: Message::of(record)?,
        })
    }
}

/// A connection's own inbox, open for reading; gone when this is dropped.
#[derive(Debug)]
pub struct Inbox {
    slot: u32,
    path: PathBuf,
    file: File,
    pos: u64,
    bell: Bell,
    bell_path: PathBuf,
    buffer: Vec<u8>,
}

impl Inbox {
    /// Opens the inbox of the connection that holds `slot`, empty: what a dead owner of the slot left is not for this one. Only
    /// for who holds it (see [`presence::claim`](crate::people::presence::claim)).
    ///
    /// # Errors
    /// Those of making the file and the bell.
    pub fn open(dirs: &Dirs, room: &RoomName, of: &PersonId, slot: u32) -> io::Result<Self> {
        let path = dirs.inbox(room, of, slot);
        let bell_path = dirs.inbox_bell(room, of, slot);
        // The bell first: who finds the inbox must find the bell.
        let bell = Bell::open(&bell_path)?;
        let file = create(&path)?;
        Ok(Self {
            slot,
            path,
            file,
            pos: 0,
            bell,
            bell_path,
            buffer: Vec::new(),
        })
    }

    /// Whose of its person's connections it is.
    pub fn slot(&self) -> u32 {
        self.slot
    }

    /// Gives what came, oldest first, until about `budget` bytes of lines were read.
    ///
    /// # Errors
    /// Those of reading the file; what was not given comes with the next call.
    pub fn read(
        &mut self,
        budget: usize,
        give: &mut dyn FnMut(&Received<'_>),
    ) -> io::Result<Progress> {
        let mut spent = 0;
        let mut size = READ_BYTES;
        while spent < budget.max(1) {
            self.buffer.resize(size, 0);
            let filled = file::read_at(&self.file, &mut self.buffer, self.pos)?;
            let taken = self.take_lines(filled, budget.max(1) - spent, give);
            spent += taken;
            if filled < size && spent < budget.max(1) {
                self.empty()?;
                self.buffer = Vec::new();
                return Ok(Progress::Idle);
            }
            if taken == 0 {
                // A line longer than the buffer. None is longer than MAX_LINE unless another
                // program wrote it: then what is here is thrown away.
                if size > MAX_LINE {
                    self.pos += filled as u64;
                }
                size = (size * 4).min(MAX_LINE + 1);
            }
        }
        Ok(Progress::More)
    }

    fn take_lines(
        &mut self,
        filled: usize,
        budget: usize,
        give: &mut dyn FnMut(&Received<'_>),
    ) -> usize {
        let mut taken = 0;
        while taken < budget
            && let Some(length) = memchr(b'\n', &self.buffer[taken..filled])
        {
            if let Some(record) = Record::parse(&self.buffer[taken..=taken + length])
                && let Some(received) = Received::of(&record)
            {
                give(&received);
            }
            taken += length + 1;
        }
        self.pos += taken as u64;
        taken
    }

    /// Everything was read: starts the file anew, unless a sender is just putting something in.
    fn empty(&mut self) -> io::Result<()> {
        if self.pos == 0 {
            return Ok(());
        }
        let Some(_lock) = lock::take(&self.file, Share::Exclusive, Duration::ZERO)? else {
            return Ok(());
        };
        if file::size_of(&rustix::fs::fstat(&self.file)?) == self.pos {
            rustix::fs::ftruncate(&self.file, 0)?;
            self.pos = 0;
        }
        Ok(())
    }

    /// Makes the inbox and its bell anew if somebody took them away. True if the bell is a new one
    /// and must be added to epoll. For the safety poll.
    ///
    /// # Errors
    /// As [`Inbox::open`].
    pub fn reopen_if_replaced(&mut self) -> io::Result<bool> {
        let new_bell = self.bell.reopen_if_replaced()?;
        if !file::is_at(&self.file, &self.path)? {
            self.file = create(&self.path)?;
            self.pos = 0;
        }
        Ok(new_bell)
    }
}

impl AsFd for Inbox {
    /// The person's bell, for `EPOLLIN | EPOLLET`.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.bell.as_fd()
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        if file::is_at(&self.file, &self.path).unwrap_or(false) {
            // If they cannot be removed now, the next joiner sweeps them.
            let _ = rustix::fs::unlink(&self.path);
            let _ = rustix::fs::unlink(&self.bell_path);
        }
    }
}

fn create(path: &Path) -> io::Result<File> {
    match rustix::fs::unlink(path) {
        Ok(()) | Err(Errno::NOENT) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(file::open(path, OFlags::RDWR | OFlags::CREATE | OFlags::EXCL)?.0)
}

#[cfg(test)]
mod tests;
