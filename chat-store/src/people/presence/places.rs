//! Who gives somebody a place in a room, on a site of several machines: handlers, and the relay, which writes down who
//! is on the others. Each first looks whether the person has a place, then which names are free, then makes the file; if
//! the other one made it in between, somebody would have two, or find that their own name is taken.
//!
//! The entry lock is not it: a handler that changes a name holds that until the relay has put the record in order.

use std::fs::File;
use std::io;
use std::time::Duration;

use rustix::fs::OFlags;

use super::ClaimError;
use crate::fs::dirs::Dirs;
use crate::fs::file;
use crate::fs::lock::{self, Lock, Share};
use crate::name::RoomName;

/// The longest wait of a handler: the lock is held while a directory is read, and while somebody just leaves.
const TIMEOUT: Duration = Duration::from_secs(5);
/// That of the relay, for which all others wait.
const RELAYS_TIMEOUT: Duration = Duration::from_secs(1);

/// The file that is locked; `None`: the site is on one machine, and has no relay.
///
/// # Errors
/// Those of open(2).
pub(super) fn open(dirs: &Dirs, room: &RoomName) -> io::Result<Option<File>> {
    if !dirs.is_of_several() {
        return Ok(None);
    }
    let path = dirs.run.join(format!("{}.places", room.file_stem()));
    let (file, _) = file::open(&path, OFlags::RDWR | OFlags::CREATE)?;
    Ok(Some(file))
}

/// Waits until nobody else gives places; for the relay. Held before a presence file's own lock, and after the entry
/// lock.
///
/// # Errors
/// Those of flock(2), and `TimedOut`.
pub(super) fn take(file: Option<&File>) -> io::Result<Option<Lock<'_>>> {
    take_within(file, RELAYS_TIMEOUT)
}

/// As [`take`], for who comes in or takes another name.
///
/// # Errors
/// Those of flock(2), and [`ClaimError::Busy`].
pub(super) fn wait_for(file: Option<&File>) -> Result<Option<Lock<'_>>, ClaimError> {
    take_within(file, TIMEOUT).map_err(|error| match error.kind() {
        io::ErrorKind::TimedOut => ClaimError::Busy,
        _ => error.into(),
    })
}

fn take_within(file: Option<&File>, limit: Duration) -> io::Result<Option<Lock<'_>>> {
    let Some(file) = file else {
        return Ok(None);
    };
    let held = lock::take(file, Share::Exclusive, limit)?;
    held.map(Some).ok_or_else(|| io::ErrorKind::TimedOut.into())
}
