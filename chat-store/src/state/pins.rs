//! Messages that are pinned in a room, newest first.

use std::io;
use std::time::Duration;

use rustix::fs::OFlags;

use crate::fs::dirs::Dirs;
use crate::fs::file;
use crate::fs::lock::{self, Share};
use crate::name::RoomName;
use crate::record::RecordId;

/// The most of one room.
pub const MAX_PINS: usize = 50;
/// The most that is read of the file, in bytes.
const MAX_BYTES: u64 = 4 * 1024;
/// The longest wait for the list's lock, held for one small write.
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);

/// The messages that are pinned; what was deleted since may be among them.
///
/// # Errors
/// Those of reading the file.
pub fn pins(dirs: &Dirs, room: &RoomName) -> io::Result<Vec<RecordId>> {
    let text = file::read_whole(&dirs.state(room, "pins"), MAX_BYTES)?;
    let lines = text.split(|&byte| byte == b'\n');
    Ok(lines.filter_map(RecordId::parse).take(MAX_PINS).collect())
}

/// Changes the list; of what is too much the oldest goes. Append the record about it then: that one tells those
/// who are there, and on several machines each relay, which changes the list.
///
/// # Errors
/// Those of reading and writing the file; nothing is changed then.
pub fn change_pins<T>(
    dirs: &Dirs,
    room: &RoomName,
    edit: impl FnOnce(&mut Vec<RecordId>) -> T,
) -> io::Result<T> {
    let path = dirs.state(room, "pins");
    // The list is replaced, and with it the inode that a lock would be on.
    let (lock_file, _) = file::open(
        &file::suffixed(&path, ".lock"),
        OFlags::RDWR | OFlags::CREATE,
    )?;
    let Some(_lock) = lock::take(&lock_file, Share::Exclusive, LOCK_TIMEOUT)? else {
        return Err(io::Error::other("others change the pins all the time"));
    };
    let before = pins(dirs, room)?;
    let mut pins = before.clone();
    let given = edit(&mut pins);
    pins.truncate(MAX_PINS);
    if pins != before && dirs.cluster.is_none() {
        let mut text = Vec::new();
        for pin in &pins {
            text.extend_from_slice(&pin.to_text());
            text.push(b'\n');
        }
        file::replace(&path, &text)?;
    }
    Ok(given)
}
