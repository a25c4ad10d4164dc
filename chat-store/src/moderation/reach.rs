//! Whom a measure meets in a room just now, and how they and the room are told.

use std::io;

use super::{Entry, Person};
use crate::bell::Bell;
use crate::fs::dirs::Dirs;
use crate::log::room_log::RoomLog;
use crate::name::{Nick, RoomName};
use crate::people::inbox::{self, SendError};
use crate::people::message::{Message, Sender};
use crate::people::person::PersonId;
use crate::people::presence::{self, About};
use crate::record::{Draft, Kind};

/// Those in a room whom a measure is against.
///
/// # Errors
/// Those of reading the presence files.
pub fn present(dirs: &Dirs, room: &RoomName, entry: &Entry) -> io::Result<Vec<(Nick, About)>> {
    let mut found = Vec::new();
    for member in presence::list_alive(dirs, room)? {
        let about = presence::about(dirs, room, &member.nick)?;
        let person = Person {
            nick: &member.nick,
            account: about.account.as_deref(),
            number: about.person.as_ref().map(PersonId::as_str),
            address: about.address.as_deref(),
            moderates_all: about.moderates_all,
        };
        if entry.is_against(&person) {
            found.push((member.nick, about));
        }
    }
    Ok(found)
}

/// Tells `nick`, and if `record` says as what, before that the room: so that nobody sees them quit before it is said
/// why.
///
/// # Errors
/// What kept the record out of the log, or the message out of the inbox. Who has just left needs no message.
pub fn announce(
    dirs: &Dirs,
    room: &RoomName,
    from: Sender<'_>,
    (nick, record): (&Nick, Option<Kind>),
    (reason, message): (&str, &Message<'_>),
) -> io::Result<()> {
    if let Some(kind) = record {
        let text = format!("{nick} {reason}");
        let draft = Draft {
            account: from.account,
            color: from.color,
            ..Draft::new(kind, from.nick, &text)
        };
        append(dirs, room, &draft)?;
    }
    match inbox::send(dirs, room, nick, from, message) {
        // They have lost their connection, and are not waited for any longer.
        Err(SendError::Away) if matches!(message, Message::Kick(_) | Message::Ban(_)) => {
            let person = presence::about(dirs, room, nick)?.person;
            if presence::evict(dirs, room, nick)? {
                let mut log = RoomLog::new(dirs, room);
                log.append_quit(nick.as_str(), person.as_ref(), None)
                    .map_err(io::Error::other)?;
                Bell::open(&dirs.bell(room))?.ring()?;
                log.sync()?;
            }
            Ok(())
        }
        Ok(_) | Err(SendError::NotHere | SendError::Away) => Ok(()),
        Err(error) => Err(io::Error::other(error)),
    }
}

fn append(dirs: &Dirs, room: &RoomName, draft: &Draft<'_>) -> io::Result<()> {
    let mut log = RoomLog::new(dirs, room);
    log.append(draft).map_err(io::Error::other)?;
    Bell::open(&dirs.bell(room))?.ring()?;
    // The writer may be the shell, and nobody else does it after that.
    log.sync()
}
