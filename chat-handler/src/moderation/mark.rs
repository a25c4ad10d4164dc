//! What a joiner must know and would have to search the whole log for.

use std::io;

use super::read;
use crate::dirs::Dirs;
use crate::file;
use crate::name::RoomName;
use crate::record::{RecordId, clean, show};

/// The room's topic as set in the chat; `None` if nobody set one or it was set to nothing.
///
/// # Errors
/// Those of reading the file.
pub fn topic(dirs: &Dirs, room: &RoomName) -> io::Result<Option<String>> {
    let text = read(&dirs.state(room, "topic"))?;
    let line = text.split(|&byte| byte == b'\n').next().unwrap_or_default();
    Ok((!line.is_empty()).then(|| show(line).into_owned()))
}

/// Keeps the topic. Append the `topic` record first: that one tells those who are there.
///
/// # Errors
/// Those of writing the file.
pub fn set_topic(dirs: &Dirs, room: &RoomName, topic: &str) -> io::Result<()> {
    file::replace(
        &dirs.state(room, "topic"),
        format!("{}\n", clean(topic)).as_bytes(),
    )
}

/// The `clear` record up to which history is hidden; zero if there is none.
///
/// # Errors
/// Those of reading the file.
pub fn cleared(dirs: &Dirs, room: &RoomName) -> io::Result<RecordId> {
    let text = read(&dirs.state(room, "clear"))?;
    let line = text.split(|&byte| byte == b'\n').next().unwrap_or_default();
    Ok(RecordId::parse(line).unwrap_or_default())
}

/// Hides the history up to `id`, that of the `clear` record that was just appended.
///
/// # Errors
/// Those of writing the file.
pub fn set_cleared(dirs: &Dirs, room: &RoomName, id: RecordId) -> io::Result<()> {
    file::replace(&dirs.state(room, "clear"), format!("{id}\n").as_bytes())
}

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
        let text = read(&dirs.state.join(format!("{stem}.name"))).ok()?;
        let room = RoomName::parse(std::str::from_utf8(&text).ok()?.trim_end()).ok()?;
        (room.file_stem() == stem).then_some(room)
    })
}
