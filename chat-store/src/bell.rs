//! A bell: a FIFO that every waiter keeps open and watches edge-triggered.
//!
//! One byte written wakes every waiter once; nobody reads it, so that it is there for all. Only a
//! ringer that finds the FIFO full empties it. The byte is a hint, the log is the truth: watch,
//! read to the end, then wait. inotify would need one instance a handler, and a user has 128.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;

use crate::fs::file::{self, FileId};

/// A full FIFO holds 64 KiB (pipe(7)); it is emptied in pieces of this size.
const DRAIN_BYTES: usize = 4 * 1024;
/// Pieces that are read at most: others ring meanwhile, and one byte left does no harm.
const DRAIN_READS: u32 = 32;
/// Times the FIFO may vanish between making and opening it.
const OPEN_TRIES: u32 = 8;

/// How long a bell of others is kept open at most, and how many.
const KEPT_OPEN: Duration = Duration::from_secs(1);
const MAX_OPEN: usize = 64;

/// An open bell, to wait at and to ring.
#[derive(Debug)]
pub struct Bell {
    path: PathBuf,
    fifo: OwnedFd,
    id: FileId,
}

impl Bell {
    /// Opens the bell; makes it if it is not there. Add it to epoll with `EPOLLIN | EPOLLET` before
    /// the log is read for the first time.
    ///
    /// # Errors
    /// Those of mkfifo(3) and open(2); `InvalidInput` if the path is no FIFO.
    pub fn open(path: &Path) -> io::Result<Self> {
        // Reading too, so that it neither blocks (fifo(7)) nor gets SIGPIPE without others.
        let (fifo, id) = open_or_make(path, OFlags::RDWR)?;
        Ok(Self {
            path: path.to_owned(),
            fifo,
            id,
        })
    }

