//! How far they have read, told by this client and to it.

use super::own_rooms::OwnRooms;
use super::{Audience, Person};
use crate::occupant::{Event, Reading};
use chat_store::people::marks::Change;

impl Person<'_> {
    pub(super) fn is_own(&self, room: &str) -> bool {
        self.own.as_ref().is_some_and(|own| own.of(room).is_some())
    }

    pub(super) fn change_mark(&mut self, room: &str, change: Change) {
        let known = self
            .own
            .as_mut()
            .map(|own| own.of(room).map(|mark| mark.room.clone()));
        if let (Some(own), Some(Some(room))) = (&mut self.own, known) {
            own.change(&room, change);
        }
    }

    /// Passes on what their other connections have read, entered and parted.
    pub(super) fn put_marks(&mut self, to: &mut dyn Audience) {
        let news = self.own.as_mut().map(OwnRooms::news);
        for (room, mark) in news.unwrap_or_default() {
            if mark.is_some() && self.stays.of(room.as_str()).is_none() {
                self.put_about(&room, to);
            }
            let room = room.as_str();
            let reading = mark.map(|mark| match self.stays.of(room) {
                Some(occupant) => occupant.reading_now(&mark),
                None => Reading::uncounted(&mark),
            });
            to.put_from(Some(room), &Event::Mark(reading));
        }
    }
}
