//! One handler of each room is its watchman: it looks every few seconds for presences whose handler was killed,
//! and for files that somebody has taken away. The others sleep.
//!
//! `run/ROOM.watchman` is a FIFO. Who holds its lock is the watchman, and has it open for writing, too; all
//! others read. When the watchman goes, however it goes, the FIFO has no writer any more, which wakes the others
//! without a poll (`EPOLLHUP`), and one of them takes the lock. What the watchman writes wakes them as well, to
//! look after their files.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;

use super::presence::{self, Swept};
use crate::bell::{self, Bell};
use crate::fs::dirs::Dirs;
use crate::fs::file::FileId;
use crate::fs::lock::{self, Share};
use crate::name::RoomName;

/// A handler's part in the watch.
#[derive(Debug)]
pub struct Watch {
    path: PathBuf,
    /// Whose lock is the watchman's.
    reader: OwnedFd,
    id: FileId,
    /// The watchman's.
    writer: Option<Bell>,
}

impl Watch {
    /// Takes part; as the watchman, if the room has none.
    ///
    /// # Errors
    /// Those of mkfifo(3), open(2) and flock(2).
    pub fn open(dirs: &Dirs, room: &RoomName) -> io::Result<Self> {
        Self::at(dirs.run.join(format!("{}.watchman", room.file_stem())))
    }

    fn at(path: PathBuf) -> io::Result<Self> {
        let (reader, id) = bell::open_reader(&path)?;
        let mut watch = Self {
            path,
            reader,
            id,
            writer: None,
        };
        watch.hold()?;
        Ok(watch)
    }

    /// Whether this is the watchman.
    pub fn is_watchman(&self) -> bool {
        self.writer.is_some()
    }

    /// Becomes the watchman, if there is none. True if the FIFO is another one by now, which must be added to epoll.
    /// For each look, and when the FIFO has woken this process.
    ///
    /// # Errors
    /// As [`Watch::open`]; the next look tries again.
    pub fn take_turn(&mut self) -> io::Result<bool> {
        if FileId::at(&self.path)? != Some(self.id) {
            // Whoever waits at the old one is to find the new one.
            self.alarm()?;
            *self = Self::at(self.path.clone())?;
            return Ok(true);
        }
        self.hold()?;
        Ok(false)
    }

    fn hold(&mut self) -> io::Result<()> {
        if self.writer.is_none() && lock::try_hold(&self.reader, Share::Exclusive)? {
            self.writer = Some(Bell::open(&self.path)?);
        }
        Ok(())
    }

    /// Has all others look after their files now. For the watchman.
    ///
    /// # Errors
    /// Those of write(2).
    pub fn alarm(&self) -> io::Result<()> {
        self.writer.as_ref().map_or(Ok(()), Bell::ring)
    }

    /// Removes the stale presences of the room, if it is this process's task.
    ///
    /// # Errors
    /// Those of opening, locking and removing files; the next call tries again.
    pub fn sweep(&self, dirs: &Dirs, room: &RoomName) -> io::Result<Swept> {
        if self.is_watchman() {
            presence::sweep(dirs, room)
        } else {
            Ok(Swept::default())
        }
    }
}

impl AsFd for Watch {
    /// For `EPOLLIN | EPOLLET`; the end of the watchman is `EPOLLHUP`.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.reader.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::event::{PollFd, PollFlags, poll};

    fn events(watch: &Watch) -> PollFlags {
        let now = rustix::fs::Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        let mut fds = [PollFd::new(watch, PollFlags::IN)];
        poll(&mut fds, Some(&now)).unwrap();
        fds[0].revents()
    }

    #[test]
    fn when_the_watchman_goes_the_others_are_told_and_one_follows() {
        let dir = tempfile::tempdir().unwrap();
        let open = || Watch::at(dir.path().join("lobby.watchman")).unwrap();
        let (first, mut second, mut third) = (open(), open(), open());
        assert!(first.is_watchman() && !second.is_watchman() && !third.is_watchman());
        assert_eq!(events(&second), PollFlags::empty());
        first.alarm().unwrap();
        assert!(events(&second).contains(PollFlags::IN));
        drop(first);
        assert!(events(&second).contains(PollFlags::HUP));
        assert!(events(&third).contains(PollFlags::HUP));
        for watch in [&mut third, &mut second] {
            assert!(!watch.take_turn().unwrap());
        }
        assert!(third.is_watchman() && !second.is_watchman());
        assert!(!events(&second).contains(PollFlags::HUP));
    }

    #[test]
    fn a_fifo_that_was_taken_away_is_made_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lobby.watchman");
        let open = || Watch::at(path.clone()).unwrap();
        let (mut first, mut second) = (open(), open());
        std::fs::remove_file(&path).unwrap();
        assert!(first.take_turn().unwrap());
        assert!(events(&second).contains(PollFlags::HUP));
        assert!(second.take_turn().unwrap());
        assert!(first.is_watchman() && !second.is_watchman());
        drop(first);
        assert!(events(&second).contains(PollFlags::HUP));
    }
}
