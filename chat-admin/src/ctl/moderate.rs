//! What moderators may do, from the shell. The handlers hear of it as they hear of each other.

use serde_json::{Value, json};

use super::report::{Report, table};
use super::{Failure, Place, Target, rooms};
use chat_store::bell::Bell;
use chat_store::fs::dirs::Dirs;
use chat_store::log::room_log::{RedactError, RoomLog};
use chat_store::moderation::{self, Entry, Measure};
use chat_store::name::{Nick, RoomName, SERVER};
use chat_store::people::inbox::{self, SendError};
use chat_store::people::message::{Message, Sender};
use chat_store::people::presence::{self, About};
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

fn done(text: String, place: &Place, nick: &Nick) -> Report {
    Report::new(
        text,
        json!({ "done": true, "room": place.name(), "nick": nick.as_str() }),
    )
}

/// The rooms in which somebody of this nick is, and how they write it.
fn present_in(dirs: &Dirs, target: &Target) -> Result<Vec<(RoomName, Nick)>, Failure> {
    let rooms = match &target.room {
        Place::Room(room) => vec![room.clone()],
        Place::Everywhere => rooms::chosen(dirs, None)?,
    };
    let mut found = Vec::new();
    for room in rooms {
        if let Some(nick) = present(dirs, &room, &target.nick)? {
            found.push((room, nick));
        }
    }
    Ok(found)
}

/// The record for all, then the message to them, so that nobody sees them quit before it is said why.
fn announce(
    dirs: &Dirs,
    (room, nick): &(RoomName, Nick),
    record: Option<Kind>,
    reason: &str,
    message: &Message<'_>,
) -> Result<(), Failure> {
    if let Some(kind) = record {
        let text = format!("{nick} {reason}");
        tell_all(dirs, room, &Draft::new(kind, SERVER, &text))?;
    }
    match send(dirs, room, nick, message) {
        // They have lost their connection, and are not waited for any longer.
        Err(SendError::Away) if matches!(message, Message::Kick(_) | Message::Ban(_)) => {
            if presence::evict(dirs, room, nick)? {
                tell_all(dirs, room, &Draft::new(Kind::Quit, nick.as_str(), ""))?;
            }
            Ok(())
        }
        // They may just have left by themselves.
        Ok(_) | Err(SendError::NotHere | SendError::Away) => Ok(()),
        Err(error) => Err(Failure::refused(error)),
    }
}

pub(super) fn kick(dirs: &Dirs, target: &Target) -> Result<Report, Failure> {
    let (place, reason) = (&target.room, target.reason.join(" "));
    let found = present_in(dirs, target)?;
    let Some((_, nick)) = found.first() else {
        let text = format!("{} is not in the room {}", target.nick, place.name());
        return Err(Failure::Missing(text));
    };
    for at in &found {
        let message = Message::Kick(reason.as_str().into());
        announce(dirs, at, Some(Kind::Kick), &reason, &message)?;
    }
    let text = format!("{nick} was thrown out of the room {}", place.name());
    Ok(done(text, place, nick))
}

/// The minutes may stand before the reason, as in the room.
fn minutes_and_reason(asked: &super::Measure) -> (Option<u32>, String) {
    let words = &asked.target.reason;
    let first = words.first().and_then(|word| word.parse().ok());
    match (asked.minutes, first.filter(|&minutes| minutes > 0)) {
        (None, Some(minutes)) => (Some(minutes), words[1..].join(" ")),
        (minutes, _) => (minutes, words.join(" ")),
    }
}

