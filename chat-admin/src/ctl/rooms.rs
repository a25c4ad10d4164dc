//! Which rooms there are and who is in them.

use std::io;

use serde_json::json;

use super::report::{Report, table};
use super::{Failure, packed};
use chat_store::closed::{self, Circle};
use chat_store::fs::dirs::Dirs;
use chat_store::log::end;
use chat_store::log::{self, chain};
use chat_store::moderation;
use chat_store::name::RoomName;
use chat_store::people::presence;
use chat_store::record::RecordId;
use chat_store::state;

/// All rooms that have a log, by name; those for some only at the end.
pub(crate) fn all(dirs: &Dirs) -> io::Result<Vec<RoomName>> {
    let open = log::rooms::all(dirs)?;
    Ok(open.into_iter().chain(closed::all(dirs)?).collect())
}

/// One room, or all of them. `Missing` if the one has no log.
pub(super) fn chosen(dirs: &Dirs, room: Option<&RoomName>) -> Result<Vec<RoomName>, Failure> {
    let Some(room) = room else {
        return Ok(all(dirs)?);
    };
    let live = closed::dirs_of(dirs, room).room_log(room);
    if chain::list(&live)?.is_empty() && packed::list(&live)?.is_empty() {
        return Err(Failure::Missing(format!("there is no room {room}")));
    }
    Ok(vec![room.clone()])
}

struct State {
    people: usize,
    bytes: u64,
    last: Option<RecordId>,
}

fn state(dirs: &Dirs, room: &RoomName) -> io::Result<State> {
    let dirs = &closed::dirs_of(dirs, room);
    let live = dirs.room_log(room);
    let files = chain::list(&live)?;
    let mut bytes: u64 = files.iter().map(|file| file.size).sum();
    for path in packed::list(&live)? {
        bytes += std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    }
    let mut last = None;
    for entry in files.iter().rev() {
        if let Some(file) = entry.open()? {
            last = end::look(&file, entry.size, &mut Vec::new())?.last;
        }
        if last.is_some() {
            break;
        }
    }
    Ok(State {
        people: presence::list_alive(dirs, room)?.len(),
        bytes,
        last,
    })
}

pub(super) fn rooms(dirs: &Dirs) -> Result<Report, Failure> {
    let (mut rows, mut values) = (Vec::new(), Vec::new());
    for room in all(dirs)? {
        let State {
            people,
            bytes,
            last,
        } = state(dirs, &room)?;
        let last = last.map(|last| last.to_string());
        let topic = state::topic(&closed::dirs_of(dirs, &room), &room)?;
        let circle = closed::find(dirs, &room)?.map(|closed| closed.circle);
        let mut value = json!({
            "room": room.as_str(), "people": people, "bytes": bytes, "last": last, "topic": topic,
        });
        if let Some(circle) = &circle {
            value["private"] = json!(circle.kind.as_str());
            value["title"] = json!(circle.title);
            value["members"] = json!(circle.members.len());
        }
        values.push(value);
        let last = last.unwrap_or_default();
        rows.push(vec![
            room.to_string(),
            people.to_string(),
            bytes.to_string(),
            last,
            circle.map_or_else(String::new, |circle| private_word(&circle)),
        ]);
    }
    Ok(Report::new(
        table(&["ROOM", "PEOPLE", "BYTES", "LAST", "PRIVATE"], &rows),
        json!(values),
    ))
}

/// What a room for some only is, in the list.
fn private_word(circle: &Circle) -> String {
    let (kind, title) = (circle.kind.as_str(), &circle.title);
    format!("{kind} of {} {title}", circle.members.len())
        .trim_end()
        .to_owned()
}

/// What there is in all rooms together.
pub(crate) struct Totals {
    pub(crate) rooms: usize,
    /// Rooms with people in them.
    pub(crate) busy: usize,
    pub(crate) people: usize,
    pub(crate) bytes: u64,
}

pub(crate) fn totals(dirs: &Dirs) -> io::Result<Totals> {
    let rooms = all(dirs)?;
    let mut totals = Totals {
        rooms: rooms.len(),
        busy: 0,
        people: 0,
        bytes: 0,
    };
    for room in &rooms {
        let state = state(dirs, room)?;
        totals.people += state.people;
        totals.bytes += state.bytes;
        totals.busy += usize::from(state.people > 0);
    }
    Ok(totals)
}

pub(super) fn status(dirs: &Dirs) -> Result<Report, Failure> {
    let Totals {
        rooms,
        busy,
        people,
        bytes,
    } = totals(dirs)?;
    let mut bans = 0;
    for room in moderation::rooms(dirs)? {
        bans += moderation::load(dirs, &room)?.len();
    }
    let text = format!(
        "{rooms} rooms, {busy} with people in them; {people} people; {bytes} bytes of logs; \
         {bans} bans and mutes"
    );
    let value = json!({
        "rooms": rooms, "rooms_with_people": busy, "people": people, "bytes": bytes,
        "bans_and_mutes": bans,
    });
    Ok(Report::new(text, value))
}

pub(super) fn users(dirs: &Dirs, room: Option<&RoomName>) -> Result<Report, Failure> {
    let (mut rows, mut values) = (Vec::new(), Vec::new());
    for room in chosen(dirs, room)? {
        let dirs = &closed::dirs_of(dirs, &room);
        let mut members = presence::list_alive(dirs, &room)?;
        members.sort_by(|a, b| a.nick.cmp(&b.nick));
        for member in members {
            let (nick, color) = (member.nick.as_str(), &*member.color);
            let about = presence::about(dirs, &room, &member.nick)?;
            let mut value = json!({ "room": room.as_str(), "nick": nick, "color": color });
            for (key, known) in [("account", &about.account), ("address", &about.address)] {
                if let Some(known) = known {
                    value[key] = json!(known);
                }
            }
            values.push(value);
            let shown = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
            rows.push(vec![
                room.to_string(),
                nick.to_owned(),
                color.to_owned(),
                shown(about.account),
                shown(about.address),
            ]);
        }
    }
    Ok(Report::new(
        table(&["ROOM", "NICK", "COLOR", "ACCOUNT", "ADDRESS"], &rows),
        json!(values),
    ))
}
