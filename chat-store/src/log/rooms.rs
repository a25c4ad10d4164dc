//! Which rooms there are, and which of them is meant: rooms whose names look alike are one.

use std::collections::BTreeSet;
use std::io;

use super::chain;
use crate::fs::dirs::Dirs;
use crate::moves;
use crate::name::RoomName;
use crate::state;

/// All rooms that have a log, by name. None if the directory is not there yet: nobody has ever entered.
///
/// # Errors
/// Those of reading the directory.
pub fn all(dirs: &Dirs) -> io::Result<BTreeSet<RoomName>> {
    let entries = match std::fs::read_dir(&dirs.rooms) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
        Err(error) => {
            let text = format!("{}: {error}", dirs.rooms.display());
            return Err(io::Error::new(error.kind(), text));
        }
        Ok(entries) => entries,
    };
    let mut rooms = BTreeSet::new();
    for entry in entries {
        let name = entry?.file_name();
        let stem = name.to_str().and_then(|name| name.strip_suffix(".log"));
        rooms.extend(stem.and_then(|stem| state::name_of(dirs, stem)));
    }
    Ok(rooms)
}

/// Whether the room has a log. One that logrotate has renamed is about to be made again, by logrotate.
///
/// # Errors
/// Those of reading the directory.
pub fn exists(dirs: &Dirs, room: &RoomName) -> io::Result<bool> {
    let live = dirs.room_log(room);
    Ok(live.exists() || !chain::list(&live)?.is_empty())
}

/// The room that `wished` means: itself if it is there, else the one that looks like it, of those that
/// the administrator `described` before others; else itself, which is to be made.
///
/// # Errors
/// Those of reading the directory.
pub fn meant(dirs: &Dirs, wished: &RoomName, described: &[RoomName]) -> io::Result<RoomName> {
    if exists(dirs, wished)? {
        return Ok(wished.clone());
    }
    let key = wished.key();
    let lobby = RoomName::lobby();
    let known = described.iter().chain([&lobby]);
    if let Some(room) = known.into_iter().find(|room| room.key() == key) {
        return Ok(room.clone());
    }
    let mut rooms = all(dirs)?.into_iter().chain(moves::names(dirs)?);
    let alike = rooms.find(|room| room.key() == key);
    Ok(alike.unwrap_or_else(|| wished.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rooms_that_look_alike_are_one() {
        let home = tempfile::tempdir().unwrap();
        let dirs = Dirs::under(home.path());
        dirs.create().unwrap();
        let room = |name| RoomName::parse(name).unwrap();
        let long = "Ä".repeat(64);
        for name in ["Kino", "ПРИВЕТ", &long] {
            crate::log::room_log::RoomLog::new(&dirs, &room(name));
            std::fs::write(dirs.room_log(&room(name)), "").unwrap();
        }
        let described = [room("Tea-room")];
        let meant = |name| meant(&dirs, &room(name), &described).unwrap().to_string();
        assert_eq!(meant("kino"), "Kino");
        assert_eq!(meant("Кinо"), "Kino");
        assert_eq!(meant("привет"), "ПРИВЕТ");
        let small = "ä".repeat(64);
        assert_eq!(meant(&small), long);
        assert_eq!(meant("TEA-ROOM"), "Tea-room");
        assert_eq!(meant("Lobby"), "lobby");
        assert_eq!(meant("cinema"), "cinema");
        // Two that are there already stay two.
        std::fs::write(dirs.room_log(&room("kino")), "").unwrap();
        assert_eq!(
            (meant("kino"), meant("Kino")),
            ("kino".into(), "Kino".into())
        );
    }
}
