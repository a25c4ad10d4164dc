//! Up to where the history of a room is hidden.

use std::io;

use crate::fs::dirs::Dirs;
use crate::fs::file;
use crate::name::RoomName;
use crate::record::RecordId;

/// The most that is read of the file, in bytes.
const MAX_BYTES: u64 = 1024;

/// The `clear` record up to which history is hidden; zero if there is none.
///
/// # Errors
/// Those of reading the file.
pub fn cleared(dirs: &Dirs, room: &RoomName) -> io::Result<RecordId> {
    let text = file::read_whole(&dirs.state(room, "clear"), MAX_BYTES)?;
    let line = text.split(|&byte| byte == b'\n').next().unwrap_or_default();
    Ok(RecordId::parse(line).unwrap_or_default())
}

/// Hides the history up to `id`, that of the `clear` record that was just appended. On several machines each relay does
/// it when it writes that record.
///
/// # Errors
/// Those of writing the file.
pub fn set_cleared(dirs: &Dirs, room: &RoomName, id: RecordId) -> io::Result<()> {
    if dirs.cluster.is_some() {
        return Ok(());
    }
    file::replace(&dirs.state(room, "clear"), format!("{id}\n").as_bytes())
}
