//! Telling the handlers of an account that something about it has changed: they look it up, and go if it is
//! theirs no more.

use std::io;

use crate::fs::dirs::Dirs;
use crate::name::{Nick, SERVER};
use crate::people::inbox;
use crate::people::message::{Message, Sender};
use crate::people::presence;

/// Rings at all who are in a room by this account. Gives in how many rooms. Who is in none, or cannot be told,
/// finds it by themselves: at their next request, and within a minute.
///
/// # Errors
/// Those of reading the presence files.
pub fn tell(dirs: &Dirs, account: &Nick) -> io::Result<usize> {
    presence::tell_rooms_of(dirs, account.as_str(), &mut |dirs, room, nick| {
        // Who is away, or deaf, is asked when they are back.
        let server = Sender::new(SERVER);
        Ok(inbox::send(dirs, room, nick, server, &Message::Account).is_ok())
    })
}
