//! Who is in which room: how many people, and in which ones somebody is by an account.

use std::collections::BTreeMap;
use std::io;

use super::fate::{self, Fate};
use super::{about, list_alive};
use crate::closed;
use crate::fs::dirs::Dirs;
use crate::fs::file;
use crate::name::{Nick, RoomName};

/// Rooms and how many people they have, the fullest first. Rooms whose name is too long for a
/// file name are known by a hash here and left out, closed rooms are nobody's to count.
///
/// # Errors
/// Those of reading the directory.
pub fn rooms(dirs: &Dirs) -> io::Result<Vec<(String, usize)>> {
    let is_name = |stem: &str| {
        RoomName::parse(stem).is_ok_and(|room| room.users_stem() == stem && room.as_str() == stem)
    };
    let mut rooms: Vec<_> = people_by_stem(dirs)?
        .into_iter()
        .filter(|(stem, _)| is_name(stem))
        .collect();
    rooms.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    Ok(rooms)
}

/// How many people there are, by what their room is called in file names: also hashes of long names.
///
/// # Errors
/// Those of reading the directory.
pub fn people_by_stem(dirs: &Dirs) -> io::Result<BTreeMap<String, usize>> {
    let mut people = BTreeMap::new();
    for entry in std::fs::read_dir(&dirs.site_users)?.flatten() {
        let name = entry.file_name();
        // Neither a room's name nor a nick holds the character between them.
        let Some((stem, _)) = name.to_str().and_then(|name| name.rsplit_once('_')) else {
            continue;
        };
        let file = file::open_read(&entry.path()).ok();
        let is_here =
            file.is_some_and(|(file, _)| !matches!(fate::look(dirs, &file), Ok(Fate::Stale(_))));
        if !stem.starts_with('.') && is_here {
            *people.entry(stem.to_owned()).or_default() += 1;
        }
    }
    Ok(people)
}

/// Tells each room, closed ones too, in which somebody is by this account; `tell` gets the room's directories and says
/// whether it did. Gives how often that was.
///
/// # Errors
/// Those of reading the presence files, and the first of `tell`.
pub fn tell_rooms_of(
    dirs: &Dirs,
    account: &str,
    tell: &mut dyn FnMut(&Dirs, &RoomName, &Nick) -> io::Result<bool>,
) -> io::Result<usize> {
    let open = rooms(dirs)?;
    let mut all: Vec<_> = open
        .iter()
        .filter_map(|(name, _)| RoomName::parse(name).ok())
        .collect();
    all.extend(closed::all(dirs)?);
    let mut count = 0;
    for room in all {
        let dirs = &closed::dirs_of(dirs, &room);
        for member in list_alive(dirs, &room)? {
            let about = about(dirs, &room, &member.nick)?;
            if about.account.as_deref() == Some(account) {
                count += usize::from(tell(dirs, &room, &member.nick)?);
            }
        }
    }
    Ok(count)
}
