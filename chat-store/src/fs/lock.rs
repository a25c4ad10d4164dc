//! flock(2) with a bound, and with a turnstile.
//!
//! A blocking flock cannot be given up without a signal handler or a second thread, so the lock is
//! tried, then tried again after short waits. By itself that starves whoever waits for a writer at
//! full speed, which takes the lock again at once (measured: one of two waited for more than two
//! seconds). So who waits holds a second lock on the same file, the turnstile (an open file
//! description lock, fcntl(2)), and who comes then queues behind them.
//!
//! The turnstile is a courtesy, not a right: who has queued for half of their time without a turn
//! tries the lock all the same, because the one who is next may have been stopped (SIGSTOP, a
//! debugger, a frozen cgroup) and would else stop everybody.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

/// Tries without a pause: a holder on the other CPU is done within one of these.
const QUICK_TRIES: u32 = 4;
/// The first pause between tries.
const PAUSE_MIN: Duration = Duration::from_micros(50);
/// The longest pause of who is next, as a part of how long they have been that: they come in so much
/// later at most. With a fixed pause, those who were next at four hundred locks kept the CPUs so busy with
/// looking that nobody came through.
const NEXT_PART: u32 = 8;
/// The longest pause of others, as a part of how long they have waited.
const QUEUE_PART: u32 = 16;

/// Whether others may hold the lock too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// Any number of these at a time.
    Shared,
    /// Nobody else.
    Exclusive,
}

impl Share {
    fn operation(self) -> FlockOperation {
        match self {
            Self::Shared => FlockOperation::NonBlockingLockShared,
            Self::Exclusive => FlockOperation::NonBlockingLockExclusive,
        }
    }
}

/// A held lock; given back on drop.
#[derive(Debug)]
pub struct Lock<'fd>(BorrowedFd<'fd>);

impl Drop for Lock<'_> {
    fn drop(&mut self) {
        // Closing the descriptor would give it back too; there is nothing else to do on an error.
        let _ = flock(self.0, FlockOperation::Unlock);
    }
}

