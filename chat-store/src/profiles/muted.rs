//! Whether somebody may be shown otherwise: what they may not say in a room they may not be called there, or be up to,
//! or look like, wherever they change it.

use std::io;

use super::number_of;
use crate::closed;
use crate::fs::dirs::Dirs;
use crate::moderation::{self, Person, Right};
use crate::name::{Nick, RoomName};
use crate::people::person::PersonId;
use crate::people::presence;

/// Whether somebody may not speak in one of the rooms in which they are by this account, from wherever `address` is.
///
/// # Errors
/// Those of reading the presence files and the lists.
pub fn is_muted(
    dirs: &Dirs,
    account: &str,
    address: Option<&str>,
    moderates_all: bool,
) -> io::Result<bool> {
    let number = number_of(account);
    let muted_here = |dirs: &Dirs, room: &RoomName, nick: &Nick| {
        let person = Person {
            nick,
            account: Some(account),
            number: number.as_ref().map(PersonId::as_str),
            address,
            moderates_all,
        };
        let may = moderation::may(dirs, room, &person, Right::Speak);
        may.map(|may| may.is_err())
    };
    // Only rooms in which anybody is muted or banned are looked into: a site has many, and of these few.
    for room in moderation::rooms(dirs)? {
        let dirs = &closed::dirs_of(dirs, &room);
        for member in presence::list_alive(dirs, &room)? {
            let about = presence::about(dirs, &room, &member.nick)?;
            if about.account.as_deref() == Some(account) && muted_here(dirs, &room, &member.nick)? {
                return Ok(true);
            }
        }
    }
    Ok(false)
}
