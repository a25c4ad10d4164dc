//! `/announce`: something is said in every open room that has people.

use std::io;

use super::Turn;
use crate::command::Moderate;
use crate::wording::Line;
use chat_store::bell;
use chat_store::log::room_log::RoomLog;
use chat_store::name::{RoomName, SERVER};
use chat_store::people::presence;
use chat_store::record::{Draft, Kind, tidy};

/// The most rooms that are told, the fullest first: each is a line in a file that is made safe from a power cut, and
/// the person waits meanwhile.
const MAX_ROOMS: usize = 1_000;

impl Turn<'_> {
    /// Says `text` as the server: the name that is nobody's in any room. Whose words they are, the record's account
    /// tells, and the audit log.
    pub(super) fn announce(&mut self, text: &str) {
        if !(self.may_say(text) && self.waited()) {
            return;
        }
        let Some(text) = self.let_through("announce", tidy(text).into_owned(), |_| {}) else {
            return;
        };
        let rooms = match presence::rooms(&self.it.room.dirs) {
            Ok(rooms) => rooms,
            Err(error) => return self.not_saved(&error),
        };
        let mut told = 0;
        for (name, _) in rooms.iter().take(MAX_ROOMS) {
            let Ok(room) = RoomName::parse(name) else {
                continue;
            };
            if let Err(error) = self.say_in(&room, &text) {
                return self.not_saved(&error);
            }
            told += 1;
        }
        self.it.note(&Moderate::Announce(&text));
        self.info("announce", Line::Announced(told));
        self.ack();
    }

    fn say_in(&self, room: &RoomName, text: &str) -> io::Result<()> {
        let dirs = &self.it.room.dirs;
        let mut log = RoomLog::new(dirs, room);
        let draft = Draft {
            account: self.it.me.account.as_deref(),
            ..Draft::new(Kind::Say, SERVER, text)
        };
        log.append(&draft).map_err(io::Error::other)?;
        bell::ring_at(&dirs.bell(room))?;
        // Nobody else does it: this process follows one of these rooms at most.
        log.sync()
    }
}
