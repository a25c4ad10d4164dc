//! A closed room among the own rooms of its members: so whoever is away finds it when they come back.

use super::Occupant;
use crate::journal;
use chat_store::fs::dirs::Dirs;
use chat_store::name::RoomName;
use chat_store::people::marks;
use chat_store::people::person::PersonId;
use chat_store::record::RecordId;

/// In larger rooms a first message reminds nobody of the room: that is one file for each.
const MAX_REMINDED: usize = 50;

impl Occupant {
    /// Before something is said here for the first time: whoever is away finds the room when they come back.
    pub(super) fn remind_all(&mut self) {
        let Some(membership) = self.membership.as_deref_mut() else {
            return;
        };
        let members = &membership.circle.members;
        if std::mem::replace(&mut membership.has_reminded, true) || members.len() > MAX_REMINDED {
            return;
        }
        for member in members
            .iter()
            .filter(|member| member.person != membership.person)
        {
            remind(&membership.site, &member.person, &self.room.name);
        }
    }

    pub(super) fn remind(&self, person: &PersonId) {
        remind(self.site(), person, &self.room.name);
    }

    pub(super) fn withdraw(&self, person: &PersonId) {
        if let Err(error) = marks::withdraw(self.site(), person, &self.room.name) {
            journal::note(format_args!(
                "a closed room stays among somebody's: {error}"
            ));
        }
    }
}

/// Sees to it that a closed room is among somebody's own.
pub(super) fn remind(site: &Dirs, person: &PersonId, room: &RoomName) {
    if let Err(error) = marks::offer(site, person, room, RecordId::ZERO) {
        journal::note(format_args!(
            "a closed room is not among somebody's: {error}"
        ));
    }
}
