//! New rooms: counted and made under one lock, so that many newcomers at once do not pass the limit
//! together.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::time::Duration;

use rustix::fs::OFlags;

use super::rooms;
use crate::fs::dirs::Dirs;
use crate::fs::file;
use crate::fs::lock::{self, Share};
use crate::moves;
use crate::name::RoomName;

/// The lock's file. No room's own files are called so: no name of a room holds `_`.
const LOCK: &str = "_rooms.gate";

/// The longest wait for others who make rooms: each needs one look at the directory.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);

/// Whether a room can be entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Created {
    /// It was there.
    Exists,
    /// It was just made, and nobody had described it before.
    Made,
    /// It would be one too many.
    TooMany,
    /// Whoever asks has made too many just now.
    TooFast,
    /// Others held the lock all the time, or made one that looks like it.
    Busy,
}

/// What is asked before a room is made.
pub struct Rules<'a> {
    /// Rooms that the administrator described: made whoever asks, however many there are.
    pub described: &'a [RoomName],
    /// Rooms at most.
    pub most: usize,
    /// Whether whoever asks may make another one now. Asked under the lock, so that a count that it
    /// reads and writes is right.
    pub may: &'a mut dyn FnMut() -> bool,
}

/// Makes the log of `room` if it is new and the rules allow it. `room` is one that [`rooms::meant`] gave.
///
/// # Errors
/// Those of reading the directory, opening the files and locking.
pub fn create(dirs: &Dirs, room: &RoomName, rules: &mut Rules<'_>) -> io::Result<Created> {
    if rooms::exists(dirs, room)? {
        return Ok(Created::Exists);
    }
    let lock_file = lock_file(dirs)?;
    let Some(_lock) = lock::take(&lock_file, Share::Exclusive, LOCK_TIMEOUT)? else {
        return Ok(Created::Busy);
    };
    if rooms::exists(dirs, room)? {
        return Ok(Created::Exists);
    }
    if moves::is_away(dirs, room) || rooms::meant(dirs, room, rules.described)? != *room {
        return Ok(Created::Busy);
    }
    let is_anybodys = rules.described.contains(room) || *room == RoomName::lobby();
    if !is_anybodys {
        if count(dirs, rules.most)? == rules.most {
            return Ok(Created::TooMany);
        }
        if !(rules.may)() {
            return Ok(Created::TooFast);
        }
    }
    let live = dirs.room_log(room);
    file::open(&live, OFlags::WRONLY | OFlags::CREATE)?;
    file::sync_directory_of(&live)?;
    Ok(if is_anybodys {
        Created::Exists
    } else {
        Created::Made
    })
}

/// Whose lock is held by whoever makes a room.
pub(crate) fn lock_file(dirs: &Dirs) -> io::Result<File> {
    Ok(file::open(&dirs.run.join(LOCK), OFlags::RDWR | OFlags::CREATE)?.0)
}

/// Rooms, counted up to `most`.
fn count(dirs: &Dirs, most: usize) -> io::Result<usize> {
    let is_log = |name: &OsStr| name.as_encoded_bytes().ends_with(b".log");
    let rooms = std::fs::read_dir(&dirs.rooms)?
        .flatten()
        .filter(|entry| is_log(&entry.file_name()));
    Ok(rooms.take(most).count())
}
