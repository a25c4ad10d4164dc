//! The rooms that whoever asks may read: all open ones, and the closed ones that they are a member of.

use std::collections::HashMap;
use std::io;

use chat_handler::settings::Settings;
use chat_store::closed;
use chat_store::fs::dirs::Dirs;
use chat_store::log::history::Readable;
use chat_store::moderation::Right;
use chat_store::name::RoomName;
use chat_store::people::person::PersonId;
use chat_store::record::RecordId;
use chat_store::search::listing::{self, Files};
use chat_store::search::{MAX_ROOMS, Place};
use chat_store::state;

use super::super::Request;
use super::super::asker::Asker;
use super::super::found::Found;

/// One of them.
pub(super) struct Room {
    name: RoomName,
    dirs: Dirs,
    since: RecordId,
    person: Option<PersonId>,
    files: Files,
}

impl Room {
    pub(super) fn name(&self) -> &RoomName {
        &self.name
    }

    pub(super) fn packed(&self) -> usize {
        self.files.packed
    }

    pub(super) fn place(&self) -> Place<'_> {
        let log = Readable {
            dirs: &self.dirs,
            room: &self.name,
            since: self.since,
            viewer: self.person.as_ref(),
        };
        Place {
            log,
            bytes: self.files.bytes,
        }
    }
}

/// The one room that was asked for.
pub(super) fn one(found: Found) -> io::Result<Vec<Room>> {
    let files = listing::of(&found.dirs.rooms)?;
    let stem = found.room.file_stem();
    let since = found.since;
    Ok(files
        .get(&stem)
        .map(|&files| Room {
            name: found.room,
            dirs: found.dirs,
            since,
            person: found.person,
            files,
        })
        .into_iter()
        .collect())
}

/// All open ones that `is_theirs`, or the one of them that `wished` means, for a program.
pub(super) fn open(
    settings: &Settings,
    wished: Option<&str>,
    is_theirs: &dyn Fn(&str) -> bool,
) -> io::Result<Vec<Room>> {
    let site = settings.dirs();
    let wished = wished.map(RoomName::parse).transpose();
    // What is no name is no room's.
    let Ok(wished) = wished else {
        return Ok(Vec::new());
    };
    let mut rooms = Vec::new();
    for (stem, files) in listing::of(&site.rooms)? {
        let name = state::name_of(&site, &stem).filter(|name| {
            let is_meant = |wished: &RoomName| wished.key() == name.key();
            wished.as_ref().is_none_or(is_meant) && is_theirs(name.as_str())
        });
        rooms.extend(name.map(|name| Room {
            name,
            dirs: site.clone(),
            since: RecordId::ZERO,
            person: None,
            files,
        }));
    }
    rooms.retain(|room| room.files.bytes > 0 || room.files.packed > 0);
    rooms.sort_unstable_by_key(|room| std::cmp::Reverse(room.files.changed));
    rooms.truncate(MAX_ROOMS);
    Ok(rooms)
}

/// All of them; of too many, those that were written to last.
pub(super) fn all(
    request: &Request,
    settings: &Settings,
    explain: &mut dyn FnMut(&str),
) -> io::Result<Vec<Room>> {
    let site = settings.dirs();
    let asker = Asker::of(request, settings, explain);
    let client = request.client();
    let person = PersonId::of(asker.account(), client.as_deref());
    let mut rooms = Vec::new();
    for (stem, files) in listing::of(&site.rooms)? {
        if let Some(name) = state::name_of(&site, &stem) {
            rooms.push(Room {
                name,
                dirs: site.clone(),
                since: RecordId::ZERO,
                person: person.clone(),
                files,
            });
        }
    }
    if let Some(person) = person {
        for name in closed::all(&site)? {
            rooms.extend(closed_room(&site, name, &person)?);
        }
    }
    rooms.retain(|room| room.files.bytes > 0 || room.files.packed > 0);
    rooms.sort_unstable_by_key(|room| std::cmp::Reverse(room.files.changed));
    rooms.truncate(MAX_ROOMS);
    // Before anything is read there: how long an answer takes says nothing of what they may not read.
    rooms.retain(|room| {
        let at = (&room.name).into();
        asker.may(&room.dirs, at, Right::Read, explain).is_ok()
    });
    Ok(rooms)
}

fn closed_room(site: &Dirs, name: RoomName, person: &PersonId) -> io::Result<Option<Room>> {
    let Some(closed) = closed::find(site, &name)? else {
        return Ok(None);
    };
    let Some(member) = closed.circle.member(person) else {
        return Ok(None);
    };
    let since = if closed.circle.whole_history {
        RecordId::ZERO
    } else {
        member.since
    };
    let files: HashMap<String, Files> = listing::of(&closed.dirs.rooms)?;
    let files = files.get(&name.file_stem()).copied();
    Ok(files.map(|files| Room {
        name,
        dirs: closed.dirs,
        since,
        person: Some(person.clone()),
        files,
    }))
}
