//! An account's name is its own: a guest who has it takes another one.

use std::io;
use std::time::{Duration, Instant};

use super::about::about;
use super::users;
use crate::fs::dirs::Dirs;
use crate::name::{Nick, RoomName, SERVER};
use crate::people::accounts;
use crate::people::inbox::{self, SendError};
use crate::people::message::{Message, Sender};

/// How long a guest's handler may take. One that was stopped keeps the name.
const TIMEOUT: Duration = Duration::from_secs(1);
/// Between two looks whether it has another.
const PAUSE: Duration = Duration::from_millis(5);

/// Keeps `nick` for `account`, and has a guest in the room who is called so, or alike, take another name. To be called before the
/// end of the log is taken: the guest's new name is then in the list of members.
///
/// # Errors
/// Those of files. The account comes in with a number then.
pub fn reserve(dirs: &Dirs, room: &RoomName, nick: &Nick, account: &str) -> io::Result<()> {
    let is_new = accounts::keep(dirs, nick, account)?;
    // From a known account's name guests are kept; but in this room one may have had it before.
    if !is_new && !dirs.user(room, nick).exists() {
        return Ok(());
    }
    let Some(guest) = guest_called(dirs, room, nick)? else {
        return Ok(());
    };
    match inbox::send(dirs, room, &guest, Sender::new(SERVER), &Message::GiveWay) {
        Ok(_) => {}
        Err(SendError::Io(error)) => return Err(error),
        // Gone already, or deaf: the number is ours.
        Err(_) => return Ok(()),
    }
    let (path, start) = (dirs.user(room, &guest), Instant::now());
    while path.exists() && start.elapsed() < TIMEOUT {
        std::thread::sleep(PAUSE);
    }
    Ok(())
}

fn guest_called(dirs: &Dirs, room: &RoomName, wished: &Nick) -> io::Result<Option<Nick>> {
    let key = wished.key();
    let mut found = None;
    users::names(dirs, room, &mut |nick, _| {
        if nick.key() == key {
            found = Some(nick);
        }
        Ok(())
    })?;
    let Some(nick) = found else {
        return Ok(None);
    };
    let is_guest = about(dirs, room, &nick)?.account.is_none();
    Ok(is_guest.then_some(nick))
}
