//! `GET rooms`: the rooms, with who is in them, what they are about, how much was said and when.
//!
//! `list=current` (the default): those with people in them, and the described ones.
//! `list=historical`: those with something in their logs, the latest first. `people=1`: only those
//! with people. `q`: part of the name or description. `limit`, `after`: pages, by `next`.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::time::SystemTime;

use serde::Serialize;

use super::{Request, Response};
use chat_handler::identity::token;
use chat_handler::settings::{Permission, Settings};
use chat_store::fs::dirs::Dirs;
use chat_store::name::RoomName;
use chat_store::people::presence;
use chat_store::record::RecordId;
use chat_store::state;

/// Rooms in one answer.
pub(super) const MAX_LIMIT: usize = 500;
const DEFAULT_LIMIT: usize = 100;

#[derive(Clone, Debug, Serialize)]
struct Room {
    name: String,
    people: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    /// Bytes of all its logs.
    size: u64,
    /// When something was last written, as an id.
    #[serde(skip_serializing_if = "Option::is_none")]
    changed: Option<String>,
    #[serde(skip)]
    time: Option<SystemTime>,
}

#[derive(Serialize)]
struct Answer<'a> {
    rooms: &'a [Room],
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

pub(super) fn answer(
    request: &Request,
    settings: &Settings,
    explain: &mut dyn FnMut(&str),
) -> Response {
    listed(request, settings, &|_| true, false, explain)
}

/// Those that `is_theirs`; `[access]` is for people, not for programs.
pub(super) fn listed(
    request: &Request,
    settings: &Settings,
    is_theirs: &dyn Fn(&str) -> bool,
    is_program: bool,
    explain: &mut dyn FnMut(&str),
) -> Response {
    let all = match gather(settings) {
        Ok(all) => all,
        Err(error) => {
            explain(&format!("the rooms cannot be listed: {error}"));
            return Response::error(
                503,
                "storage",
                "the rooms cannot be listed, try again later",
            );
        }
    };
    let mut rooms = choose(all, request);
    let who = token::recognized(settings, &request.visitor, &mut |line| {
        explain(line);
    });
    let address = request.visitor.address.as_str();
    // Where they may not be is nothing to show them.
    rooms.retain(|room| {
        let name = RoomName::parse(&room.name).ok();
        let may_enter = || {
            who.may(settings, Permission::Enter, name.as_ref(), address)
                .allowed
        };
        is_theirs(&room.name) && (is_program || may_enter())
    });
    let limit = request.number("limit", 1..=MAX_LIMIT, DEFAULT_LIMIT);
    let from = request.number("after", 0..=usize::MAX, 0).min(rooms.len());
    let to = rooms.len().min(from.saturating_add(limit));
    let next = (to < rooms.len()).then(|| to.to_string());
    Response::json(&Answer {
        rooms: &rooms[from..to],
        next,
    })
}

fn choose(mut rooms: Vec<Room>, request: &Request) -> Vec<Room> {
    let historical = request.parameter("list") == Some("historical");
    let only_people = request.parameter("people") == Some("1");
    let wanted = request.parameter("q").map(str::to_lowercase);
    rooms.retain(|room| {
        let kind = if historical {
            room.size > 0
        } else {
            room.people > 0 || (room.description.is_some() && !only_people)
        };
        let holds = |text: &str, part: &str| text.to_lowercase().contains(part);
        let found = wanted.as_deref().is_none_or(|part| {
            holds(&room.name, part)
                || room
                    .description
                    .as_deref()
                    .is_some_and(|text| holds(text, part))
        });
        kind && found
    });
    if historical {
        rooms.sort_by(|a, b| b.time.cmp(&a.time).then_with(|| a.name.cmp(&b.name)));
    } else {
        rooms.sort_by(|a, b| b.people.cmp(&a.people).then_with(|| a.name.cmp(&b.name)));
    }
    rooms
}

fn gather(settings: &Settings) -> io::Result<Vec<Room>> {
    let dirs = settings.dirs();
    let mut rooms: HashMap<String, Room> = HashMap::new();
    for (name, description) in &settings.room_descriptions {
        if let Ok(room) = RoomName::parse(name) {
            at(&mut rooms, room.as_str()).description = Some(description.clone());
        }
    }
    for entry in entries(&dirs.rooms)? {
        let file = entry.file_name();
        let Some(room) = file
            .to_str()
            .and_then(stem_of)
            .and_then(|stem| state::name_of(&dirs, stem).map(|room| room.to_string()))
        else {
            continue;
        };
        // A log that logrotate takes away just now is in its new place next time.
        let Ok(found) = entry.metadata() else {
            continue;
        };
        if !found.is_file() || found.len() == 0 {
            continue;
        }
        let room = at(&mut rooms, &room);
        room.size += found.len();
        room.time = room.time.max(found.modified().ok());
    }
    let present = count_people(&dirs)?;
    let by_stem: HashMap<String, String> = rooms
        .keys()
        .filter_map(|name| Some((RoomName::parse(name).ok()?.users_stem(), name.clone())))
        .collect();
    for (stem, people) in present {
        let name = by_stem
            .get(&stem)
            .cloned()
            .or_else(|| state::name_of(&dirs, &stem).map(|room| room.to_string()));
        if let Some(name) = name {
            at(&mut rooms, &name).people = people;
        }
    }
    let mut rooms: Vec<Room> = rooms.into_values().collect();
    for room in &mut rooms {
        room.changed = room.time.map(written);
    }
    Ok(rooms)
}

fn at<'r>(rooms: &'r mut HashMap<String, Room>, name: &str) -> &'r mut Room {
    rooms.entry(name.to_owned()).or_insert_with(|| Room {
        name: name.to_owned(),
        people: 0,
        description: None,
        size: 0,
        changed: None,
        time: None,
    })
}

/// An empty list if the directory is not there yet: nobody has ever entered.
fn entries(dir: &std::path::Path) -> io::Result<Vec<fs::DirEntry>> {
    match fs::read_dir(dir) {
        Ok(entries) => entries.collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// The room's stem in `STEM.log`, or in what logrotate makes of it: `STEM.log.1`, `STEM.log-20261121.gz`.
fn stem_of(file: &str) -> Option<&str> {
    if let Some(stem) = file.strip_suffix(".log") {
        return Some(stem);
    }
    let (stem, rest) = file.rsplit_once(".log")?;
    (rest.starts_with(['.', '-'])).then_some(stem)
}

/// People by their room's stem. None if the directory is not there yet.
fn count_people(dirs: &Dirs) -> io::Result<BTreeMap<String, usize>> {
    match presence::people_by_stem(dirs) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeMap::new()),
        counted => counted,
    }
}

fn written(time: SystemTime) -> String {
    let micros = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
        .as_micros();
    let id = RecordId::from_micros(u64::try_from(micros).unwrap_or_default());
    String::from_utf8_lossy(&id.to_text()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotated_logs_belong_to_their_room() {
        assert_eq!(stem_of("lobby.log"), Some("lobby"));
        assert_eq!(stem_of("lobby.log.1"), Some("lobby"));
        assert_eq!(stem_of("lobby.log.2.gz"), Some("lobby"));
        assert_eq!(stem_of("lobby.log-20261121"), Some("lobby"));
        assert_eq!(stem_of("a.log.1.log"), Some("a.log.1"));
        assert_eq!(stem_of("lobby.logo"), None);
        assert_eq!(stem_of("notes.txt"), None);
    }
}
