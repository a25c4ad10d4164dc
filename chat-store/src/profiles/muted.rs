//! Whether somebody may be shown otherwise: what they may not say in a room they may not be called there, or be up to,
//! or look like, wherever they change it.

use std::io;

use super::number_of;
use crate::fs::dirs::Dirs;
use crate::moderation::{self, Person, Right};
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
    let mut is_muted = false;
    presence::tell_rooms_of(dirs, account, &mut |dirs, room, nick| {
        let person = Person {
            nick,
            account: Some(account),
            number: number.as_ref().map(PersonId::as_str),
            address,
            moderates_all,
        };
        is_muted |= moderation::may(dirs, room, &person, Right::Speak)?.is_err();
        Ok(false)
    })?;
    Ok(is_muted)
}
