//! What `[access]` lets somebody do in a room: asked when they come, and again when their account has changed.

use super::{Code, Occupant, Refusal, Sink, Turn};
use crate::identity::Person;
use crate::settings::{Permission, Settings};
use crate::wording::Line;
use chat_store::name::RoomName;

/// A set of permissions: a bit for each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Powers(u16);

impl Powers {
    pub(super) fn of(settings: &Settings, person: &Person, room: &RoomName, address: &str) -> Self {
        let mut powers = Self::default();
        for &what in Permission::ALL {
            if person.may(settings, what, Some(room), address).allowed {
                powers.0 |= bit(what);
            }
        }
        powers
    }

    pub(super) fn has(self, what: Permission) -> bool {
        self.0 & bit(what) != 0
    }
}

fn bit(what: Permission) -> u16 {
    1 << (what as u16)
}

impl Turn<'_> {
    /// Whether they may do this here; if not, that was told.
    pub(super) fn permits(&mut self, what: Permission) -> bool {
        let may = self.it.powers.has(what);
        if !may {
            self.error(Code::NotAllowed, Line::NotAllowed(what.as_str()));
        }
        may
    }
}

impl Occupant {
    /// Their account is another one by now: what they may is looked up. False: they may not be here any more.
    pub fn take_person(
        &mut self,
        settings: &Settings,
        person: &Person,
        sink: &mut dyn Sink,
    ) -> bool {
        let address = self.me.address.clone().unwrap_or_default();
        self.powers = Powers::of(settings, person, &self.room.name, &address);
        self.me.moderates_all = person.moderator;
        let may_stay = self.powers.has(Permission::Enter);
        if may_stay {
            self.turn(sink, None).role_changed();
        } else {
            sink.put(&Refusal::new(Code::NotAllowed, Permission::Enter.as_str()).event());
        }
        may_stay
    }
}
