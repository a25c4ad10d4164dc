//! A room that is made private or open while people are in it.

use super::circle::Failed;
use super::{Code, Membership, Occupant, Turn};
use crate::wording::{Closed, Line};
use chat_store::closed::{ClosedError, Power};
use chat_store::moderation::Right;
use chat_store::moves::{self, Mover};
use chat_store::name::RoomName;

impl Turn<'_> {
    /// From now on the room is for those who are in it now.
    pub(super) fn make_private(&mut self) -> Result<(), Failed> {
        if self.it.membership.is_some() {
            self.error(Code::NotFound, Line::Closed(Closed::IsPrivate));
            return Err(Failed::Told);
        }
        if self.it.room.is_fixed {
            self.error(Code::NotAllowed, Line::Closed(Closed::StaysOpen));
            return Err(Failed::Told);
        }
        if !self.it.may(Right::Own) {
            self.error(Code::NotModerator, Line::NotOwner);
            return Err(Failed::Told);
        }
        let me = self.it.number().ok_or(ClosedError::NotKeeper)?;
        let room = &self.it.room;
        let people = moves::people_of(&room.dirs, &room.name);
        let mut circle = people.map_err(ClosedError::Io)?;
        for member in &mut circle.members {
            member.keeps |= member.person == me;
        }
        moves::make_private(&room.dirs, &room.name, &circle, self.it.as_mover())?;
        self.it.bells.set_due();
        Ok(())
    }

    /// From now on everybody may come in, who finds it under `name`, else under the one it had.
    pub(super) fn make_open(&mut self, name: Option<&str>, hides: bool) -> Result<(), Failed> {
        let Some(Membership {
            site,
            person,
            circle,
            ..
        }) = self.it.membership.as_deref()
        else {
            self.error(Code::NotFound, Line::Closed(Closed::NotPrivate));
            return Err(Failed::Told);
        };
        if !circle.may(person, Power::Keep) {
            return Err(ClosedError::NotKeeper.into());
        }
        let wished = name.map(RoomName::parse).transpose();
        let Ok(wished) = wished else {
            self.error(Code::BadRoom, Line::Closed(Closed::NoName));
            return Err(Failed::Told);
        };
        let room = &self.it.room.name;
        moves::make_open(site, room, wished.as_ref(), hides, self.it.as_mover())?;
        self.it.bells.set_due();
        Ok(())
    }
}

impl Occupant {
    fn as_mover(&self) -> Mover<'_> {
        Mover {
            nick: self.me.nick.as_str(),
            account: self.me.account.as_deref(),
        }
    }
}
