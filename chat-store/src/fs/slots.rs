//! Several processes hold one file, each by a slot of its own: a byte far behind the file's end, locked by an open file
//! description lock (fcntl(2)). Such a lock goes with its descriptor, so with its process; who asks for it takes nothing; and
//! one that is held grows to all slots or stays what it was, so that of those who leave at once one knows that it was the last.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;

/// How many hold one file at most.
pub const SLOTS: u32 = 32;
/// Where the first slot is: no file that is held is so long, and other locks of it end before.
pub(crate) const FIRST: i64 = 1 << 40;

/// Takes the first free slot, and keeps it until the descriptor is closed. `None`: there is none, or one holds all.
///
/// # Errors
/// Those of fcntl(2); `EBADF` for a descriptor that cannot write.
pub fn hold(fd: impl AsFd) -> io::Result<Option<u32>> {
    for slot in 0..SLOTS {
        if set(fd.as_fd(), libc::F_WRLCK, slot, 1)? {
            return Ok(Some(slot));
        }
    }
    Ok(None)
}

/// Takes this slot and no other; false if somebody has it.
///
/// # Errors
/// As [`hold`].
pub fn hold_this(fd: impl AsFd, slot: u32) -> io::Result<bool> {
    set(fd.as_fd(), libc::F_WRLCK, slot, 1)
}

/// Takes all slots; one's own may be among them. False if somebody else has one: nothing has changed then.
///
/// # Errors
/// As [`hold`].
pub fn hold_all(fd: impl AsFd) -> io::Result<bool> {
    set(fd.as_fd(), libc::F_WRLCK, 0, SLOTS)
}

/// Gives back what this descriptor holds.
///
/// # Errors
/// Those of fcntl(2).
pub fn release(fd: impl AsFd) -> io::Result<()> {
    set(fd.as_fd(), libc::F_UNLCK, 0, SLOTS).map(|_| ())
}

/// Whether anybody else holds a slot.
///
/// # Errors
/// Those of fcntl(2).
pub fn is_held(fd: impl AsFd) -> io::Result<bool> {
    Ok(found(fd.as_fd(), 0, SLOTS)?.is_some())
}

/// The slots that others hold, in no order. Who holds all of them is leaving, and counts as none.
///
/// # Errors
/// Those of fcntl(2).
pub fn held(fd: impl AsFd) -> io::Result<Vec<u32>> {
    let mut slots = Vec::new();
    // The kernel tells one lock of a range; the others are before and behind it.
    let mut ranges = vec![(0, SLOTS)];
    while let Some((start, end)) = ranges.pop() {
        if start < end
            && let Some((slot, length)) = found(fd.as_fd(), start, end - start)?
        {
            if length == 1 {
                slots.push(slot);
            }
            ranges.push((start, slot));
            ranges.push((slot.saturating_add(length), end));
        }
    }
    Ok(slots)
}

fn set(fd: BorrowedFd<'_>, kind: i32, slot: u32, length: u32) -> io::Result<bool> {
    match fcntl(fd, FcntlArg::F_OFD_SETLK(&lock(kind, slot, length))) {
        Ok(_) => Ok(true),
        Err(Errno::EAGAIN | Errno::EACCES) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// A lock of others in the range: its first slot, and how many it covers.
fn found(fd: BorrowedFd<'_>, slot: u32, length: u32) -> io::Result<Option<(u32, u32)>> {
    let mut lock = lock(libc::F_WRLCK, slot, length);
    fcntl(fd, FcntlArg::F_OFD_GETLK(&mut lock))?;
    if i32::from(lock.l_type) == libc::F_UNLCK {
        return Ok(None);
    }
    let first = u32::try_from(lock.l_start - FIRST).unwrap_or(0);
    // 0: to the end, whatever it is.
    let length = u32::try_from(lock.l_len).unwrap_or(SLOTS);
    Ok(Some((first, if length == 0 { SLOTS } else { length })))
}

fn lock(kind: i32, slot: u32, length: u32) -> libc::flock {
    libc::flock {
        l_type: i16::try_from(kind).expect("a lock type is a small number"),
        l_whence: i16::try_from(libc::SEEK_SET).expect("zero"),
        l_start: FIRST + i64::from(slot),
        l_len: i64::from(length),
        // Must be zero for open file description locks.
        l_pid: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_holds_a_slot_and_the_last_one_all() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let open = || file.reopen().unwrap();
        let (one, two, other) = (open(), open(), std::fs::File::open(file.path()).unwrap());
        assert!(!is_held(&other).unwrap());
        assert_eq!(hold(&one).unwrap(), Some(0));
        assert_eq!(hold(&two).unwrap(), Some(1));
        let mut slots = held(&other).unwrap();
        slots.sort_unstable();
        assert_eq!(slots, [0, 1]);
        assert!(is_held(&one).unwrap() && !hold_all(&one).unwrap());
        // What failed has changed nothing.
        assert_eq!(held(&two).unwrap(), [0]);
        drop(two);
        assert!(!is_held(&one).unwrap() && hold_all(&one).unwrap());
        assert!(is_held(&other).unwrap());
        assert_eq!(held(&other).unwrap(), Vec::<u32>::new());
        assert_eq!(hold(open()).unwrap(), None);
        release(&one).unwrap();
        assert!(!is_held(&other).unwrap());
    }

    #[test]
    fn there_are_so_many_slots_and_no_more() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let files: Vec<_> = (0..SLOTS).map(|_| file.reopen().unwrap()).collect();
        let slots: Vec<_> = files.iter().map(|file| hold(file).unwrap()).collect();
        assert_eq!(slots, (0..SLOTS).map(Some).collect::<Vec<_>>());
        assert_eq!(hold(file.reopen().unwrap()).unwrap(), None);
        assert_eq!(held(file.as_file()).unwrap().len(), SLOTS as usize);
    }
}