    /// Wakes everybody who waits at the bell, oneself too.
    ///
    /// # Errors
    /// Those of write(2). The waiters find what is new at their next safety poll.
    pub fn ring(&self) -> io::Result<()> {
        match file::write_once(&self.fifo, b"!") {
            Ok(_) => return Ok(()),
            Err(Errno::AGAIN) => {}
            Err(error) => return Err(error.into()),
        }
        let mut rest = [0; DRAIN_BYTES];
        for _ in 0..DRAIN_READS {
            match rustix::io::read(&self.fifo, &mut rest) {
                Ok(DRAIN_BYTES) | Err(Errno::INTR) => {}
                _ => break,
            }
        }
        match file::write_once(&self.fifo, b"!") {
            // Others filled it up again: those bytes were written after ours would have been.
            Ok(_) | Err(Errno::AGAIN) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes all rings out, for who waits at it alone and level-triggered.
    ///
    /// # Errors
    /// Those of read(2).
    pub fn silence(&self) -> io::Result<()> {
        let mut rings = [0; DRAIN_BYTES];
        match rustix::io::read(&self.fifo, &mut rings) {
            Ok(_) | Err(Errno::AGAIN | Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes a bell of one's own, in place of one that a dead process may have left there.
    ///
    /// # Errors
    /// As [`Bell::open`].
    pub fn make(path: &Path) -> io::Result<Self> {
        for _ in 0..OPEN_TRIES {
            match make_fifo(path) {
                Err(Errno::EXIST) => {}
                made => {
                    made?;
                    return Self::open(path);
                }
            }
            match rustix::fs::unlink(path) {
                Ok(()) | Err(Errno::NOENT) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(io::ErrorKind::Interrupted.into())
    }

    /// Whether its path still names it.
    ///
    /// # Errors
    /// Those of lstat(2).
    pub fn is_in_place(&self) -> io::Result<bool> {
        Ok(FileId::at(&self.path)? == Some(self.id))
    }

    /// Opens the bell anew if its path names another FIFO, or none, by now. True if it did: the
    /// descriptor is a new one then and must be added to epoll. For the safety poll.
    ///
    /// # Errors
    /// As [`Bell::open`]; the old one stays in use.
    pub fn reopen_if_replaced(&mut self) -> io::Result<bool> {
        if self.is_in_place()? {
            return Ok(false);
        }
        *self = Self::open(&self.path)?;
        Ok(true)
    }
}

impl AsFd for Bell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fifo.as_fd()
    }
}

/// Rings a bell that is not kept open. False if nobody waits at it.
///
/// # Errors
/// Those of open(2) and write(2).
pub fn ring_at(path: &Path) -> io::Result<bool> {
    let Some(fifo) = open_to_ring(path)? else {
        return Ok(false);
    };
    match file::write_once(&fifo, b"!") {
        // Full, and this end cannot empty it.
        Err(Errno::AGAIN) => Bell::open(path)?.ring().map(|()| true),
        result => Ok(result.map(|_| true)?),
    }
}

/// Rings the bells of others, again and again, and keeps those open for a while that it has rung of late.
#[derive(Debug)]
pub struct Ringer {
    open: BTreeMap<PathBuf, OwnedFd>,
    since: Instant,
}

impl Default for Ringer {
    fn default() -> Self {
        Self {
            open: BTreeMap::new(),
            since: Instant::now(),
        }
    }
}

impl Ringer {
    /// As [`ring_at`]. A bell that was replaced is found within [`KEPT_OPEN`].
    ///
    /// # Errors
    /// As [`ring_at`].
    pub fn ring_at(&mut self, path: &Path) -> io::Result<bool> {
        if self.since.elapsed() >= KEPT_OPEN || self.open.len() >= MAX_OPEN {
            self.open.clear();
            self.since = Instant::now();
        }
        let fifo = match self.open.entry(path.to_owned()) {
            Entry::Occupied(open) => open.into_mut(),
            Entry::Vacant(free) => match open_to_ring(path)? {
                Some(fifo) => free.insert(fifo),
                None => return Ok(false),
            },
        };
        match file::write_once(&*fifo, b"!") {
            Ok(_) => Ok(true),
            // Nobody waits there now, or it is full, and this end cannot empty it.
            Err(Errno::PIPE | Errno::AGAIN) => {
                self.open.remove(path);
                ring_at(path)
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Opens a bell for writing. `None`: nobody waits at it.
fn open_to_ring(path: &Path) -> io::Result<Option<OwnedFd>> {
    // Without a reader, opening for writing only fails with ENXIO (fifo(7)).
    match open_fifo(path, OFlags::WRONLY) {
        Ok((fifo, _)) => Ok(Some(fifo)),
        Err(Errno::NXIO | Errno::NOENT) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Opens a FIFO for reading only; makes it if it is not there. Who reads is told when the last who writes is gone.
pub(crate) fn open_reader(path: &Path) -> io::Result<(OwnedFd, FileId)> {
    open_or_make(path, OFlags::RDONLY)
}

fn open_or_make(path: &Path, access: OFlags) -> io::Result<(OwnedFd, FileId)> {
    for _ in 0..OPEN_TRIES {
        match open_fifo(path, access) {
            Err(Errno::NOENT) => {}
            opened => return Ok(opened?),
        }
        match make_fifo(path) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(io::ErrorKind::Interrupted.into())
}

fn make_fifo(path: &Path) -> Result<(), Errno> {
    let group = Mode::RGRP | Mode::WGRP;
    let of_group = file::mode_at(path).intersects(Mode::RGRP);
    let mode = Mode::RUSR | Mode::WUSR | if of_group { group } else { Mode::empty() };
    rustix::fs::mknodat(rustix::fs::CWD, path, FileType::Fifo, mode, 0)
}

fn open_fifo(path: &Path, access: OFlags) -> Result<(OwnedFd, FileId), Errno> {
    let flags = access | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let fifo = rustix::fs::open(path, flags, Mode::empty())?;
    let stat = rustix::fs::fstat(&fifo)?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::Fifo {
        return Err(Errno::INVAL);
    }
    Ok((fifo, FileId::of(&stat)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::event::epoll;

    struct Waiter {
        epoll: OwnedFd,
    }

    impl Waiter {
        fn at(bell: &Bell) -> Self {
            let epoll = epoll::create(epoll::CreateFlags::CLOEXEC).unwrap();
            let flags = epoll::EventFlags::IN | epoll::EventFlags::ET;
            epoll::add(&epoll, bell, epoll::EventData::new_u64(0), flags).unwrap();
            Self { epoll }
        }

        fn is_woken(&self) -> bool {
            let mut events = Vec::with_capacity(4);
            let now = rustix::fs::Timespec {
                tv_sec: 0,
                tv_nsec: 0,
            };
            epoll::wait(
                &self.epoll,
                rustix::buffer::spare_capacity(&mut events),
                Some(&now),
            )
            .unwrap()
                > 0
        }
    }

    #[test]
    fn a_bell_that_is_kept_open_is_rung_also_when_it_is_full_or_another_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.bell");
        let mut ringer = Ringer::default();
        assert!(!ringer.ring_at(&path).unwrap());
        let bell = Bell::open(&path).unwrap();
        let waiter = Waiter::at(&bell);
        // As many as it holds, and one more: pipe(7).
        for _ in 0..=64 * 1024 {
            assert!(ringer.ring_at(&path).unwrap());
        }
        assert!(waiter.is_woken());
        drop(bell);
        assert!(!ringer.ring_at(&path).unwrap());
        // In place of one that is open still.
        let bell = Bell::open(&path).unwrap();
        assert!(ringer.ring_at(&path).unwrap());
        let next = Bell::make(&path).unwrap();
        let waiter = Waiter::at(&next);
        drop(bell);
        assert!(ringer.ring_at(&path).unwrap());
        assert!(waiter.is_woken());
    }

    #[test]
    fn one_ring_wakes_every_waiter_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.bell");
        let bells: Vec<_> = (0..5).map(|_| Bell::open(&path).unwrap()).collect();
        let waiters: Vec<_> = bells.iter().map(Waiter::at).collect();
        assert!(waiters.iter().all(|waiter| !waiter.is_woken()));
        for _ in 0..3 {
            bells[0].ring().unwrap();
            assert!(waiters.iter().all(Waiter::is_woken));
            assert!(waiters.iter().all(|waiter| !waiter.is_woken()));
        }
    }

    #[test]
    fn a_full_bell_still_rings() {
        let dir = tempfile::tempdir().unwrap();
        let bell = Bell::open(&dir.path().join("a.bell")).unwrap();
        let waiter = Waiter::at(&bell);
        for _ in 0..70_000 {
            bell.ring().unwrap();
            assert!(waiter.is_woken());
        }
    }

    #[test]
    fn a_bell_that_was_taken_away_is_hung_up_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.bell");
        let (mut one, mut two) = (Bell::open(&path).unwrap(), Bell::open(&path).unwrap());
        assert!(!one.reopen_if_replaced().unwrap());
        std::fs::remove_file(&path).unwrap();
        assert!(one.reopen_if_replaced().unwrap());
        assert!(two.reopen_if_replaced().unwrap());
        let waiter = Waiter::at(&two);
        one.ring().unwrap();
        assert!(waiter.is_woken());
    }

    #[test]
    fn what_is_no_fifo_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.bell");
        std::fs::write(&path, "x").unwrap();
        assert!(Bell::open(&path).is_err());
        assert!(Bell::open(&dir.path().join("no/a.bell")).is_err());
    }

    #[test]
    fn a_bell_that_nobody_waits_at_is_reported() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.ring");
        assert!(!ring_at(&path).unwrap());
        let bell = Bell::open(&path).unwrap();
        let waiter = Waiter::at(&bell);
        assert!(ring_at(&path).unwrap());
        assert!(waiter.is_woken());
        drop(bell);
        drop(waiter);
        assert!(!ring_at(&path).unwrap());
    }
}
