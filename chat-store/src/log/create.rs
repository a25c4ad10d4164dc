//! New rooms: counted and made under one lock, so that many newcomers at once do not pass the limit
//! together.

use std::ffi::OsStr;
use std::io;
use std::time::Duration;

use rustix::fs::OFlags;

use super::chain;
use crate::fs::dirs::Dirs;
use crate::fs::file;
use crate::fs::lock::{self, Share};
use crate::name::RoomName;

/// The lock's file. No room's own files are called so: no name of a room holds `_`.
const LOCK: &str = "_rooms.gate";

/// The longest wait for others who make rooms: each needs one look at the directory.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);

/// Whether a room can be entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Created {
    /// It is there, maybe just made.
    Exists,
    /// It would be one too many.
    TooMany,
    /// Others held the lock all the time.
    Busy,
}

/// Makes the log of `room` if it is new and there are fewer than `max` rooms.
///
/// # Errors
/// Those of reading the directory, opening the files and locking.
pub fn create(dirs: &Dirs, room: &RoomName, max: usize) -> io::Result<Created> {
    let live = dirs.room_log(room);
    // A log that logrotate has renamed is about to be made again, by logrotate.
    let exists = || Ok::<_, io::Error>(live.exists() || !chain::list(&live)?.is_empty());
    if exists()? {
        return Ok(Created::Exists);
    }
    let (lock_file, _) = file::open(&dirs.run.join(LOCK), OFlags::RDWR | OFlags::CREATE)?;
    let Some(_lock) = lock::take(&lock_file, Share::Exclusive, LOCK_TIMEOUT)? else {
        return Ok(Created::Busy);
    };
    if exists()? {
        return Ok(Created::Exists);
    }
    let is_log = |name: &OsStr| name.as_encoded_bytes().ends_with(b".log");
    let rooms = std::fs::read_dir(&dirs.rooms)?
        .flatten()
        .filter(|entry| is_log(&entry.file_name()));
    if rooms.take(max).count() == max {
        return Ok(Created::TooMany);
    }
    file::open(&live, OFlags::WRONLY | OFlags::CREATE)?;
    file::sync_directory_of(&live)?;
    Ok(Created::Exists)
}
