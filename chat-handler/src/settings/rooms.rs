//! What the administrator said about rooms.

use super::Settings;
use chat_store::name::RoomName;
use chat_store::record::Keep;

impl Settings {
    /// The rooms that have a description; names that no room can have are left out.
    pub fn described_rooms(&self) -> Vec<RoomName> {
        let names = self.room_descriptions.iter().map(|(name, _)| name);
        names
            .filter_map(|name| RoomName::parse(name).ok())
            .collect()
    }

    /// Whether it is shown there who comes and goes.
    pub fn shows_comings(&self, room: &RoomName) -> bool {
        let is_it = |name: &String| name == "*" || name == room.as_str();
        !self.quiet_rooms.iter().any(is_it)
    }

    /// How long what is said in `room` is kept, if the file says so of just this room.
    pub fn keep_of(&self, room: &RoomName) -> Option<Keep> {
        let found = self.keep_rooms.iter().rfind(|(name, _)| name == room);
        found.map(|(_, keep)| *keep)
    }

    /// What is said about `room`.
    pub fn description_of(&self, room: &RoomName) -> Option<&str> {
        self.room_descriptions
            .iter()
            .find(|(name, _)| RoomName::parse(name).is_ok_and(|name| name == *room))
            .map(|(_, text)| text.as_str())
    }
}
