//! What members reported to the moderators, and how slow a room is.

use serde_json::json;

use super::Failure;
use super::moderate::tell_all;
use super::report::{Report, table};
use chat_store::fs::dirs::Dirs;
use chat_store::moderation::reports;
use chat_store::name::{RoomName, SERVER};
use chat_store::record::{Draft, Kind, RecordId};
use chat_store::state;

pub(super) fn list(dirs: &Dirs, room: Option<&RoomName>) -> Result<Report, Failure> {
    let rooms = match room {
        Some(room) => vec![room.clone()],
        None => reports::rooms(dirs)?,
    };
    let (mut rows, mut values) = (Vec::new(), Vec::new());
    for room in rooms {
        for report in reports::list(dirs, &room)? {
            let (id, message) = (
                report.id.to_string(),
                report.message.map(|id| id.to_string()),
            );
            values.push(json!({
                "room": room.as_str(), "id": id, "by": report.by, "known_as": report.known_as, "about": report.about,
                "account": report.account, "person": report.person, "message": message, "reason": report.reason,
            }));
            let known = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
            rows.push(vec![
                room.to_string(),
                id,
                report.by,
                report.about,
                known(report.account),
                known(message),
                report.reason,
            ]);
        }
    }
    let head = ["ROOM", "ID", "BY", "ABOUT", "ACCOUNT", "MESSAGE", "REASON"];
    Ok(Report::new(table(&head, &rows), json!(values)))
}

pub(super) fn resolve(dirs: &Dirs, room: &RoomName, id: RecordId) -> Result<Report, Failure> {
    if !reports::resolve(dirs, room, id).map_err(Failure::refused)? {
        return Err(Failure::Missing(format!(
            "there is no report {id} in {room}"
        )));
    }
    let value = json!({ "done": true, "room": room.as_str(), "id": id.to_string() });
    Ok(Report::new(
        format!("the report {id} is off the list"),
        value,
    ))
}

pub(super) fn slow(dirs: &Dirs, room: &RoomName, seconds: Option<u32>) -> Result<Report, Failure> {
    if let Some(seconds) = seconds {
        if dirs.cluster.is_none() {
            state::set_slow(dirs, room, seconds)?;
        }
        tell_all(
            dirs,
            room,
            &Draft::new(Kind::Slow, SERVER, &seconds.to_string()),
        )?;
    }
    let seconds = state::slow(dirs, room)?;
    let text = match seconds {
        0 => format!("the room {room} is not slow"),
        seconds => format!("a member of the room {room} says something each {seconds} seconds"),
    };
    let value = json!({ "room": room.as_str(), "seconds": seconds });
    Ok(Report::new(text, value))
}
