//! The whole name of a room whose files are called by a part of it and a hash.

use crate::fs::dirs::Dirs;
use crate::fs::file;
use crate::name::RoomName;

/// The most that is read of the file, in bytes.
const MAX_BYTES: u64 = 1024;

/// Keeps the whole name of a room whose files are called by a part of it and a hash.
pub(crate) fn remember_name(dirs: &Dirs, room: &RoomName) {
    if RoomName::from_file_stem(&room.file_stem()).is_none() {
        let path = dirs.state(room, "name");
        if !path.exists() {
            // Without it the room is missing in lists, no more; the next one to come tries again.
            let _ = file::replace(&path, format!("{room}\n").as_bytes());
        }
    }
}

/// The room whose live log is called `STEM.log`; `None` if no room is called so.
pub fn name_of(dirs: &Dirs, stem: &str) -> Option<RoomName> {
    RoomName::from_file_stem(stem).or_else(|| {
        let text = file::read_whole(&dirs.state.join(format!("{stem}.name")), MAX_BYTES).ok()?;
        let room = RoomName::parse(std::str::from_utf8(&text).ok()?.trim_end()).ok()?;
        (room.file_stem() == stem).then_some(room)
    })
}
