//! Deleting and finding files that people put into rooms and that nobody needs.

use super::{Failure, rooms};
use chat_store::attachments::{self, Orphans, Shelf};
use chat_store::closed;
use chat_store::fs::dirs::Dirs;
use chat_store::name::RoomName;
use chat_store::record::RecordId;

/// Deletes what no message came for and what killed programs left, in a room or all; how many. What goes wrong in
/// one is told, and keeps nobody's room from being done.
pub(super) fn sweep(
    dirs: &Dirs,
    room: Option<&RoomName>,
    now: RecordId,
    dry_run: bool,
    failed: &mut Vec<String>,
) -> usize {
    let mut count = 0;
    for room in rooms::chosen(dirs, room).unwrap_or_default() {
        let dirs = closed::dirs_of(dirs, &room);
        match Shelf::of(&dirs, &room).sweep(&dirs, &room, now, dry_run) {
            Ok(swept) => count += swept.unsaid + swept.nobodys,
            Err(error) => failed.push(format!("files of {room}: {error}")),
        }
    }
    if !dry_run && let Err(error) = attachments::recount(dirs) {
        failed.push(format!("how much files take: {error}"));
    }
    count
}

/// What is wrong with the files of a room.
pub(super) fn check(dirs: &Dirs, room: &RoomName) -> Result<Vec<String>, Failure> {
    let shelf = Shelf::of(dirs, room);
    let Orphans { nobodys, empty } = shelf.orphans()?;
    let dir = shelf.dir().display();
    let nobodys = nobodys.iter().map(|name| {
        format!("{dir}/{name}: no file of a message has this content; chatctl expire deletes it")
    });
    let empty = empty.iter().map(|id| {
        format!(
            "{dir}/{id}.file: its content is gone; restore it from a backup or delete this line"
        )
    });
    Ok(nobodys.chain(empty).collect())
}
