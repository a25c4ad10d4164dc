//! flock(2) with a bound. A blocking flock cannot be given up without a signal handler or a second
//! thread, so the lock is tried, then tried again after short waits.
//!
//! Who waits is not served in order. That is fair enough: the lock is held for some ten
//! microseconds, so of 20 writers at full speed none comes near the bound, and waits are spread by
//! a little chance so that they do not march in step.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

/// Tries without a pause: a holder on the other CPU is done within one of these.
const QUICK_TRIES: u32 = 4;
/// The first and the longest pause between tries.
const PAUSE_MIN: Duration = Duration::from_micros(50);
const PAUSE_MAX: Duration = Duration::from_millis(5);

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
/// Those of flock(2).
pub fn take<Fd: AsFd>(fd: &Fd, share: Share, limit: Duration) -> io::Result<Option<Lock<'_>>> {
    let mut wait = Wait::new(limit);
    while !try_hold(fd, share)? {
        if !wait.pause() {
            return Ok(None);
        }
    }
    Ok(Some(Lock(fd.as_fd())))
}

/// Pauses that grow, up to a limit in all.
struct Wait {
    limit: Duration,
    start: Option<Instant>,
    tries: u32,
    pause: Duration,
}

impl Wait {
    fn new(limit: Duration) -> Self {
        Self {
            limit,
            start: None,
            tries: 0,
            pause: PAUSE_MIN,
        }
    }

    /// False if the time is over.
    fn pause(&mut self) -> bool {
        let start = *self.start.get_or_insert_with(Instant::now);
        let waited = start.elapsed();
        if waited >= self.limit {
            return false;
        }
        self.tries += 1;
        if self.tries <= QUICK_TRIES {
            std::thread::yield_now();
        } else {
            // The nanoseconds of the clock and the process id are chance enough here.
            let chance = waited.subsec_nanos() ^ std::process::id().wrapping_mul(2_654_435_761);
            std::thread::sleep(self.pause / 2 + self.pause * (chance % 256) / 256);
            self.pause = (self.pause * 2).min(PAUSE_MAX);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
