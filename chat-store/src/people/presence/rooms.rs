//! How many people are in which room.

use std::collections::BTreeMap;
use std::io;

use super::fate::{self, Fate};
use crate::fs::dirs::Dirs;
use crate::fs::file;
use crate::name::RoomName;

/// Rooms and how many people they have, the fullest first. Rooms whose name is too long for a
/// file name are known by a hash here and left out, closed rooms are nobody's to count.
///
/// # Errors
/// Those of reading the directory.
pub fn rooms(dirs: &Dirs) -> io::Result<Vec<(String, usize)>> {
    let mut people = BTreeMap::<String, usize>::new();
    for entry in std::fs::read_dir(&dirs.site_users)?.flatten() {
        let name = entry.file_name();
        // Neither a room's name nor a nick holds the character between them.
        let Some((stem, _)) = name.to_str().and_then(|name| name.rsplit_once('_')) else {
            continue;
        };
        let Ok(room) = RoomName::parse(stem) else {
            continue;
        };
        let is_here = || {
            let file = file::open_read(&entry.path()).ok();
            file.is_some_and(|(file, _)| !matches!(fate::look(&file), Ok(Fate::Stale)))
        };
        if room.users_stem() == stem && room.as_str() == stem && is_here() {
            *people.entry(stem.to_owned()).or_default() += 1;
        }
    }
    let mut rooms: Vec<_> = people.into_iter().collect();
    rooms.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    Ok(rooms)
}
