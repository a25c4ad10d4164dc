//! The room that a command means: as in the chat, one whose name looks like what was typed.

use std::io;

use chat_handler::settings::Settings;
use chat_store::closed;
use chat_store::fs::dirs::Dirs;
use chat_store::log::rooms;
use chat_store::moves;
use chat_store::name::RoomName;

use super::{Command, Place, moving};

impl Command {
    /// Puts the room that is meant in the place of the one that was typed.
    pub(super) fn find_room(&mut self, settings: &Settings) -> io::Result<()> {
        let site = settings.dirs();
        moves::finish(&site)?;
        if let Some(room) = self.room_mut() {
            if !room.is_closed() {
                *room = rooms::meant(&site, room, &settings.described_rooms())?;
            }
            if let Some(to) = moves::gone_to(&site, room)? {
                *room = to;
            }
        }
        Ok(())
    }

    /// Whether it writes something that may be the first.
    pub(super) fn needs_directories(&self) -> bool {
        matches!(
            self,
            Self::Say { .. }
                | Self::Bot(_)
                | Self::Incoming(_)
                | Self::Ban(_)
                | Self::Mute(_)
                | Self::Slow { .. }
                | Self::Role { .. }
                | Self::Topic { .. }
        )
    }

    /// Where the files of the room are that it is about; without one, those of the site.
    pub(super) fn dirs(&mut self, settings: &Settings) -> Dirs {
        let site = settings.dirs();
        match self.room_mut() {
            Some(room) => closed::dirs_of(&site, room),
            None => site,
        }
    }

    fn room_mut(&mut self) -> Option<&mut RoomName> {
        match self {
            Self::Users { room }
            | Self::Reports { room }
            | Self::Expire { room, .. }
            | Self::Mend { room, .. } => room.as_mut(),
            Self::Kick(target) | Self::Unban(target) | Self::Unmute(target) => {
                target.room.room_mut()
            }
            Self::Ban(measure) | Self::Mute(measure) => measure.target.room.room_mut(),
            Self::Incoming(command) => command.room_mut(),
            Self::Bans { room } => room.as_mut().and_then(Place::room_mut),
            Self::Erase { room, .. } | Self::Role { room, .. } => room.room_mut(),
            Self::MakePrivate(moving::Private { room, .. })
            | Self::MakePublic(moving::Public { room, .. })
            | Self::Redact { room, .. }
            | Self::Slow { room, .. }
            | Self::Topic { room, .. }
            | Self::Resolve { room, .. }
            | Self::Clear { room, .. }
            | Self::Say { room, .. }
            | Self::History { room, .. }
            | Self::Export { room, .. }
            | Self::Members { room }
            | Self::Purge { room, .. } => Some(room),
            Self::Status
            | Self::Rooms
            | Self::Person(_)
            | Self::Account(_)
            | Self::Profile(_)
            | Self::Sample { .. }
            | Self::Metrics(_)
            | Self::Backup { .. }
            | Self::Restore { .. }
            | Self::Site(_)
            | Self::Token(_)
            | Self::Event(_)
            | Self::Bot(_)
            | Self::Cluster(_)
            | Self::Hooks(_)
            | Self::Setup(_)
            | Self::Doctor(_)
            | Self::Check { .. } => None,
        }
    }
}

impl Place {
    fn room_mut(&mut self) -> Option<&mut RoomName> {
        match self {
            Self::Room(room) => Some(room),
            Self::Everywhere => None,
        }
    }
}
