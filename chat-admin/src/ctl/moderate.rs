//! What moderators may do, from the shell. The handlers hear of it as they hear of each other.

use std::time::Duration;

use serde_json::{Value, json};

use super::report::{Report, table};
use super::{Failure, Target};
use chat_store::bell::Bell;
use chat_store::fs::dirs::Dirs;
use chat_store::log::room_log::{RedactError, RoomLog};
use chat_store::moderation::{self, Entry, Measure};
use chat_store::name::{Nick, RoomName, SERVER};
use chat_store::people::inbox::{self, SendError};
use chat_store::people::message::{Message, Sender};
use chat_store::people::presence;
use chat_store::record::{Draft, Kind, RecordId};

/// Puts a record into the room's log and rings.
pub(super) fn tell_all(
    dirs: &Dirs,
    room: &RoomName,
    draft: &Draft<'_>,
) -> Result<RecordId, Failure> {
    let mut log = RoomLog::new(dirs, room);
    let id = log.append(draft).map_err(Failure::refused)?;
    ring(dirs, room)?;
    // Nobody else does it after this process.
    log.sync()?;
    Ok(id)
}

fn ring(dirs: &Dirs, room: &RoomName) -> Result<(), Failure> {
    Ok(Bell::open(&dirs.bell(room))?.ring()?)
}

/// The person present whose nick looks like this.
fn present(dirs: &Dirs, room: &RoomName, nick: &Nick) -> Result<Option<Nick>, Failure> {
    let key = nick.key();
    let members = presence::list_alive(dirs, room)?;
    Ok(members
        .into_iter()
        .map(|member| member.nick)
        .find(|nick| nick.key() == key))
}

fn send(
    dirs: &Dirs,
    room: &RoomName,
    to: &Nick,
    message: &Message<'_>,
) -> Result<RecordId, SendError> {
    inbox::send(dirs, room, to, Sender::new(SERVER), message)
}

fn reason(target: &Target) -> String {
    target.reason.join(" ")
}

fn done(text: String, room: &RoomName, nick: &Nick) -> Report {
    Report::new(
        text,
        json!({ "done": true, "room": room.as_str(), "nick": nick.as_str() }),
    )
}

pub(super) fn kick(dirs: &Dirs, target: &Target) -> Result<Report, Failure> {
    let (room, reason) = (&target.room, reason(target));
    let missing = || Failure::Missing(format!("{} is not in the room {room}", target.nick));
    let nick = present(dirs, room, &target.nick)?.ok_or_else(missing)?;
    // All are told first, so that nobody sees them quit before it is said why.
    let text = format!("{nick} {reason}");
    tell_all(dirs, room, &Draft::new(Kind::Kick, SERVER, &text))?;
    match send(dirs, room, &nick, &Message::Kick(reason.into())) {
        Ok(_) | Err(SendError::NotHere) => {}
        Err(error) => return Err(Failure::refused(error)),
    }
    Ok(done(
        format!("{nick} was thrown out of the room {room}"),
        room,
        &nick,
    ))
}

pub(super) fn impose(
    dirs: &Dirs,
    measure: Measure,
    asked: &super::Measure,
) -> Result<Report, Failure> {
    let target = &asked.target;
    let (room, reason) = (&target.room, reason(target));
    let length = asked
        .minutes
        .map(|minutes| Duration::from_secs(u64::from(minutes) * 60));
    let until = length.map(|length| {
        let micros = u64::try_from(length.as_micros()).unwrap_or(u64::MAX);
        RecordId::from_micros(RecordId::now().as_micros().saturating_add(micros))
    });
    let entry = Entry {
        measure,
        nick: target.nick.clone(),
        account: asked.account.clone(),
        address: asked.address.map(|address| address.to_string()),
        until,
        by: SERVER.to_owned(),
        reason: reason.clone(),
    };
    moderation::impose(dirs, room, &entry).map_err(Failure::refused)?;
    let word = match measure {
        Measure::Ban => "is banned from",
        Measure::Mute => "may not speak in",
    };
    if let Some(nick) = present(dirs, room, &target.nick)? {
        if measure == Measure::Ban {
            let text = format!("{nick} {reason}");
            tell_all(dirs, room, &Draft::new(Kind::Ban, SERVER, &text))?;
        }
        // If they just left, the measure waits for them.
        let message = match measure {
            Measure::Ban => Message::Ban(reason.into()),
            Measure::Mute => Message::Mute(reason.into()),
        };
        match send(dirs, room, &nick, &message) {
            Ok(_) | Err(SendError::NotHere) => {}
            Err(error) => return Err(Failure::refused(error)),
        }
    }
    Ok(done(
        format!("{} {word} the room {room}", target.nick),
        room,
        &target.nick,
    ))
}

pub(super) fn lift(dirs: &Dirs, measure: Measure, target: &Target) -> Result<Report, Failure> {
    let (room, nick) = (&target.room, &target.nick);
    if !moderation::lift(dirs, room, measure, nick).map_err(Failure::refused)? {
        let word = measure.as_str();
        return Err(Failure::Missing(format!(
            "there is no {word} against {nick} in {room}"
        )));
    }
    let word = match measure {
        Measure::Ban => "may come into",
        Measure::Mute => {
            if let Some(nick) = present(dirs, room, nick)? {
                // A notice only: their handler looks at the list before each message.
                let _ = send(dirs, room, &nick, &Message::Unmute);
            }
            "may speak in"
        }
    };
    Ok(done(
        format!("{nick} {word} the room {room} again"),
        room,
        nick,
    ))
}

pub(super) fn bans(dirs: &Dirs, room: Option<&RoomName>) -> Result<Report, Failure> {
    // A ban may be in force in a room that nobody has written in yet.
    let rooms = match room {
        Some(room) => vec![room.clone()],
        None => moderation::rooms(dirs)?,
    };
    let (mut rows, mut values) = (Vec::new(), Vec::new());
    for room in rooms {
        for entry in moderation::load(dirs, &room)? {
            let until = entry.until.map(|until| until.to_string());
            rows.push(vec![
                room.to_string(),
                entry.measure.as_str().to_owned(),
                entry.nick.to_string(),
                until.clone().unwrap_or_else(|| "for good".to_owned()),
                entry.by.clone(),
                entry.reason.clone(),
            ]);
            values.push(value(&room, &entry, until.as_deref()));
        }
    }
    let head = ["ROOM", "WHAT", "NICK", "UNTIL", "BY", "REASON"];
    Ok(Report::new(table(&head, &rows), json!(values)))
}

fn value(room: &RoomName, entry: &Entry, until: Option<&str>) -> Value {
    json!({
        "room": room.as_str(), "what": entry.measure.as_str(), "nick": entry.nick.as_str(),
        "account": entry.account, "address": entry.address, "until": until, "by": entry.by,
        "reason": entry.reason,
    })
}

pub(super) fn redact(dirs: &Dirs, room: &RoomName, id: RecordId) -> Result<Report, Failure> {
    match RoomLog::new(dirs, room).redact(id, SERVER) {
        Ok(_) => {}
        Err(error @ (RedactError::NotFound | RedactError::NotText)) => {
            return Err(Failure::Missing(error.to_string()));
        }
        Err(error) => return Err(Failure::refused(error)),
    }
    ring(dirs, room)?;
    let value = json!({ "done": true, "room": room.as_str(), "id": id.to_string() });
    Ok(Report::new(
        format!("the message {id} was taken back"),
        value,
    ))
}
