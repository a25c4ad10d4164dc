//! Slow mode: how long a member waits between two messages.

use std::io;

use crate::fs::dirs::Dirs;
use crate::fs::file;
use crate::name::RoomName;

/// The longest wait, in seconds.
pub const MAX_SLOW: u32 = 3600;
/// The most that is read of the file, in bytes.
const MAX_BYTES: u64 = 64;

/// The seconds between two messages of a member; zero: as fast as anywhere.
///
/// # Errors
/// Those of reading the file.
pub fn slow(dirs: &Dirs, room: &RoomName) -> io::Result<u32> {
    let text = file::read_whole(&dirs.state(room, "slow"), MAX_BYTES)?;
    let text = std::str::from_utf8(&text).unwrap_or_default();
    Ok(slow_of(text.trim_end()))
}

/// As a record or the file says it; what is none is zero.
pub fn slow_of(text: &str) -> u32 {
    text.parse().map_or(0, |seconds: u32| seconds.min(MAX_SLOW))
}

/// Keeps it. Append the `slow` record then: that one tells those who are there, and on several machines each relay,
/// which keeps it.
///
/// # Errors
/// Those of writing the file.
pub fn set_slow(dirs: &Dirs, room: &RoomName, seconds: u32) -> io::Result<()> {
    if dirs.cluster.is_some() {
        return Ok(());
    }
    file::replace(&dirs.state(room, "slow"), format!("{seconds}\n").as_bytes())
}