/// Takes the lock if it is free now, and keeps it until the descriptor is closed.
///
/// # Errors
/// Those of flock(2) other than `EWOULDBLOCK`, which is `Ok(false)`.
pub fn try_hold(fd: impl AsFd, share: Share) -> io::Result<bool> {
    loop {
        match flock(fd.as_fd(), share.operation()) {
            Ok(()) => return Ok(true),
            Err(Errno::WOULDBLOCK) => return Ok(false),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Takes the lock within `limit`; `None` if others held it all the time.
///
/// # Errors
/// Those of flock(2) and fcntl(2).
pub fn take<Fd: AsFd>(fd: &Fd, share: Share, limit: Duration) -> io::Result<Option<Lock<'_>>> {
    let fd = fd.as_fd();
    if !turnstile::is_taken(fd)? && try_hold(fd, share)? {
        return Ok(Some(Lock(fd)));
    }
    let mut wait = Wait::new(limit);
    let _turn = loop {
        if let Some(turn) = turnstile::enter(fd)? {
            break turn;
        }
        if !wait.pause(wait.start, QUEUE_PART) {
            return Ok(None);
        }
        if wait.is_half_over() && try_hold(fd, share)? {
            return Ok(Some(Lock(fd)));
        }
    };
    let next_since = Instant::now();
    while !try_hold(fd, share)? {
        if !wait.pause(next_since, NEXT_PART) {
            return Ok(None);
        }
    }
    Ok(Some(Lock(fd)))
}

/// Whether somebody is next at this lock. Who waits for it is seen by nothing else.
#[cfg(test)]
pub(crate) fn is_waited_for(fd: impl AsFd) -> io::Result<bool> {
    turnstile::is_taken(fd.as_fd())
}

/// Pauses that grow with the time waited, up to a limit in all.
struct Wait {
    limit: Duration,
    start: Instant,
    tries: u32,
}

impl Wait {
    fn new(limit: Duration) -> Self {
        let start = Instant::now();
        Self {
            limit,
            start,
            tries: 0,
        }
    }

    fn is_half_over(&self) -> bool {
        self.start.elapsed() >= self.limit / 2
    }

    /// Waits for about a `part` of the time since `since`. False if the whole time is over.
    fn pause(&mut self, since: Instant, part: u32) -> bool {
        let waited = self.start.elapsed();
        if waited >= self.limit {
            return false;
        }
        self.tries += 1;
        if self.tries <= QUICK_TRIES {
            std::thread::yield_now();
        } else {
            // So that those who wait do not march in step. The nanoseconds of the clock and the
            // process id are chance enough.
            let chance = waited.subsec_nanos() ^ std::process::id().wrapping_mul(2_654_435_761);
            let pause = (since.elapsed() / part).max(PAUSE_MIN);
            let pause = pause / 2 + pause * (chance % 256) / 256;
            // The last look is at the end of the time.
            std::thread::sleep(pause.min(self.limit.saturating_sub(waited)));
        }
        true
    }
}

/// The place of the one who is next.
mod turnstile {
    use super::{BorrowedFd, FcntlArg, fcntl, io, libc};
    use crate::fs::slots;
    use nix::errno::Errno;

    /// Given up on drop.
    pub(super) struct Turn<'fd>(BorrowedFd<'fd>);

    impl Drop for Turn<'_> {
        fn drop(&mut self) {
            // Closing the descriptor gives it up too; there is nothing else to do on an error.
            let _ = fcntl(self.0, FcntlArg::F_OFD_SETLK(&lock(libc::F_UNLCK)));
        }
    }

    /// True if somebody waits for the file's lock.
    pub(super) fn is_taken(fd: BorrowedFd<'_>) -> io::Result<bool> {
        let mut found = lock(libc::F_WRLCK);
        fcntl(fd, FcntlArg::F_OFD_GETLK(&mut found))?;
        Ok(i32::from(found.l_type) != libc::F_UNLCK)
    }

    /// `None` if somebody else is next.
    pub(super) fn enter(fd: BorrowedFd<'_>) -> io::Result<Option<Turn<'_>>> {
        // A file that is open for reading only can be locked for reading only. That keeps the
        // writers out as well.
        for kind in [libc::F_WRLCK, libc::F_RDLCK] {
            match fcntl(fd, FcntlArg::F_OFD_SETLK(&lock(kind))) {
                Ok(_) => return Ok(Some(Turn(fd))),
                Err(Errno::EAGAIN | Errno::EACCES) => return Ok(None),
                Err(Errno::EBADF) if kind == libc::F_WRLCK => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(None)
    }

    /// All of the file that is before the slots of those who hold it: who holds one waits for nobody, keeps nobody
    /// waiting, and keeps it.
    fn lock(kind: i32) -> libc::flock {
        libc::flock {
            l_type: i16::try_from(kind).expect("a lock type is a small number"),
            l_whence: i16::try_from(libc::SEEK_SET).expect("zero"),
            l_start: 0,
            l_len: slots::FIRST,
            // Must be zero for open file description locks.
            l_pid: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fs::slots;

    #[test]
    fn a_lock_is_given_back() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let other = file.reopen().unwrap();
        let none = Duration::ZERO;
        let held = take(file.as_file(), Share::Exclusive, none).unwrap();
        assert!(held.is_some());
        assert!(take(&other, Share::Exclusive, none).unwrap().is_none());
        assert!(
            take(&other, Share::Shared, Duration::from_millis(20))
                .unwrap()
                .is_none()
        );
        drop(held);
        assert!(take(&other, Share::Exclusive, none).unwrap().is_some());
    }

    #[test]
    fn a_shared_lock_is_shared() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let other = file.reopen().unwrap();
        let _held = take(file.as_file(), Share::Shared, Duration::ZERO)
            .unwrap()
            .unwrap();
        assert!(try_hold(&other, Share::Shared).unwrap());
    }

    #[test]
    fn who_is_next_and_stands_still_stops_nobody() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let (next, other) = (file.reopen().unwrap(), file.reopen().unwrap());
        let _turn = turnstile::enter(next.as_fd()).unwrap().unwrap();
        // Even the last look of a limited wait is at the lock itself.
        let limit = Duration::from_millis(40);
        assert!(take(&other, Share::Exclusive, limit).unwrap().is_some());
    }

    #[test]
    fn who_holds_a_slot_is_not_waited_for_and_keeps_it() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let (holder, other) = (file.reopen().unwrap(), file.reopen().unwrap());
        assert_eq!(slots::hold(&holder).unwrap(), Some(0));
        let lock = take(&other, Share::Exclusive, Duration::ZERO).unwrap();
        assert!(lock.is_some());
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| {
                let limit = Duration::from_secs(30);
                take(&holder, Share::Exclusive, limit).unwrap().is_some()
            });
            let limit = Instant::now() + Duration::from_secs(30);
            while !turnstile::is_taken(other.as_fd()).unwrap() && Instant::now() < limit {
                std::thread::yield_now();
            }
            drop(lock);
            assert!(waits.join().unwrap());
        });
        assert!(slots::is_held(&other).unwrap());
    }

    /// How often this thread has slept.
    fn sleeps() -> u64 {
        let status = std::fs::read_to_string("/proc/thread-self/status").unwrap();
        let count = status
            .lines()
            .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        count.unwrap().trim().parse().unwrap()
    }

    #[test]
    fn who_waits_long_looks_seldom() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let (next, queued) = (file.reopen().unwrap(), file.reopen().unwrap());
        let limit = Duration::from_secs(1);
        let _held = take(file.as_file(), Share::Exclusive, limit).unwrap();
        std::thread::scope(|scope| {
            for open in [&next, &queued] {
                scope.spawn(move || {
                    let before = sleeps();
                    assert!(take(open, Share::Exclusive, limit).unwrap().is_none());
                    let slept = sleeps() - before;
                    // With a pause of 50 microseconds it would be ten thousand times.
                    assert!(slept < 1000, "{slept} looks in a second");
                });
            }
        });
    }

    #[test]
    fn whoever_waits_is_next() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let limit = Duration::from_secs(60);
        let turns = std::sync::atomic::AtomicU32::new(0);
        let is_over = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            let greedy = file.reopen().unwrap();
            scope.spawn(|| {
                let greedy = greedy;
                while !is_over.load(std::sync::atomic::Ordering::Relaxed) {
                    let _lock = take(&greedy, Share::Exclusive, limit).unwrap().unwrap();
                    turns.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    // It holds the lock nearly all the time.
                    std::thread::sleep(Duration::from_micros(300));
                }
            });
            for open in [
                file.reopen().unwrap(),
                std::fs::File::open(file.path()).unwrap(),
            ] {
                for _ in 0..20 {
                    while turns.load(std::sync::atomic::Ordering::Relaxed) == 0 {
                        std::thread::yield_now();
                    }
                    let before = turns.load(std::sync::atomic::Ordering::Relaxed);
                    drop(take(&open, Share::Exclusive, limit).unwrap().unwrap());
                    let after = turns.load(std::sync::atomic::Ordering::Relaxed);
                    assert!(
                        after - before < 1000,
                        "starved for {} turns",
                        after - before
                    );
                }
            }
            is_over.store(true, std::sync::atomic::Ordering::Relaxed);
        });
    }
}
