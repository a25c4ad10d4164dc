//! Where a file is to be.

use chat_store::attachments::{Naming, Shelf};
use chat_store::closed;
use chat_store::cluster::Missing;
use chat_store::fs::dirs::Dirs;
use chat_store::name::RoomName;
use chat_store::record::RecordId;

/// Where a file is to be.
#[derive(Debug)]
pub struct Place {
    dirs: Dirs,
    room: RoomName,
    message: RecordId,
}

impl Place {
    /// That of a file of a machine whose directories are `dirs`.
    pub fn of(dirs: &Dirs, missing: &Missing) -> Self {
        Self {
            dirs: closed::dirs_of(dirs, &missing.room),
            room: missing.room.clone(),
            message: missing.message,
        }
    }

    /// The room's files.
    pub fn shelf(&self) -> Shelf {
        Shelf::of(&self.dirs, &self.room)
    }

    /// The message that names it.
    pub fn naming(&self) -> Naming<'_> {
        Naming {
            dirs: &self.dirs,
            room: &self.room,
            message: self.message,
        }
    }
}
