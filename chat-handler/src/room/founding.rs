//! New rooms: counted and made under one lock, so that many newcomers at once do not pass the limit
//! together.

use std::ffi::OsStr;
use std::io;
use std::time::Duration;

use rustix::fs::OFlags;

use chat_store::fs::dirs::Dirs;
use chat_store::fs::file;
use chat_store::fs::lock::{self, Share};
use chat_store::log::chain;
use chat_store::name::RoomName;

/// The lock. No room's own files are called so: no name of a room holds `_`.
const GATE: &str = "_rooms.gate";

/// The longest wait for others who make rooms: each needs one look at the directory.
const GATE_TIMEOUT: Duration = Duration::from_secs(5);

/// Whether a room can be entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Founded {
    /// It is there, maybe just made.
    There,
    /// It would be one too many.
    TooMany,
    /// Others held the lock all the time.
    Busy,
}

/// Makes `room` if it is new and there are fewer than `max` rooms.
pub(super) fn found(dirs: &Dirs, room: &RoomName, max: usize) -> io::Result<Founded> {
    let live = dirs.room_log(room);
    // A log that logrotate has renamed is about to be made again, by logrotate.
    let is_there = || Ok::<_, io::Error>(live.exists() || !chain::list(&live)?.is_empty());
    if is_there()? {
        return Ok(Founded::There);
    }
    let (gate, _) = file::open(&dirs.run.join(GATE), OFlags::RDWR | OFlags::CREATE)?;
    let Some(_open) = lock::take(&gate, Share::Exclusive, GATE_TIMEOUT)? else {
        return Ok(Founded::Busy);
    };
    if is_there()? {
        return Ok(Founded::There);
    }
    let is_log = |name: &OsStr| name.as_encoded_bytes().ends_with(b".log");
    let rooms = std::fs::read_dir(&dirs.rooms)?
        .flatten()
        .filter(|entry| is_log(&entry.file_name()));
    if rooms.take(max).count() == max {
        return Ok(Founded::TooMany);
    }
    file::open(&live, OFlags::WRONLY | OFlags::CREATE)?;
    Ok(Founded::There)
}
