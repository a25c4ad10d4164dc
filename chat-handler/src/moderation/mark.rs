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
