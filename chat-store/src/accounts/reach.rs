//! Telling the handlers of an account that something about it has changed: they look it up, and go if it is
//! theirs no more.

use std::io;

use crate::closed;
use crate::fs::dirs::Dirs;
use crate::name::{Nick, RoomName, SERVER};
use crate::people::inbox;
use crate::people::message::{Message, Sender};
use crate::people::presence;

/// Rings at all who are in a room by this account. Gives in how many rooms. Who is in none, or cannot be told,
/// finds it by themselves: at their next request, and within a minute.
///
/// # Errors
/// Those of reading the presence files.
pub fn tell(dirs: &Dirs, account: &Nick) -> io::Result<usize> {
    let open = presence::rooms(dirs)?;
    let mut rooms: Vec<_> = open
        .iter()
        .filter_map(|(name, _)| RoomName::parse(name).ok())
        .collect();
    rooms.extend(closed::all(dirs)?);
    let mut count = 0;
    for room in rooms {
        let dirs = &closed::dirs_of(dirs, &room);
        for member in presence::list_alive(dirs, &room)? {
            let about = presence::about(dirs, &room, &member.nick)?;
            if about.account.as_deref() != Some(account.as_str()) {
                continue;
            }
            // Who is away, or deaf, is asked when they are back.
            let server = Sender::new(SERVER);
            count += usize::from(
                inbox::send(dirs, &room, &member.nick, server, &Message::Account).is_ok(),
            );
        }
    }
    Ok(count)
}
