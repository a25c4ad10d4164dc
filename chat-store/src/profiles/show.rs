//! Telling rooms that somebody is shown otherwise: a record without words, upon which whoever reads it looks the
//! profile up. Nothing of the profile is in a log, where it could not be taken back.

use std::io;

use super::number_of;
use crate::bell::Bell;
use crate::fs::dirs::Dirs;
use crate::log::room_log::RoomLog;
use crate::people::presence;
use crate::record::{Draft, Kind, attrs};

/// Whether anybody has a profile: where nobody has, nobody needs to look.
pub fn is_any(dirs: &Dirs) -> bool {
    dirs.profiles.is_dir()
}

/// Tells every room in which somebody is by this account. Gives how many these are.
///
/// # Errors
/// Those of reading the presence files; a room whose log cannot be written is told when they come in the next time.
pub fn tell(dirs: &Dirs, account: &str) -> io::Result<usize> {
    let Some(person) = number_of(account).filter(|_| dirs.users.is_dir()) else {
        return Ok(0);
    };
    presence::tell_rooms_of(dirs, account, &mut |dirs, room, nick| {
        let extra = [(attrs::PERSON, Some(person.as_str()))];
        let draft = Draft {
            account: Some(account),
            extra: &extra,
            ..Draft::new(Kind::Profile, nick.as_str(), "")
        };
        let is_told = RoomLog::new(dirs, room).append(&draft).is_ok();
        if is_told {
            Bell::open(&dirs.bell(room))?.ring()?;
        }
        Ok(is_told)
    })
}