/// The measure that is asked for, against who `found` says that they are.
fn entry(
    dirs: &Dirs,
    measure: Measure,
    asked: &super::Measure,
    found: Option<&(RoomName, Nick)>,
) -> Result<Entry, Failure> {
    let (minutes, reason) = minutes_and_reason(asked);
    let until = minutes.map(|minutes| {
        let micros = u64::from(minutes) * 60_000_000;
        RecordId::from_micros(RecordId::now().as_micros().saturating_add(micros))
    });
    let about = match (found, &asked.target.room) {
        (Some((room, nick)), _) => presence::about(dirs, room, nick)?,
        // They have left; what they wrote last tells who they were.
        (None, Place::Room(room)) => moderation::whois(dirs, room, &asked.target.nick)?,
        (None, Place::Everywhere) => About::default(),
    };
    let found = About {
        account: asked.account.clone().or(about.account),
        ..about
    };
    let mut entry = Entry::against(measure, asked.target.nick.clone(), found, SERVER);
    if let Some(address) = asked.address {
        entry.address = Some(address);
        entry.guests_only = false;
    }
    Ok(Entry {
        until,
        reason,
        ..entry
    })
}

pub(super) fn impose(
    dirs: &Dirs,
    measure: Measure,
    asked: &super::Measure,
) -> Result<Report, Failure> {
    let target = &asked.target;
    let found = present_in(dirs, target)?;
    let entry = entry(dirs, measure, asked, found.first())?;
    moderation::impose(dirs, target.room.extent(), &entry).map_err(Failure::refused)?;
    for at in &found {
        let reason = entry.reason.as_str();
        match measure {
            Measure::Ban => {
                let message = Message::Ban(reason.into());
                announce(dirs, at, Some(Kind::Ban), reason, &message)?;
            }
            Measure::Mute => announce(dirs, at, None, reason, &Message::Mute(reason.into()))?,
        }
    }
    let word = match measure {
        Measure::Ban => "is banned from",
        Measure::Mute => "may not speak in",
    };
    let text = format!("{} {word} the room {}", target.nick, target.room.name());
    Ok(done(text, &target.room, &target.nick))
}

pub(super) fn lift(dirs: &Dirs, measure: Measure, target: &Target) -> Result<Report, Failure> {
    let (place, nick) = (&target.room, &target.nick);
    if !moderation::lift(dirs, place.extent(), measure, nick).map_err(Failure::refused)? {
        let word = measure.as_str();
        return Err(Failure::Missing(format!(
            "there is no {word} against {nick} in {}",
            place.name()
        )));
    }
    let word = match measure {
        Measure::Ban => "may come into",
        Measure::Mute => {
            for (room, nick) in present_in(dirs, target)? {
                // A notice only: their handler looks at the list before each message.
                let _ = send(dirs, &room, &nick, &Message::Unmute);
            }
            "may speak in"
        }
    };
    let text = format!("{nick} {word} the room {} again", place.name());
    Ok(done(text, place, nick))
}

pub(super) fn bans(dirs: &Dirs, place: Option<&Place>) -> Result<Report, Failure> {
    // A ban may be in force in a room that nobody has written in yet.
    let places = if let Some(place) = place {
        vec![place.clone()]
    } else {
        let rooms = moderation::rooms(dirs)?.into_iter().map(Place::Room);
        std::iter::once(Place::Everywhere).chain(rooms).collect()
    };
    let (mut rows, mut values) = (Vec::new(), Vec::new());
    for place in places {
        for entry in moderation::load(dirs, place.extent())? {
            let until = entry.until.map(|until| until.to_string());
            rows.push(vec![
                place.name().to_owned(),
                entry.measure.as_str().to_owned(),
                entry.nick.to_string(),
                until.clone().unwrap_or_else(|| "for good".to_owned()),
                entry.by.clone(),
                entry.reason.clone(),
            ]);
            values.push(value(place.name(), &entry, until.as_deref()));
        }
    }
    let head = ["ROOM", "WHAT", "NICK", "UNTIL", "BY", "REASON"];
    Ok(Report::new(table(&head, &rows), json!(values)))
}

fn value(room: &str, entry: &Entry, until: Option<&str>) -> Value {
    let address = entry.address.map(|address| address.to_string());
    json!({
        "room": room, "what": entry.measure.as_str(), "nick": entry.nick.as_str(),
        "account": entry.account, "person": entry.person, "address": address, "until": until, "by": entry.by,
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
