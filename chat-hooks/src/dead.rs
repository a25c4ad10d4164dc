//! What could not be posted in all its tries: `log/hooks-dead.log`, a line of JSON each. Two files of 8 MiB at most.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;

use chat_store::fs::dirs::Dirs;
use chat_store::name::RoomName;
use serde_json::json;

use crate::event::Event;

/// The file below `log/`.
pub const FILE: &str = "hooks-dead.log";
/// Then it is renamed, over the one before.
const MAX_BYTES: u64 = 8 << 20;

/// Notes it. What was said is not there, only where: the log of the room has it.
///
/// # Errors
/// The file cannot be written.
pub fn note(dirs: &Dirs, hook: &str, room: &RoomName, event: &Event, why: &str) -> io::Result<()> {
    let path = dirs.log.join(FILE);
    if fs::metadata(&path).is_ok_and(|about| about.len() > MAX_BYTES) {
        fs::rename(&path, dirs.log.join(format!("{FILE}.1")))?;
    }
    let line = json!({
        "at": chat_store::record::RecordId::now().to_string(), "webhook": hook, "room": room.as_str(),
        "id": event.at.to_string(), "webhook-id": event.id, "error": why,
    });
    let mut options = OpenOptions::new();
    let mut file = options.append(true).create(true).mode(0o640).open(&path)?;
    file.write_all(format!("{line}\n").as_bytes())
}
