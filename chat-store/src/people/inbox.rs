//! What is meant for one person only: whispers, WebRTC signalling, kicks, typing. It never enters a room's log;
//! it goes into a file in `run/` of each of that person's connections, and that one's own bell is rung. The first
//! sender makes the file: most connections never get anything. Connection and file are gone together.
//!
//! The file takes a burst that its reader is too slow for: no sender waits for a reader. Whenever
//! everything in it was read, it is emptied.

use std::borrow::Cow;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

use memchr::memchr;
use rustix::fs::OFlags;
use rustix::io::Errno;

use crate::bell::Bell;
use crate::fs::dirs::Dirs;
use crate::fs::file;
use crate::fs::lock::{self, Share};
use crate::log::tail::Progress;
use crate::name::RoomName;
use crate::people::message::Message;
use crate::people::person::PersonId;
use crate::record::{MAX_LINE, Record, RecordId, attrs};

mod error;
mod send;

pub use error::SendError;
pub use send::{deliver, send, send_own, send_to};

/// The most that may wait for one person, in bytes: sixty signals of the greatest length. Beyond it
/// senders are told, so that nobody can fill the disk (or the memory, on tmpfs) through a reader that
/// stands still.
pub const MAX_UNREAD: u64 = 4 * 1024 * 1024;
/// The longest wait for an inbox's lock, held for one write. Whoever holds it may have lost the CPU:
/// a signal that is refused is a call that does not come about.
pub const LOCK_TIMEOUT: Duration = Duration::from_secs(2);
/// What one read takes, in bytes; grows for a longer line only.
const READ_BYTES: usize = 4 * 1024;

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
    /// `None`: nothing has come yet.
    file: Option<File>,
    pos: u64,
    bell: Bell,
    bell_path: PathBuf,
    buffer: Vec<u8>,
}

impl Inbox {
    /// Opens the inbox of the connection that holds `slot`, empty: what a dead owner of the slot left is not for this
    /// one. Only for who holds it (see [`presence::claim`](crate::people::presence::claim)).
    ///
    /// # Errors
    /// Those of making the file and the bell.
    pub fn open(dirs: &Dirs, room: &RoomName, of: &PersonId, slot: u32) -> io::Result<Self> {
        let path = dirs.inbox(room, of, slot);
        let bell_path = dirs.inbox_bell(room, of, slot);
        // The bell last: who hears it rung must have nothing of another's.
        remove(&path)?;
        let bell = Bell::make(&bell_path)?;
        Ok(Self {
            slot,
            path,
            file: None,
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
        self.find()?;
        let mut spent = 0;
        let mut size = READ_BYTES;
        while spent < budget.max(1) {
            let Some(file) = &self.file else {
                return Ok(Progress::Idle);
            };
            self.buffer.resize(size, 0);
            let filled = file::read_at(file, &mut self.buffer, self.pos)?;
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

    /// Opens the file, if somebody has made it.
    fn find(&mut self) -> io::Result<()> {
        if self.file.is_none() {
            match file::open(&self.path, OFlags::RDWR) {
                Ok((file, _)) => self.file = Some(file),
                Err(Errno::NOENT) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
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
        let Some(file) = self.file.as_ref().filter(|_| self.pos > 0) else {
            return Ok(());
        };
        let Some(_lock) = lock::take(file, Share::Exclusive, Duration::ZERO)? else {
            return Ok(());
        };
        if file::size_of(&rustix::fs::fstat(file)?) == self.pos {
            rustix::fs::ftruncate(file, 0)?;
            self.pos = 0;
        }
        Ok(())
    }

    /// Makes the bell anew if somebody took it away, and lets go of an inbox that was. True if the bell is a new one
    /// and must be added to epoll. For the safety poll.
    ///
    /// # Errors
    /// As [`Inbox::open`].
    pub fn reopen_if_replaced(&mut self) -> io::Result<bool> {
        let new_bell = self.bell.reopen_if_replaced()?;
        if let Some(file) = &self.file
            && !file::is_at(file, &self.path)?
        {
            self.file = None;
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
        // Else the slot is another connection's by now, which has made its own.
        if self.bell.is_in_place().unwrap_or(false) {
            // If they cannot be removed now, the next joiner sweeps them. The bell first: without one nobody leaves
            // anything.
            let _ = rustix::fs::unlink(&self.bell_path);
            let _ = rustix::fs::unlink(&self.path);
        }
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match rustix::fs::unlink(path) {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests;
