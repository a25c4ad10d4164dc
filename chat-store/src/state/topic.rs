//! The topic that was set in the chat, so that a joiner need not search the log for it.

use std::io;

use crate::fs::dirs::Dirs;
use crate::fs::file;
use crate::name::RoomName;
use crate::record::{clean, show};

/// The most that is read of the file, in bytes.
const MAX_BYTES: u64 = 64 * 1024;

/// The room's topic as set in the chat; `None` if nobody set one or it was set to nothing.
///
/// # Errors
/// Those of reading the file.
pub fn topic(dirs: &Dirs, room: &RoomName) -> io::Result<Option<String>> {
    let text = file::read_whole(&dirs.state(room, "topic"), MAX_BYTES)?;
    let line = text.split(|&byte| byte == b'\n').next().unwrap_or_default();
    Ok((!line.is_empty()).then(|| show(line).into_owned()))
}

/// Keeps the topic. Append the `topic` record first: that one tells those who are there, and on several machines each
/// relay, which keeps the topic then.
///
/// # Errors
/// Those of writing the file.
pub fn set_topic(dirs: &Dirs, room: &RoomName, topic: &str) -> io::Result<()> {
    if dirs.cluster.is_some() {
        return Ok(());
    }
    file::replace(
        &dirs.state(room, "topic"),
        format!("{}\n", clean(topic)).as_bytes(),
    )
}
