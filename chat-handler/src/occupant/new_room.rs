//! Coming to a room that is not there makes it. Each stays until somebody deletes it, so that there is a
//! limit of them for each person and address, and one for all. Who makes one and is logged in, owns it.

use std::time::Duration;

use super::{Code, Refusal};
use crate::identity::Person;
use crate::identity::counted::Counted;
use crate::journal;
use crate::quota::{Pace, Quota};
use crate::settings::{Permission, Settings};
use chat_store::fs::dirs::Dirs;
use chat_store::log::create::{self, Created, Rules};
use chat_store::moderation::roles::{self, Role};
use chat_store::name::RoomName;

/// Rooms that somebody makes.
const ROOMS: Quota = Quota {
    what: "rooms",
    each: Pace {
        every: Duration::from_secs(180),
        burst: 20,
    },
    unknown: Pace {
        every: Duration::from_secs(10),
        burst: 300,
    },
};

/// Sees to it that `room` is there.
pub(super) fn open(
    settings: &Settings,
    dirs: &Dirs,
    room: &RoomName,
    (person, address): (&Person, &str),
) -> Result<(), Refusal> {
    let counted = Counted::of(person, address);
    let may_make = person.may(settings, Permission::CreateRoom, None, address);
    let mut rules = Rules {
        described: &settings.described_rooms(),
        most: settings.limits.max_rooms,
        may: &mut || may_make.allowed && ROOMS.take(dirs, &counted),
    };
    match create::create(dirs, room, &mut rules)? {
        Created::TooFast if !may_make.allowed => {
            let what = Permission::CreateRoom.as_str();
            Err(Refusal::new(Code::NotAllowed, what))
        }
        Created::Exists => Ok(()),
        Created::Made => {
            if let Some(account) = &person.account
                && let Err(error) = roles::set(dirs, room, account, Role::Owner, account)
            {
                // The room can be used without; an administrator may say who owns it.
                journal::note(format_args!("the owner of {room}: {error}"));
            }
            Ok(())
        }
        Created::TooMany => Err(Refusal::new(Code::TooManyRooms, "")),
        Created::TooFast => Err(Refusal::new(Code::TooManyRooms, "you made many just now")),
        Created::Busy => Err(Refusal::new(Code::Storage, "too many new rooms just now")),
    }
}
