//! What moderators may do, from the shell. The handlers hear of it as they hear of each other.

use serde_json::{Value, json};

use super::report::{Report, table};
use super::{Failure, Place, Target, rooms};
use chat_store::bell::Bell;
use chat_store::closed;
use chat_store::fs::dirs::Dirs;
use chat_store::log::room_log::{RedactError, RoomLog};
use chat_store::moderation::{self, Entry, Measure};
use chat_store::name::{Nick, RoomName, SERVER};
use chat_store::people::message::{Message, Sender};
use chat_store::people::presence::{self, About};
use chat_store::record::{Draft, Kind, RecordId};

/// Puts a record into the room's log and rings.
pub(crate) fn tell_all(
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

fn done(text: String, place: &Place, who: &str) -> Report {
    Report::new(
        text,
        json!({ "done": true, "room": place.name(), "nick": who }),
    )
}

fn rooms_of(dirs: &Dirs, place: &Place) -> Result<Vec<RoomName>, Failure> {
    match place {
        Place::Room(room) => Ok(vec![room.clone()]),
        Place::Everywhere => rooms::chosen(dirs, None),
    }
}

/// The rooms in which who is named by the target is, and how they write it.
fn present_in(dirs: &Dirs, target: &Target) -> Result<Vec<(RoomName, Nick)>, Failure> {
    let mut found = Vec::new();
    for room in rooms_of(dirs, &target.room)? {
        let dirs = &closed::dirs_of(dirs, &room);
        if let Some(nick) = target.who.nick() {
            found.extend(present(dirs, &room, nick)?.map(|nick| (room, nick)));
        } else {
            let who = target.who.clone();
            let entry = who.entry(Measure::Ban, About::default(), SERVER);
            found.extend(met(dirs, &room, &entry)?);
        }
    }
    Ok(found)
}

/// Those in a room whom a measure is against.
fn met(dirs: &Dirs, room: &RoomName, entry: &Entry) -> Result<Vec<(RoomName, Nick)>, Failure> {
    let found = moderation::present(dirs, room, entry)?;
    Ok(found
        .into_iter()
        .map(|(nick, _)| (room.clone(), nick))
        .collect())
}

fn announce(
    dirs: &Dirs,
    (room, nick): &(RoomName, Nick),
    record: Option<Kind>,
    reason: &str,
    message: &Message<'_>,
) -> Result<(), Failure> {
    let dirs = &closed::dirs_of(dirs, room);
    let server = Sender::new(SERVER);
    moderation::announce(dirs, room, server, (nick, record), (reason, message))
        .map_err(Failure::refused)
}

pub(super) fn kick(dirs: &Dirs, target: &Target) -> Result<Report, Failure> {
    let (place, reason) = (&target.room, target.reason.join(" "));
    let found = present_in(dirs, target)?;
    let Some((_, nick)) = found.first() else {
        let text = format!("{} is not in the room {}", target.who, place.name());
        return Err(Failure::Missing(text));
    };
    for at in &found {
        let message = Message::Kick(reason.as_str().into());
        announce(dirs, at, Some(Kind::Kick), &reason, &message)?;
    }
    let text = format!("{nick} was thrown out of the room {}", place.name());
    Ok(done(text, place, nick.as_str()))
}

/// The measure that is asked for, against who `found` says that they are.
fn entry(
    dirs: &Dirs,
    measure: Measure,
    asked: &super::Measure,
    found: Option<&(RoomName, Nick)>,
) -> Result<Entry, Failure> {
    let words = asked.target.reason.join(" ");
    let (minutes, reason) = match (asked.minutes, moderation::minutes_and_rest(&words)) {
        _ if asked.for_good => (None, words.as_str()),
        (Some(minutes), _) => (Some(minutes), words.as_str()),
        (None, Some(parsed)) => parsed,
        (None, None) => {
            let text = "a time is more than nothing and less than ten years";
            return Err(Failure::Refused(text.to_owned()));
        }
    };
    let until = minutes.map(|minutes| {
        let micros = u64::from(minutes) * 60_000_000;
        RecordId::from_micros(RecordId::now().as_micros().saturating_add(micros))
    });
    let who = &asked.target.who;
    let about = match (found, &asked.target.room, who.nick()) {
        (Some((room, nick)), ..) => presence::about(dirs, room, nick)?,
        // They have left; what they wrote last tells who they were.
        (None, Place::Room(room), Some(nick)) => moderation::whois(dirs, room, nick)?,
        (None, ..) => About::default(),
    };
    let found = About {
        account: asked.account.clone().or(about.account),
        ..about
    };
    let mut entry = who.clone().entry(measure, found, SERVER);
    if let Some(address) = asked.address {
        entry.address = Some(address);
        entry.guests_only = false;
    }
    Ok(Entry {
        until,
        reason: reason.to_owned(),
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
    moderation::impose(dirs, target.room.extent(), &entry)?;
    let reason = entry.reason.as_str();
    let (record, message) = match measure {
        Measure::Ban => (Some(Kind::Ban), Message::Ban(reason.into())),
        Measure::Mute => (None, Message::Mute(reason.into())),
    };
    for room in rooms_of(dirs, &target.room)? {
        for at in met(dirs, &room, &entry)? {
            announce(dirs, &at, record, reason, &message)?;
        }
    }
    let word = match measure {
        Measure::Ban => "is banned from",
        Measure::Mute => "may not speak in",
    };
    let text = format!("{} {word} the room {}", target.who, target.room.name());
    Ok(done(text, &target.room, &target.who.to_string()))
}

pub(super) fn lift(dirs: &Dirs, measure: Measure, target: &Target) -> Result<Report, Failure> {
    let (place, who) = (&target.room, &target.who);
    if !moderation::lift(dirs, place.extent(), measure, who)? {
        let word = measure.as_str();
        return Err(Failure::Missing(format!(
            "there is no {word} against {who} in {}",
            place.name()
        )));
    }
    let word = match measure {
        Measure::Ban => "may come into",
        Measure::Mute => {
            for at in present_in(dirs, target)? {
                // A notice only: their handler looks at the list before each message.
                announce(dirs, &at, None, "", &Message::Unmute)?;
            }
            "may speak in"
        }
    };
    let text = format!("{who} {word} the room {} again", place.name());
    Ok(done(text, place, &who.to_string()))
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
                entry.target(),
                until.clone().unwrap_or_else(|| "for good".to_owned()),
                entry.account.clone().unwrap_or_else(nothing),
                entry
                    .address
                    .map_or_else(nothing, |address| address.to_string()),
                entry.by.clone(),
                entry.reason.clone(),
            ]);
            values.push(value(place.name(), &entry, until.as_deref()));
        }
    }
    let head = [
        "ROOM", "WHAT", "WHO", "UNTIL", "ACCOUNT", "ADDRESS", "BY", "REASON",
    ];
    Ok(Report::new(table(&head, &rows), json!(values)))
}

fn nothing() -> String {
    "-".to_owned()
}

fn value(room: &str, entry: &Entry, until: Option<&str>) -> Value {
    let address = entry.address.map(|address| address.to_string());
    json!({
        "room": room, "what": entry.measure.as_str(), "who": entry.target(),
        "nick": entry.nick.as_ref().map(Nick::as_str), "guests_only": entry.guests_only,
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
